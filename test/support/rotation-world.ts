import type { RetirementPolicy, Strategy } from '../../functions/contract/strategy.ts';
import { PROVEN_TAG, USER_TAG } from '../../functions/contract/tags.ts';
import type { Role } from '../../functions/database/database.ts';
import type { NamedFor } from '../../functions/recover-secret/named-by-deployment.ts';
import type { Clock } from '../../functions/runtime/clock.ts';
import { asPaired, asProven } from '../../functions/secret/proven.ts';
import { firstOfPair } from '../../functions/secret/user-pair.ts';
import { FakeClock } from './fake-clock.ts';
import { InMemoryClusters } from './in-memory-clusters.ts';
import { CLUSTER, InMemoryDatabase, PORT, READ_WRITE, ROOT } from './in-memory-database.ts';
import { InMemorySecretStore, newPassword } from './in-memory-secret-store.ts';
import {
  endProblems,
  firstHolders,
  leaks,
  momentProblems,
  powerProblems,
  restoredProblems,
  type Snapshot,
  type View,
} from './invariants.ts';

export const SECRET = 'shop/app';
export const ADMIN_SECRET = 'shop/admin';

export interface WorldOptions {
  readonly strategy?: Strategy;
  readonly retirementPolicy?: RetirementPolicy;
  /** The user of AWSCURRENT. */
  readonly username?: string;
  /** The roles of that user. */
  readonly roles?: readonly Role[];
  /** Whether a second secret with the power over users is there and named. */
  readonly admin?: boolean;
  /** What an earlier rotation left as AWSPREVIOUS; without it the secret was never rotated. */
  readonly previous?: {
    readonly username: string;
    /** `absent`: the user does not exist any more; `locked`: it has another password. */
    readonly state: 'logs in' | 'locked' | 'absent';
    readonly roles?: readonly Role[];
  };
  /** Whether this project rotated the secret before, and recorded it: by default if there is an AWSPREVIOUS. */
  readonly proven?: boolean;
  /** AWSPENDING as Secrets Manager leaves it after a success: on AWSCURRENT. */
  readonly pendingOnCurrent?: boolean;
  /** The cluster that the deployment allows to reset this secret's user through. */
  readonly cluster?: string | undefined;
  /** The user that the deployment allows to reset through the admin secret. */
  readonly resettableUser?: string | undefined;
  /** One that only jumps by default. */
  readonly clock?: Clock;
}

type Credential = Readonly<Record<'username' | 'password', string>>;

/** One secret, its database, and perhaps the admin secret; the start of a rotation. */
export class RotationWorld implements View {
  readonly store = new InMemorySecretStore();
  readonly database = new InMemoryDatabase();
  readonly clusters = new InMemoryClusters(this.database);
  readonly clock: Clock;
  /** What executions were started with, by their ARNs. */
  readonly executions = new Map<string, unknown>();
  readonly secretArn: string;
  readonly current: string;
  readonly previous: string | undefined;
  /** How it stood when the rotation began. */
  before: Snapshot;
  readonly isPair: boolean;
  readonly others = ['root'];
  /** What the deployment allowed. */
  readonly clusterOf: NamedFor;
  readonly userOf: NamedFor;
  /** By the text of the version. */
  readonly #credentials = new Map<string, Credential | undefined>();

  constructor(options: WorldOptions = {}) {
    const { strategy = 'single-user', username = 'app', roles = READ_WRITE, previous } = options;
    this.clock = options.clock ?? new FakeClock();
    this.isPair = strategy !== 'single-user';
    this.secretArn = this.store.addSecret(SECRET, tagsOf(options));
    this.clusterOf = (arn) => (arn === this.secretArn ? options.cluster : undefined);
    this.userOf = (arn) => (arn === this.secretArn ? options.resettableUser : undefined);
    if (options.admin) this.#addAdmin();
    this.previous = previous === undefined ? undefined : this.#addPrevious(previous, username, roles);
    const password = this.#newPassword();
    this.database.addUser(username, password, roles);
    const labels = options.pendingOnCurrent ? ['AWSCURRENT', 'AWSPENDING'] : ['AWSCURRENT'];
    this.current = this.store.addVersion(SECRET, labels, secretText({ username, password }));
    if (options.proven ?? previous !== undefined) {
      this.store.setTag(SECRET, PROVEN_TAG, this.#record());
      this.store.setTag(SECRET, USER_TAG, firstOfPair(username));
    }
    this.before = this.snapshot();
  }

  /** What a rotation that succeeded left in the tag. */
  #record(): string {
    const ids = [this.current, ...(this.previous === undefined ? [] : [this.previous])];
    return ids.flatMap(this.isPair ? asPaired : asProven).join(' ');
  }

