import { fitsArn } from '../secret/secret-arn.ts';

/** What a deployment named for a secret, a cluster or a user; undefined if it named none. */
export type NamedFor = (secretArn: string) => string | undefined;

/** What a deployment allowed, by the ARN of the secret. */
export const namedByDeployment =
  (allowed: Readonly<Record<string, string>>): NamedFor =>
  (secretArn) =>
    Object.entries(allowed).find(([pattern]) => fitsArn(pattern, secretArn))?.[1];
