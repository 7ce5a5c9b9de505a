/** Behind a secret's name Secrets Manager appends a hyphen and six characters to make its ARN. */
const SUFFIX_LENGTH = 7;

/**
 * Whether an ARN is the one that a deployment wrote. A deployment that knows a secret by its name only writes question
 * marks for the six characters that Secrets Manager appended, as in a policy; no name has such a character.
 */
export const fitsArn = (pattern: string, arn: string): boolean =>
  pattern.length === arn.length &&
  [...pattern].every((character, index) => character === '?' || character === arn[index]);

/** Whether a tag means the secret of such an ARN: by the ARN, by the ARN without what was appended, or by the name. */
export const meansSecret = (pattern: string, nameOrArn: string): boolean => {
  const short = pattern.slice(0, -SUFFIX_LENGTH);
  return fitsArn(pattern, nameOrArn) || nameOrArn === short || short.endsWith(`:secret:${nameOrArn}`);
};
