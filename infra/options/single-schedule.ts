import { CfnRotationSchedule, type ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { secretResource } from './secret-tags.ts';

/**
 * Sees to it that a secret gets one rotation schedule: of two, the one that is deployed last would win.
 *
 * Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-secretsmanager-rotationschedule.html
 */
export class SingleSchedule {
  private readonly rotation: Construct;
  private readonly known = new Set<unknown>();

  constructor(rotation: Construct) {
    this.rotation = rotation;
  }

  /** @throws Error if the secret is known already */
  claim(secret: ISecret): void {
    const resource = secretResource(secret);
    const identity = resource ?? secret.secretArn;
    if (this.known.has(identity))
      throw new Error(`${secret.node.path} is managed already: call manage() once`);
    this.known.add(identity);
    // What the app adds to the secret later is seen too.
    this.rotation.node.addValidation({ validate: () => this.othersOf(resource?.node.scope ?? secret) });
  }

  private othersOf({ node }: Construct | ISecret): string[] {
    const others = node.findAll().filter((child) => child instanceof CfnRotationSchedule);
    return others.map(
      (other) =>
        `${node.path} is rotated by ${this.rotation.node.path} and by ${other.node.path}, but may have one rotation schedule: leave out addRotationSchedule, addRotationSingleUser or addRotationMultiUser`,
    );
  }
}
