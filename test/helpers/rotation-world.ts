import type { NamedFor } from '../../functions/recover-secret/named-by-deployment.ts';
import type { Role } from '../../functions/shared/ports.ts';
import { PROVEN_TAG } from '../../functions/shared/proven.ts';
import type { Predecessor, Strategy } from '../../functions/shared/strategy.ts';
import { FakeClock } from './fake-clock.ts';
import { InMemoryClusters } from './in-memory-clusters.ts';
import { CLUSTER, InMemoryDatabase, PORT, READ_WRITE, ROOT } from './in-memory-database.ts';
import { InMemorySecretStore, newPassword } from './in-memory-secret-store.ts';

export const SECRET = 'shop/app';
export const ADMIN_SECRET = 'shop/admin';

const STAGES = ['AWSCURRENT', 'AWSPENDING', 'AWSPREVIOUS'] as const;

/** It stays, and says nothing. */
const CLAIM = 'docdb-rotation-claim';

export interface WorldOptions {
  readonly strategy?: Strategy;
  readonly predecessor?: Predecessor;
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
}

/** What a person could see, to be compared with what they see later. */
export interface Snapshot {
  readonly labels: Readonly<Record<string, string>>;
  /** Which credentials log in, of all that the secret ever held: each by the first version that held it. */
  readonly logsIn: readonly string[];
  readonly users: Readonly<Record<string, readonly Role[]>>;
}

/** One secret, its database, and perhaps the admin secret; the start of a rotation. */
export class RotationWorld {
  readonly store = new InMemorySecretStore();
  readonly database = new InMemoryDatabase();
  readonly clusters = new InMemoryClusters(this.database);
  readonly clock = new FakeClock();
  /** What executions were started with, by their ARNs. */
  readonly executions = new Map<string, unknown>();
  readonly secretArn: string;
  readonly current: string;
  readonly previous: string | undefined;
  /** How it stood when the rotation began. */
  before: Snapshot;
  readonly isPair: boolean;
  /** What the deployment allowed. */
  readonly clusterOf: NamedFor;
  readonly userOf: NamedFor;

