import { randomBytes, randomInt } from 'node:crypto';

/** Of a user whose password only the prober has. */
interface KnownUser {
  own: string;
  old?: string;
}

/** Letters and digits alone keep every rule of DocumentDB and every encoding. */
const LONG_ENOUGH = 32;

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

export type NewPassword = (length?: number, odd?: string) => string;

/** @param odd characters that the database may refuse, to be in it */
export const newPassword = (length = LONG_ENOUGH, odd = ''): string => {
  const plain = Array.from({ length: Math.max(0, length - odd.length) }, () =>
    ALPHABET.charAt(randomInt(ALPHABET.length)),
  );
  return `${plain.join('')}${odd}`.slice(0, length);
};

/** The users of one script, by the names that it gives them. */
export class KnownUsers {
  readonly #users = new Map<string, KnownUser>();
  readonly #names = new Map<string, string>();
  /** Every password there was, to be kept out of what is told. */
  readonly passwords = new Set<string>();
  /** So that two scripts at once do not meet. */
  readonly #suffix = randomBytes(3).toString('hex');

  readonly #newPassword: NewPassword;

  constructor(makePassword: NewPassword = newPassword) {
    this.#newPassword = makePassword;
  }

  /** A user who is in a secret. */
  add(name: string, username: string, password: string): void {
    this.#names.set(name, username);
    this.#users.set(name, { own: this.#remember(password) });
  }

  /** What the database calls a user of the script. */
  username(name: string): string {
    return this.#names.get(name) ?? `kit_${name}_${this.#suffix}`;
  }

  /** Whether the script made a user up: no secret knows it. */
  isMadeUp(username: string): boolean {
    return ![...this.#names.values()].includes(username);
  }

  /** A password for a command. A new one is the user's only once `took` is called. */
  propose(name: string, length?: number, odd?: string): { password: string; took: () => void } {
    const password = this.#remember(this.#newPassword(length, odd));
    const took = () => {
      const old = this.#users.get(name)?.own;
      this.#users.set(name, { own: password, ...(old === undefined ? {} : { old }) });
    };
    return { password, took };
  }

  password(name: string, which: 'own' | 'old' | 'wrong'): string {
    const user = this.#users.get(name);
    // Who was never made has no password either: any will do to be refused.
    if (which === 'wrong' || user === undefined) return this.#remember(this.#newPassword());
    return (which === 'old' ? user.old : user.own) ?? this.#remember(this.#newPassword());
  }

  #remember(password: string): string {
    if (password.length > 0) this.passwords.add(password);
    return password;
  }
}