  #addAdmin(): void {
    const password = this.#newPassword();
    this.store.addSecret(ADMIN_SECRET);
    this.store.addVersion(ADMIN_SECRET, ['AWSCURRENT'], secretText({ username: 'root', password }));
    this.database.addUser('root', password, ROOT, true);
  }

  #addPrevious(
    { username, state, roles }: NonNullable<WorldOptions['previous']>,
    currentUser: string,
    currentRoles: readonly Role[],
  ): string {
    const password = this.#newPassword();
    if (username !== currentUser && state !== 'absent') {
      this.database.addUser(
        username,
        state === 'logs in' ? password : this.#newPassword(),
        roles ?? currentRoles,
      );
    }
    return this.store.addVersion(SECRET, ['AWSPREVIOUS'], secretText({ username, password }));
  }

  #newPassword(): string {
    const password = newPassword();
    this.store.passwords.push(password);
    return password;
  }

  /** RotateSecret: Secrets Manager makes the version and puts AWSPENDING on it, from wherever that was. */
  beginRotation(): { token: string; rotationToken: string } {
    const rotation = this.store.beginRotation(SECRET);
    const { AWSPENDING: _, ...labels } = this.before.labels;
    this.before = { ...this.before, labels };
    return rotation;
  }

  snapshot(): Snapshot {
    const users = this.database.usernames().map((name) => [name, this.database.user(name)?.roles ?? []]);
    return {
      labels: this.store.labels(SECRET),
      logsIn: firstHolders(this.store.versionIds(SECRET), (version) => this.credentialOf(version)).filter(
        (version) => this.logsIn(version),
      ),
      users: Object.fromEntries(users),
    };
  }

  credentialOf(version: string): Credential | undefined {
    const text = this.store.valueOf(SECRET, version) ?? 'null';
    // Asked after every call.
    if (!this.#credentials.has(text)) this.#credentials.set(text, credentialIn(text));
    return this.#credentials.get(text);
  }

  logsIn(version: string | undefined): boolean {
    const credential = version === undefined ? undefined : this.credentialOf(version);
    return credential !== undefined && this.database.accepts(credential);
  }

  usernameOf(version: string): string | undefined {
    return this.credentialOf(version)?.username;
  }

  logsInEverywhere(version: string | undefined): boolean {
    const credential = version === undefined ? undefined : this.credentialOf(version);
    return credential !== undefined && this.database.acceptsEverywhere(credential);
  }

  /** To be asked after every call. */
  momentProblems(): string[] {
    return momentProblems(this, { labels: this.store.labels(SECRET) });
  }

  endProblems(): string[] {
    return endProblems(this);
  }

  /** Not to be asked where a process died at a login: that connection dies with it. */
  connectionProblems(): string[] {
    return this.database.open === 0 ? [] : [`${this.database.open} connections are left open`];
  }

  restoredProblems(): string[] {
    return restoredProblems(this, this.before);
  }

  powerProblems(): string[] {
    return powerProblems(this, this.before);
  }

  leaks(seen: unknown): string[] {
    return leaks(this.store.passwords, seen);
  }
}

/** None in a marker, which carries the lock alone, nor in a value that people have broken. */
const credentialIn = (text: string): Credential | undefined => {
  try {
    const value = JSON.parse(text);
    return value?.username === undefined ? undefined : value;
  } catch {
    return undefined;
  }
};

const tagsOf = ({ strategy, retirementPolicy, admin }: WorldOptions): Record<string, string> => ({
  ...(strategy === undefined ? {} : { 'docdb-rotation:strategy': strategy }),
  ...(retirementPolicy === undefined ? {} : { 'docdb-rotation:retirement-policy': retirementPolicy }),
  ...(admin ? { 'docdb-rotation:admin-secret': ADMIN_SECRET } : {}),
});

/** A version's text as AWS documents it, with a key that only the user knows. */
export const secretText = (keys: Record<string, unknown>): string =>
  JSON.stringify({ engine: 'mongo', host: CLUSTER, port: PORT, ssl: true, team: 'shop', ...keys });
