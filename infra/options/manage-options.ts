import type { Duration } from 'aws-cdk-lib';
import type { IDatabaseCluster } from 'aws-cdk-lib/aws-docdb';
import type { Schedule } from 'aws-cdk-lib/aws-events';
import type { RetirementPolicy } from './retirement-policy.ts';
import type { Strategy } from './strategy.ts';

/** How one secret is rotated. */
export interface ManageOptions {
  /** @default Strategy.singleUser() */
  readonly strategy?: Strategy;
  /**
   * When Secrets Manager rotates the secret.
   *
   * @default Schedule.rate(Duration.days(30))
   */
  readonly schedule?: Schedule;
  /**
   * Whether the first rotation starts with the deployment.
   *
   * @default false - a deployment only verifies the secret, so that it breaks no application
   */
  readonly rotateImmediately?: boolean;
  /**
   * What becomes of the user that a rotation replaced.
   *
   * @default - `lock` for an admin clone, otherwise `keep`
   */
  readonly retirementPolicy?: RetirementPolicy;
  /**
   * The cluster whose primary user's secret this is, by its construct or its identifier. It allows a recovery that a
   * person starts with `"resetThroughCluster": true` to have AWS set that user's password, when no version of the
   * secret logs in any more (break glass).
   *
   * @default - no recovery may do that
   */
  readonly resetThroughCluster?: IDatabaseCluster | string;
  /**
   * The name of the secret's user in the database; of a pair, of either. It allows a recovery that an operator starts with
   * `"resetThroughAdmin": true` to set that user's password through the admin secret, when no version of the secret logs in any
   * more (break glass). A user that may change users is never reset this way.
   *
   * @default - no recovery may do that
   */
  readonly resetThroughAdmin?: string;
  /**
   * How long after a rotation the replaced user stays as it is, up to 364 days.
   *
   * @default Duration.hours(1)
   */
  readonly grace?: Duration;
}
