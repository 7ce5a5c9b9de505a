import { Lazy } from 'aws-cdk-lib';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Declaration } from '../../functions/contract/strategy.ts';
import { secretArnForPolicy } from '../grants/secret-arn-for-policy.ts';
import { durationText } from './duration-text.ts';
import type { ManageOptions } from './manage-options.ts';
import { Strategy } from './strategy.ts';

/**
 * What the deployment says of each secret, for the definition of the rotation, which has room for many: statemachine/decisions/0007
 * says why there. The tags decide; CreateSecret refuses those that say otherwise.
 */
export class DeclaredSettings {
  private readonly entries: string[] = [];

  add(secret: ISecret, options: ManageOptions): void {
    const { name, adminSecret } = options.strategy ?? Strategy.singleUser();
    this.entries.push(
      literal({
        secret: quoted(secretArnForPolicy(secret)),
        strategy: quoted(name),
        ...(adminSecret ? { adminSecret: quoted(secretArnForPolicy(adminSecret)) } : {}),
        ...(options.retirementPolicy ? { retirementPolicy: quoted(options.retirementPolicy) } : {}),
        ...(options.grace ? { graceSeconds: durationText(options.grace) } : {}),
      }),
    );
  }

  /** A list in JSONata, of all secrets that are added until the synthesis. */
  asText(): string {
    return Lazy.string({ produce: () => `[${this.entries.join(', ')}]` });
  }
}

/** Neither an ARN nor a name of a secret, a strategy or a policy has a quote or a backslash. */
const quoted = (text: string): string => `'${text}'`;

/** What a secret is declared to be, in JSONata. */
export const literal = (declared: { readonly [Key in keyof Declaration]?: string }): string =>
  `{${Object.entries(declared)
    .map(([key, value]) => `'${key}': ${value}`)
    .join(', ')}}`;
