/** What a server may say of a user's credentials, and what only makes an answer long. */
const LEFT_OUT =
  /^(credentials|salt|iterationCount|storedKey|serverKey|payload|signature|keyId|\$clusterTime|operationTime|speculativeAuthenticate)$/;

/** A server may answer with all its connections. */
const LONGEST_LIST = 40;
const LONGEST_TEXT = 600;

/** A server's answer as it may leave the prober: plain JSON, of bounded length, without passwords and what is made of them. */
export const withoutSecrets = (value: unknown, passwords: ReadonlySet<string>, depth = 0): unknown => {
  if (typeof value === 'string') return clean(value, passwords);
  if (typeof value === 'bigint') return Number(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth > 6) return '…';
  if (Array.isArray(value))
    return value.slice(0, LONGEST_LIST).map((each) => withoutSecrets(each, passwords, depth + 1));
  // Dates, ids and numbers of BSON tell themselves.
  if (Object.getPrototypeOf(value) !== Object.prototype) return clean(String(value), passwords);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !LEFT_OUT.test(key))
      .map(([key, each]) => [key, withoutSecrets(each, passwords, depth + 1)]),
  );
};

/** The same of a text. A password of three characters is no secret: it is one that breaks a rule. */
export const clean = (text: string, passwords: ReadonlySet<string>): string => {
  let cleaned = text;
  for (const password of passwords)
    if (password.length >= 6) cleaned = cleaned.replaceAll(password, '(a password)');
  return cleaned.slice(0, LONGEST_TEXT);
};
