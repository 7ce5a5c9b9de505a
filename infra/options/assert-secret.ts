import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { ConfigurationError } from './configuration-error.ts';

/**
 * `cluster.secret!` is undefined where CDK did not make the secret, and JavaScript hands that on.
 *
 * @throws ConfigurationError that says where to get one
 */
export const assertSecret = (secret: ISecret | undefined, taker: string): void => {
  if (secret !== undefined) return;
  throw new ConfigurationError(
    `${taker} got no secret, but undefined: a cluster has the property secret only if CDK made that secret (masterUser without a password); import yours by Secret.fromSecretCompleteArn`,
  );
};
