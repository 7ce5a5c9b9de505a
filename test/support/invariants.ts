import type { Role } from '../../functions/database/database.ts';
import { formsOf } from '../security/leaks.ts';

/*
 * What has to hold, in one place: at every moment, at the end, and after a failure. A way to look at a secret and its database
 * is an adapter: RotationWorld in memory, deployed-world.ts at what is deployed. What is judged is the same. What only one test can
 * know, as which states an execution came through, is its own.
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
  /** Users whom the secret is not for: its admin's. */
  readonly others: readonly string[];
  snapshot(): Snapshot;
  /** Whether the credential of a version logs in where changes are made. */
  logsIn(version: string | undefined): boolean;
  logsInEverywhere(version: string | undefined): boolean;
  /** The user whom a version is for; undefined for a version without a credential. */
  usernameOf(version: string): string | undefined;
}

/** A rollback's version is a copy: it holds no credential that was not there before. */
export const firstHolders = (
  versions: Iterable<string>,
  credentialOf: (version: string) => { readonly username: string; readonly password: string } | undefined,
): string[] => {
  const byCredential = new Map<string, string>();
  for (const version of versions) {
    const { username, password } = credentialOf(version) ?? {};
    const credential = JSON.stringify([username, password]);
    if (!byCredential.has(credential)) byCredential.set(credential, version);
  }
  return [...byCredential.values()];
};

export const STAGES = ['AWSCURRENT', 'AWSPENDING', 'AWSPREVIOUS'] as const;
/** Names the execution that has the lock. Only one that needs an operator leaves it behind. */
export const OWNER = 'docdb-rotation-owner';
/** It stays on the version that was written last, and says nothing. */
const CLAIM = 'docdb-rotation-claim';

/** Of these labels one is on a version that logs in, at every moment. The owner's keeps a version on record while its execution runs. */
export const mustLogIn = ({ isPair }: Pick<View, 'isPair'>): readonly string[] =>
  isPair ? ['AWSCURRENT'] : [...STAGES, OWNER];

/** Invariant 1, and 5 for a pair: to be asked after every call. */
export const momentProblems = (
  view: View,
  { labels }: Pick<Snapshot, 'labels'> = view.snapshot(),
): string[] => {
  if (mustLogIn(view).some((label) => view.logsIn(labels[label]))) return [];
  return [
    view.isPair ? 'invariant 5: AWSCURRENT does not log in' : 'invariant 1: no labelled version logs in',
  ];
};

/** Invariants 2 and 3, and that no label of an execution's own is left. */
export const endProblems = (view: View): string[] => {
  const { labels } = view.snapshot();
  return [
    ...currentProblems(view),
    ...(isDangling(labels) ? [`invariant 3: AWSPENDING dangles on ${labels.AWSPENDING}`] : []),
    ...ownLabels(labels).map((label) => `a label of its own is left: ${label} on ${labels[label]}`),
  ];
};

/** Invariant 2. */
export const currentProblems = (view: View): string[] =>
  view.logsInEverywhere(view.snapshot().labels.AWSCURRENT)
    ? []
    : ['invariant 2: AWSCURRENT does not log in on every instance'];

const isDangling = ({ AWSPENDING, AWSCURRENT }: Snapshot['labels']): boolean =>
  AWSPENDING !== undefined && AWSPENDING !== AWSCURRENT;

/** Labels that an execution puts on a version for its own use, those from before 0.2 among them. */
export const ownLabels = (labels: Snapshot['labels']): string[] =>
  Object.keys(labels).filter((label) => label !== CLAIM && !STAGES.some((stage) => stage === label));

/** What an execution, or the recovery that followed it, has left behind. */
export type Aftermath =
  /** AWSCURRENT is on another version, which logs in. */
  | 'rotated'
  /** All is as it was. */
  | 'restored'
  /** Either: whichever version logged in. */
  | 'recovered';

/** All that must hold when nothing goes on any more, and nothing was left to the operators. */
export const aftermathProblems = (view: View, before: Snapshot, aftermath: Aftermath): string[] => {
  const { AWSCURRENT, AWSPREVIOUS } = view.snapshot().labels;
  const moved = AWSCURRENT !== before.labels.AWSCURRENT;
  const follows = AWSPREVIOUS === before.labels.AWSCURRENT;
  return [
    ...endProblems(view),
    ...(aftermath === 'restored' ? restoredProblems(view, before) : []),
    ...(aftermath === 'rotated' && !moved ? ['it succeeded, but AWSCURRENT did not move'] : []),
    ...(aftermath !== 'restored' && moved && !follows ? ['AWSPREVIOUS is not what AWSCURRENT was'] : []),
    ...powerProblems(view, before),
    ...orphanProblems(view),
  ];
};

