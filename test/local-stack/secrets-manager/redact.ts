const SECRET_KEYS = new Set(['SecretString', 'SecretBinary', 'RotationToken']);

/** A request's input as others may see it: without the value and the token that permits writing it. */
export const redact = (input: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(input).filter(([key]) => !SECRET_KEYS.has(key)));
