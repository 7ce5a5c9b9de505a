import { CfnRotationSchedule, type ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct, IConstruct } from 'constructs';
import { ConfigurationError } from './configuration-error.ts';
import { identityOf, idsOf } from './names-of-secret.ts';
import { secretResource } from './secret-tags.ts';

/** Which rotation manages a secret, of each app. */
const CLAIMS = new WeakMap<IConstruct, Map<unknown, string>>();

/**
 * Sees to it that a secret gets one rotation schedule: of two, the one that is deployed last would win.
 *
 * Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-secretsmanager-rotationschedule.html
 */
export class SingleSchedule {
  private readonly rotation: Construct;

  constructor(rotation: Construct) {
    this.rotation = rotation;
  }

  /** @throws ConfigurationError if the secret is managed already, by this rotation or another one of the app */
  claim(secret: ISecret): void {
    const { root, path } = this.rotation.node;
    const claims = CLAIMS.get(root) ?? new Map<unknown, string>();
    CLAIMS.set(root, claims);
    const identity = identityOf(secret);
    const by = claims.get(identity);
    if (by === path)
      throw new ConfigurationError(`${secret.node.path} is managed already: call manage() once`);
    if (by !== undefined) {
      throw new ConfigurationError(
        `${secret.node.path} is managed by ${by} already, but may have one rotation schedule: call manage() of one of the two`,
      );
    }
    claims.set(identity, path);
    // What the app adds to the secret later is seen too.
    this.rotation.node.addValidation({ validate: () => this.othersOf(secret) });
  }

  private othersOf(secret: ISecret): string[] {
    const { root, path } = this.rotation.node;
    const ids = idsOf(secret);
    const owner = secretResource(secret)?.node.scope ?? secret;
    const others = root.node
      .findAll()
      .filter((each) => each instanceof CfnRotationSchedule && !each.node.path.startsWith(`${path}/`))
      .filter(
        (each) => each.node.scopes.includes(owner) || ids.includes((each as CfnRotationSchedule).secretId),
      );
    return others.map(
      (other) =>
        `${owner.node.path} is rotated by ${path} and by ${other.node.path}, but may have one rotation schedule: leave out addRotationSchedule, addRotationSingleUser, addRotationMultiUser or RotationSchedule`,
    );
  }
}
