import type { Role } from '../../functions/database/database.ts';

/*
 * What has to hold, in one place: at every moment, at the end, and after a failure. A way to look at a secret and its database
 * (in memory, or from outside at what is deployed) is an adapter; what is judged is the same.
 */

/** What a person could see, to be compared with what they see later. */
export interface Snapshot {
  readonly labels: Readonly<Record<string, string>>;
  /** Which credentials log in, of all that the secret ever held: each by the first version that held it. */
  readonly logsIn: readonly string[];
  readonly users: Readonly<Record<string, readonly Role[]>>;
}

/** One secret and its database, as an adapter shows them. */
export interface View {
  readonly isPair: boolean;
  snapshot(): Snapshot;
  /** Whether the credential of a version logs in where changes are made. */
  logsIn(version: string | undefined): boolean;
  logsInEverywhere(version: string | undefined): boolean;
  /** The user whom a version is for; undefined for a version without a credential. */
  usernameOf(version: string): string | undefined;
}

export const STAGES = ['AWSCURRENT', 'AWSPENDING', 'AWSPREVIOUS'] as const;
const OWNER = 'docdb-rotation-owner';
/** It stays, and says nothing. */
const CLAIM = 'docdb-rotation-claim';

/** Invariant 1, and 5 for a pair: to be asked after every call. */
export const momentProblems = (
  view: View,
  { labels }: Pick<Snapshot, 'labels'> = view.snapshot(),
): string[] => {
  const holders = [...STAGES, OWNER].map((label) => labels[label]);
  return [
    ...(holders.some((version) => view.logsIn(version)) ? [] : ['invariant 1: no labelled version logs in']),
    ...(view.isPair && !view.logsIn(labels.AWSCURRENT) ? ['invariant 5: AWSCURRENT does not log in'] : []),
  ];
};

/** Invariants 2 and 3, and that no label of an execution's own is left. */
export const endProblems = (view: View): string[] => {
  const { labels } = view.snapshot();
  return [
    ...(view.logsInEverywhere(labels.AWSCURRENT)
      ? []
      : ['invariant 2: AWSCURRENT does not log in everywhere']),
    ...(isDangling(labels) ? ['invariant 3: AWSPENDING dangles'] : []),
    ...Object.keys(labels)
      .filter((label) => label !== CLAIM && !STAGES.some((stage) => stage === label))
      .map((label) => `a label of its own is left: ${label.slice(0, 15)}…`),
  ];
};

const isDangling = ({ AWSPENDING, AWSCURRENT }: Snapshot['labels']): boolean =>
  AWSPENDING !== undefined && AWSPENDING !== AWSCURRENT;

/** Invariant 4. */
export const restoredProblems = (view: View, before: Snapshot): string[] => {
  const after = view.snapshot();
  return [
    ...differs('labels', meaningful(before.labels), meaningful(after.labels)),
    ...differs('who can log in', before.logsIn, after.logsIn),
    ...differs('users and roles', before.users, after.users),
  ];
};

/** AWSPENDING on AWSCURRENT says the same as no AWSPENDING: nobody is working on the secret. */
const meaningful = ({ AWSPENDING, [CLAIM]: _, ...labels }: Snapshot['labels']): Snapshot['labels'] =>
  AWSPENDING === undefined || AWSPENDING === labels.AWSCURRENT ? labels : { AWSPENDING, ...labels };

const differs = (what: string, before: unknown, after: unknown): string[] => {
  const [one, other] = [JSON.stringify(before), JSON.stringify(after)];
  return one === other ? [] : [`invariant 4: ${what} differ: ${one} before, ${other} after`];
};

/** Invariant 8: nobody can log in who could not, or with more than before. */
export const powerProblems = (view: View, before: Snapshot): string[] => {
  const after = view.snapshot();
  const gained = after.logsIn.filter((version) => !before.logsIn.includes(version));
  return [
    ...gained.map((version) => `invariant 8: "${view.usernameOf(version)}" can log in since this run`),
    ...after.logsIn.flatMap((version) => newRoles(view.usernameOf(version) ?? '', before, after)),
  ];
};

const newRoles = (username: string, before: Snapshot, after: Snapshot): string[] => {
  const had = (before.users[username] ?? []).map(nameOf);
  const more = (after.users[username] ?? []).map(nameOf).filter((role) => !had.includes(role));
  return more.map((role) => `invariant 8: "${username}" has got the role ${role}`);
};

/**
 * Invariant 8, at the end of whatever happened: each user that a pair may have either logs in by a version with a label, or has
 * no power that counts.
 *
 * @param others users that the secret is not for
 */
export const orphanProblems = (view: View, others: readonly string[]): string[] => {
  const { labels, users, logsIn } = view.snapshot();
  const labelled = STAGES.map((label) => labels[label]).filter((version) => version !== undefined);
  return Object.keys(users)
    .filter((username) => !others.includes(username))
    .filter((username) => !labelled.some((version) => view.usernameOf(version) === username))
    .filter((username) => (users[username] ?? []).length > 0)
    .map((username) => {
      const unlabelled = logsIn.some((version) => view.usernameOf(version) === username);
      return `invariant 8: "${username}" is held by no label${unlabelled ? ', and logs in' : ''}`;
    });
};

/** Invariant 6. */
export const leaks = (passwords: readonly string[], seen: unknown): string[] => {
  const text = typeof seen === 'string' ? seen : JSON.stringify(seen);
  return passwords.some((password) => text.includes(password)) ? ['invariant 6: a password can be seen'] : [];
};

const nameOf = ({ role, db }: Role): string => `${role}@${db}`;
