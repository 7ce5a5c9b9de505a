/** What a deployment named for a secret, a cluster or a user; undefined if it named none. */
export type NamedFor = (secretArn: string) => string | undefined;

/**
 * What a deployment allowed, by the ARN of the secret. A deployment that knows a secret by its name only writes
 * question marks for the six characters that Secrets Manager appended, as in a policy; no name has such a character.
 */
export const namedByDeployment =
  (allowed: Readonly<Record<string, string>>): NamedFor =>
  (secretArn) =>
    Object.entries(allowed).find(([pattern]) => fits(pattern, secretArn))?.[1];

const fits = (pattern: string, arn: string): boolean =>
  pattern.length === arn.length &&
  [...pattern].every((character, index) => character === '?' || character === arn[index]);
