/** What stands at the end of a key that holds a user's name, in small letters and without separators: `dbUser`, `DOCDB_USERNAME`. */
const USER_WORD = /(user|login)(name)?$/;

const PASSWORD_WORD = /(password|passwd|passphrase|pass|pwd|secret)$/;

/**
 * Whether a key of an object looks like the name of the user whose password the secret holds. One with a password of its own beside
 * it, as `postgresUser` with `postgresPassword`, is of another credential, which no rotation of this one changes.
 *
 * @param passwordKey the key of the secret's own password, if it is in this object
 */
export const isUserKey = (
  key: string,
  object: Readonly<Record<string, unknown>>,
  passwordKey: string | undefined,
): boolean => {
  const stem = stemOf(key, USER_WORD);
  if (stem === undefined) return false;
  return !Object.keys(object).some((other) => other !== passwordKey && stemOf(other, PASSWORD_WORD) === stem);
};

const stemOf = (key: string, word: RegExp): string | undefined => {
  const plain = key.toLowerCase().replace(/[^a-z0-9]/g, '');
  return word.test(plain) ? plain.replace(word, '') : undefined;
};