  constructor(options: WorldOptions = {}) {
    const { strategy = 'single-user', username = 'app', roles = READ_WRITE, previous } = options;
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
    if (options.proven ?? previous !== undefined)
      this.store.setTag(SECRET, PROVEN_TAG, [this.current, this.previous ?? ''].join(' ').trim());
    this.before = this.snapshot();
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
      logsIn: this.#firstHolders().filter((version) => this.logsIn(version)),
      users: Object.fromEntries(users),
    };
  }

  /** A rollback's version is a copy: it holds no credential that was not there before. */
  #firstHolders(): string[] {
    const byCredential = new Map<string, string>();
    for (const version of this.store.versionIds(SECRET)) {
      const { username, password } = this.credentialOf(version) ?? {};
      const credential = JSON.stringify([username, password]);
      if (!byCredential.has(credential)) byCredential.set(credential, version);
    }
    return [...byCredential.values()];
  }

  credentialOf(version: string): { username: string; password: string } | undefined {
    const text = this.store.valueOf(SECRET, version);
    const value = text === undefined ? undefined : JSON.parse(text);
    // A marker carries the lock, and no credential.
    return value?.username === undefined ? undefined : value;
  }

  logsIn(version: string | undefined): boolean {
    const credential = version === undefined ? undefined : this.credentialOf(version);
    return credential !== undefined && this.database.accepts(credential);
  }

  /** Invariant 1, and 5 for a pair: to be asked after every call. */
  momentProblems(): string[] {
    const holders = [...STAGES, 'docdb-rotation-owner'].map((label) => this.store.holder(SECRET, label));
    const [current] = holders;
    return [
      ...(holders.some((version) => this.logsIn(version))
        ? []
        : ['invariant 1: no labelled version logs in']),
      ...(this.isPair && !this.logsIn(current) ? ['invariant 5: AWSCURRENT does not log in'] : []),
    ];
  }

  /** Invariants 2 and 3, and that no label of an execution's own is left. */
  endProblems(): string[] {
    const { labels } = this.snapshot();
    const credential = this.credentialOf(labels.AWSCURRENT ?? '');
    const everywhere = credential !== undefined && this.database.acceptsEverywhere(credential);
    const dangling = labels.AWSPENDING !== undefined && labels.AWSPENDING !== labels.AWSCURRENT;
    return [
      ...(everywhere ? [] : ['invariant 2: AWSCURRENT does not log in everywhere']),
      ...(dangling ? ['invariant 3: AWSPENDING dangles'] : []),
      ...Object.keys(labels)
        .filter((label) => label !== CLAIM && !STAGES.some((stage) => stage === label))
        .map((label) => `a label of its own is left: ${label.slice(0, 15)}…`),
    ];
  }

  /** Not to be asked where a process died at a login: that connection dies with it. */
  connectionProblems(): string[] {
    return this.database.open === 0 ? [] : [`${this.database.open} connections are left open`];
  }

  /** Invariant 4. */
  restoredProblems(): string[] {
    const after = this.snapshot();
    return [
      ...differs('labels', meaningful(this.before.labels), meaningful(after.labels)),
      ...differs('who can log in', this.before.logsIn, after.logsIn),
      ...differs('users and roles', this.before.users, after.users),
    ];
  }

  /** Invariant 8: nobody can log in who could not, or with more than before. */
  powerProblems(): string[] {
    const after = this.snapshot();
    const gained = after.logsIn.filter((version) => !this.before.logsIn.includes(version));
    return [
      ...gained.map(
        (version) => `invariant 8: "${this.credentialOf(version)?.username}" can log in since this run`,
      ),
      ...after.logsIn.flatMap((version) => this.#newRoles(this.credentialOf(version)?.username ?? '', after)),
    ];
  }

  #newRoles(username: string, { users }: Snapshot): string[] {
    const before = (this.before.users[username] ?? []).map(nameOf);
    const more = (users[username] ?? []).map(nameOf).filter((role) => !before.includes(role));
    return more.map((role) => `invariant 8: "${username}" has got the role ${role}`);
  }

  /** Invariant 6. */
  leaks(seen: unknown): string[] {
    const text = typeof seen === 'string' ? seen : JSON.stringify(seen);
    return this.store.passwords.some((password) => text.includes(password))
      ? ['invariant 6: a password can be seen']
      : [];
  }
}

const nameOf = ({ role, db }: Role): string => `${role}@${db}`;

/** AWSPENDING on AWSCURRENT says the same as no AWSPENDING: nobody holds the lock. */
const meaningful = ({ AWSPENDING, [CLAIM]: _, ...labels }: Snapshot['labels']): Snapshot['labels'] =>
  AWSPENDING === undefined || AWSPENDING === labels.AWSCURRENT ? labels : { AWSPENDING, ...labels };

const differs = (what: string, before: unknown, after: unknown): string[] => {
  const [one, other] = [JSON.stringify(before), JSON.stringify(after)];
  return one === other ? [] : [`invariant 4: ${what} differ: ${one} before, ${other} after`];
};

const tagsOf = ({ strategy, predecessor, admin }: WorldOptions): Record<string, string> => ({
  ...(strategy === undefined ? {} : { 'docdb-rotation:strategy': strategy }),
  ...(predecessor === undefined ? {} : { 'docdb-rotation:predecessor': predecessor }),
  ...(admin ? { 'docdb-rotation:admin-secret': ADMIN_SECRET } : {}),
});

/** A version's text as AWS documents it, with a key that only the user knows. */
export const secretText = (keys: Record<string, unknown>): string =>
  JSON.stringify({ engine: 'mongo', host: CLUSTER, port: PORT, ssl: true, team: 'shop', ...keys });
