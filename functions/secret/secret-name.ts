/**
 * The name of a secret, for people: its ARN ends with the name and six characters more.
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html
 */
export const nameIn = (secretArn: string): string => /:secret:(.+)-\w{6}$/.exec(secretArn)?.[1] ?? secretArn;