/** Invariant 4. */
export const restoredProblems = (view: View, before: Snapshot): string[] => {
  const after = view.snapshot();
  return [
    ...differs('labels', meaningful(before.labels), meaningful(after.labels)),
    ...without(before.logsIn, after.logsIn).map(
      (version) => `invariant 4: version ${version} does not log in any more`,
    ),
    ...without(after.logsIn, before.logsIn).map(
      (version) => `invariant 4: version ${version} logs in, and did not before`,
    ),
    ...differs('users and roles', before.users, after.users),
  ];
};

/** AWSPENDING on AWSCURRENT says the same as no AWSPENDING: nobody is working on the secret. */
const meaningful = ({ AWSPENDING, [CLAIM]: _, ...labels }: Snapshot['labels']): Snapshot['labels'] =>
  AWSPENDING === undefined || AWSPENDING === labels.AWSCURRENT ? labels : { AWSPENDING, ...labels };

const differs = (what: string, before: object, after: object): string[] => {
  const [one, other] = [before, after].map((each) => JSON.stringify(Object.entries(each).sort()));
  return one === other ? [] : [`invariant 4: ${what} differ: ${one} before, ${other} after`];
};

const without = (all: readonly string[], those: readonly string[]): string[] =>
  all.filter((each) => !those.includes(each));

/** Invariant 8: nobody can log in who could not, or with more than before, but the user of a version that was promoted. */
export const powerProblems = (view: View, before: Snapshot): string[] => {
  const after = view.snapshot();
  const { AWSCURRENT = '' } = after.labels;
  const promoted = AWSCURRENT === before.labels.AWSCURRENT ? undefined : view.usernameOf(AWSCURRENT);
  const replaced = view.usernameOf(before.labels.AWSCURRENT ?? '') ?? '';
  const gained = without(after.logsIn, [...before.logsIn, ...(promoted === undefined ? [] : [AWSCURRENT])]);
  const users = new Set(after.logsIn.flatMap((version) => view.usernameOf(version) ?? []));
  return [
    ...gained.map((version) => `invariant 8: "${view.usernameOf(version)}" can log in since this run`),
    ...[...users].flatMap((user) =>
      user === promoted
        ? roleProblems(user, before.users[replaced], after.users[user])
        : gainedRoles(user, before.users[user], after.users[user]),
    ),
  ];
};

/** The user of AWSCURRENT has just the roles that it should have. */
export const roleProblems = (
  username: string,
  expected: readonly Role[] | undefined,
  roles: readonly Role[] | undefined,
): string[] => [
  ...gainedRoles(username, expected, roles),
  ...without(namesOf(expected), namesOf(roles)).map(
    (role) => `invariant 8: "${username}" lacks the role ${role}`,
  ),
];

export const gainedRoles = (
  username: string,
  had: readonly Role[] | undefined,
  roles: readonly Role[] | undefined,
): string[] =>
  without(namesOf(roles), namesOf(had)).map((role) => `invariant 8: "${username}" has got the role ${role}`);

const namesOf = (roles: readonly Role[] | undefined): string[] =>
  (roles ?? []).map(({ role, db }) => `${role}@${db}`);

/**
 * Invariant 8, at the end of whatever happened: each user that a pair may have either logs in by a version with a label, or has
 * no power that counts.
 */
export const orphanProblems = (view: View): string[] => {
  const { labels, users, logsIn } = view.snapshot();
  const labelled = STAGES.map((label) => labels[label]).filter((version) => version !== undefined);
  return Object.keys(users)
    .filter((username) => !view.others.includes(username))
    .filter((username) => !labelled.some((version) => view.usernameOf(version) === username))
    .filter((username) => (users[username] ?? []).length > 0)
    .map((username) => {
      const unlabelled = logsIn.some((version) => view.usernameOf(version) === username);
      return `invariant 8: "${username}" is held by no label${unlabelled ? ', and logs in' : ''}`;
    });
};

/** Invariant 6. The number only: a message with the password would be one more place where it is written. */
export const leaks = (passwords: Iterable<string>, seen: unknown): string[] => {
  const text = typeof seen === 'string' ? seen : JSON.stringify(seen);
  const found = [...passwords].filter((password) => formsOf(password).some((form) => text.includes(form)));
  return found.length === 0 ? [] : [`invariant 6: ${found.length} passwords can be seen`];
};
