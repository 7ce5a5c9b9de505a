import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';

/** Names one secret in a policy, its random suffix too where only the name is known. */
export const secretArnForPolicy = (secret: ISecret): string =>
  secret.secretFullArn ?? `${secret.secretArn}-??????`;
