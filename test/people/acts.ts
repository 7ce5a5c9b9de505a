import { newPassword } from '../support/in-memory-secret-store.ts';
import type { End, Keys, Person, Place } from './any-person.ts';

/** What someone does by hand, and what the execution that they start then comes to. */
export interface Act {
  readonly name: string;
  readonly place: Place;
  readonly run: (person: Person) => Promise<End>;
  /** Its outcome, or its error. */
  readonly ends: string;
  /** What the cause says; `…` stands for anything. Of a success, what holds then. */
  readonly says: string;
  /** What is not so after a success. */
  readonly problem?: (person: Person, end: End) => Promise<string | undefined>;
  /** Whether something is left to who wrote it by hand: an AWSCURRENT that does not log in, or an AWSPENDING. */
  readonly leaves?: boolean;
  /** Whether it can be known only some time later: another answer may come. */
  readonly waits?: boolean;
}

const SINGLE: Place = { rotations: 2 };
const PAIR: Place = { strategy: 'alternating-users', rotations: 2 };
const PAIR_AND_ADMIN: Place = { ...PAIR, ownAdminSecret: true };
const SINGLE_AND_ADMIN: Place = { ...SINGLE, ownAdminSecret: true };
const ADMIN: Place = { strategy: 'admin-clone', rotations: 2 };

const change = async (person: Person, keys: Keys): Promise<void> => {
  await person.write(JSON.stringify({ ...JSON.parse(await person.text()), ...keys }));
};
/** Who reads the secret is to be another user from now on. */
const moveToAnother = async (person: Person): Promise<void> => {
  const moved = { username: `${person.user}2`, password: newPassword() };
  await person.createUser(moved.username, moved.password);
  await change(person, moved);
};
const edit = (person: Person): Promise<void> => change(person, { note: 'edited by hand' });
const mistypePassword = (person: Person): Promise<void> => change(person, { password: newPassword() });
const mistypeHost = (person: Person): Promise<void> => change(person, { host: 'no-such-cluster.invalid' });
const addComma = async (person: Person): Promise<void> =>
  await person.write((await person.text()).replace(/\}$/, ',}'));

/** What a program does that keeps its own copy: it writes what was there before. */
const synchronize = async (person: Person, text: string): Promise<void> => await person.write(text);

const rotate = (person: Person): Promise<End> => person.rotate();
const verify = (person: Person): Promise<End> => person.rotate({ mode: 'verify' });
const revert = (person: Person): Promise<End> => person.rotate({ mode: 'revert' });
const recover = (person: Person): Promise<End> => person.recover();

/** Some acts, and then an execution. */
const after =
  (execution: (person: Person) => Promise<End>, ...acts: ((person: Person) => unknown)[]) =>
  async (person: Person): Promise<End> => {
    for (const act of acts) await act(person);
    return await execution(person);
  };

/** What was written by hand is in AWSCURRENT still. */
const isEditKept = async (person: Person): Promise<string | undefined> =>
  JSON.parse(await person.text()).note === 'edited by hand' ? undefined : 'the edit is lost';

/** The next rotations succeed, one after the other: of a pair the other user and back. */
const rotatesOn = async (person: Person): Promise<string | undefined> => {
  for (const _turn of [1, 2]) {
    const { status, cause } = await person.rotate();
    if (status !== 'SUCCEEDED') return cause ?? 'it does not rotate any more';
  }
  return undefined;
};

const all =
  (...checks: NonNullable<Act['problem']>[]): NonNullable<Act['problem']> =>
  async (person, end) => {
    for (const check of checks) {
      const problem = await check(person, end);
      if (problem !== undefined) return problem;
    }
    return undefined;
  };

const isUser =
  (choose: (person: Person) => string): NonNullable<Act['problem']> =>
  async (person) => {
    const { username } = JSON.parse(await person.text());
    return username === choose(person) ? undefined : `AWSCURRENT is for "${username}"`;
  };

/** The output says which user is left behind, and how it is retired. */
const isLeft: NonNullable<Act['problem']> = async ({ otherUser }, { output }) =>
  (output as Keys).leftBehind === otherUser ? undefined : `no word of "${otherUser}"`;

const success = (
  name: string,
  place: Place,
  ends: string,
  run: Act['run'],
  says = 'AWSCURRENT logs in, and the next rotations succeed',
  problem: NonNullable<Act['problem']> = async () => undefined,
): Act => ({ name, place, ends, run, says, problem: all(problem, rotatesOn) });

const LEFT = { leaves: true };

const refusal = (
  name: string,
  place: Place,
  ends: string,
  says: string,
  run: Act['run'],
  left: Pick<Act, 'leaves' | 'waits'> = {},
): Act => ({ name, place, ends, says, run, ...left });

const KEPT = 'the edit is kept, and the next rotations succeed';
const NOT_SEEN =
  'AWSCURRENT of … (version …) does not log in, and was never seen to: a rotation would take over what else it says; go back to AWSPREVIOUS ("mode": "revert"), or put the right value into the secret';

const ANOTHER_USER =
  'AWSCURRENT of … is for the user "…", and the secret for "…", as the tag docdb-rotation:user says: no power is lent to anyone else; put the right value into the secret, or take that tag off if the secret is for "…" from now on';

export const ACTS: readonly Act[] = [
  // Values that are written.
  success('edit another key, rotate', SINGLE, 'rotated', after(rotate, edit), KEPT, isEditKept),
  success('edit another key twice, rotate', SINGLE, 'rotated', after(rotate, edit, edit), KEPT, isEditKept),
  success('edit another key of a pair, rotate', PAIR, 'rotated', after(rotate, edit), KEPT, isEditKept),
  success(
    'edit another key of a pair twice, rotate',
    PAIR,
    'rotated',
    after(rotate, edit, edit),
    KEPT,
    isEditKept,
  ),
  success('edit another key of an admin, rotate', ADMIN, 'rotated', after(rotate, edit), KEPT, isEditKept),
  refusal(
    'mistype the password, rotate',
    SINGLE,
    'UntrustedVersionError',
    NOT_SEEN,
    after(rotate, mistypePassword),
    LEFT,
  ),
  refusal(
    'mistype the password, verify',
    SINGLE,
    'CredentialNotPropagatedError',
    '"…" is refused on …: a wrong password, or one that has not arrived there yet',
    after(verify, mistypePassword),
    { leaves: true, waits: true },
  ),
  success('mistype the password, revert', SINGLE, 'reverted', after(revert, mistypePassword)),
  success('mistype the password, recover', SINGLE, 'recovered', after(recover, mistypePassword)),
  refusal(
    'mistype the password twice, rotate',
    SINGLE,
    'NoUsableCredentialsError',
    'no labelled version of … logs in as "…" at …; an older version may: start the recovery machine, which tries those that are proven, and with "resetThroughAdmin": true sets the password where the deployment allows it; or put the right password into the secret',
    after(rotate, mistypePassword, mistypePassword),
    LEFT,
  ),
  success(
    'mistype the password twice, recover',
    SINGLE,
    'recovered',
    after(recover, mistypePassword, mistypePassword),
  ),
  success('mistype the password of a pair, revert', PAIR, 'reverted', after(revert, mistypePassword)),
  refusal(
    'mistype the host, rotate',
    SINGLE,
    'UntrustedVersionError',
    'nothing was asked there; put the right host into the secret',
    after(rotate, mistypeHost),
    LEFT,
  ),
  success('mistype the host, revert', SINGLE, 'reverted', after(revert, mistypeHost)),
  success('mistype the host, recover', SINGLE, 'recovered', after(recover, mistypeHost)),
  success('mistype the host of a pair, revert', PAIR, 'reverted', after(revert, mistypeHost)),
  success('mistype the host of an admin, revert', ADMIN, 'reverted', after(revert, mistypeHost)),
  success('leave a comma, revert', SINGLE, 'reverted', after(revert, addComma)),
  success('leave a comma, recover', SINGLE, 'recovered', after(recover, addComma)),
  success('leave a comma in a pair’s value, recover', PAIR, 'recovered', after(recover, addComma)),
  success(
    'save it with a byte order mark, revert',
    SINGLE,
    'reverted',
    after(revert, async (person) => person.write(`\uFEFF${await person.text()}`)),
  ),
  success(
    'put the port into the host, recover',
    SINGLE,
    'recovered',
    after(recover, (person) => change(person, { host: `${person.host}:27017` })),
  ),
  success(
    'write another port, revert',
    SINGLE,
    'reverted',
    after(revert, (person) => change(person, { port: 9 })),
  ),
  refusal(
    'a program writes AWSPREVIOUS’s value again, rotate',
    SINGLE,
    'UntrustedVersionError',
    NOT_SEEN,
    after(rotate, async (person) => synchronize(person, await person.text('AWSPREVIOUS'))),
    LEFT,
  ),
  success('a program writes an old value twice, recover', SINGLE, 'recovered', async (person) => {
    const old = await person.text('AWSPREVIOUS');
    for (const note of [1, 2]) await synchronize(person, JSON.stringify({ ...JSON.parse(old), note }));
    return await recover(person);
  }),
  // Labels that are moved.
  success('move AWSCURRENT to the version of before, rotate', SINGLE, 'rotated', async (person) => {
    const { AWSCURRENT: from = '', AWSPREVIOUS: to = '' } = await person.labels();
    await person.move('AWSCURRENT', { from, to });
    return await rotate(person);
  }),
  refusal(
    'write a value as AWSPENDING, rotate',
    SINGLE,
    'RotationInProgressError',
    'another execution or another tool has AWSPENDING (version …) of …; wait for its end, or start the recovery machine for this secret if it is stuck',
    after(rotate, async (person) => person.write(await person.text(), 'AWSPENDING')),
    LEFT,
  ),
  success(
    'write a value as AWSPENDING, recover',
    SINGLE,
    'recovered',
    after(recover, async (person) => person.write(await person.text(), 'AWSPENDING')),
  ),
  success('revert twice', SINGLE, 'reverted', after(revert, revert)),
  refusal(
    'revert what was never rotated',
    {},
    'NothingToRevertError',
    '… has no AWSPREVIOUS to go back to',
    revert,
  ),
  refusal(
    'write a value for another user of the cluster, rotate',
    SINGLE_AND_ADMIN,
    'UntrustedVersionError',
    ANOTHER_USER,
    after(rotate, moveToAnother),
    LEFT,
  ),
  refusal(
    'write a value for another user of the cluster, rotate a pair',
    PAIR,
    'UntrustedVersionError',
    ANOTHER_USER,
    after(rotate, moveToAnother),
    LEFT,
  ),
  ...[SINGLE_AND_ADMIN, PAIR].map((place) =>
    success(
      `write a value for another user of the cluster, revert${place === PAIR ? ' a pair' : ''}`,
      place,
      'reverted',
      after(revert, rotate, moveToAnother),
    ),
  ),
  success(
    'write a value for another user, and take the tag `docdb-rotation:user` off, rotate a pair',
    PAIR,
    'rotated',
    after(rotate, moveToAnother, (person) => person.untag('docdb-rotation:user')),
    'the new user and its `…_clone` take turns; those of before stay as they are',
    isUser((person) => `${person.user}2_clone`),
  ),
  // The database.
  refusal(
    'change the password in the database, rotate',
    SINGLE,
    'NoUsableCredentialsError',
    'no labelled version of … logs in as "…" at …; an older version may: start the recovery machine, which tries those that are proven, and with "resetThroughAdmin": true sets the password where the deployment allows it; or put the right password into the secret',
    after(rotate, (person) => person.setPassword(person.user, newPassword())),
    LEFT,
  ),
  success(
    'change the password in the database and in the secret, rotate',
    SINGLE,
    'rotated',
    async (person) => {
      const password = newPassword();
      await person.setPassword(person.user, password);
      await change(person, { password });
      return await rotate(person);
    },
  ),
  success(
    'restore the cluster from a snapshot of before the rotation, rotate',
    SINGLE,
    'rotated',
    async (person) => {
      const { username, password } = JSON.parse(await person.text('AWSPREVIOUS'));
      await person.setPassword(username, password);
      return await rotate(person);
    },
  ),
  refusal(
    'drop the user, rotate',
    SINGLE,
    'UserNotFoundError',
    'the user "…" of … does not exist at …; create it, or correct the secret',
    after(rotate, (person) => person.dropUser(person.user)),
    LEFT,
  ),
  success(
    'drop the other user of a pair, rotate',
    PAIR,
    'rotated',
    after(rotate, (person) => person.dropUser(person.otherUser)),
    'it is made anew, with the same roles',
  ),
  refusal(
    'make a user of the pair’s other name, rotate',
    { strategy: 'alternating-users' },
    'UserNameTakenError',
    '… would take turns with "…", but a user of that name exists at …, and no proven version is for it. If it is someone else\'s, rename one of them or use the strategy single-user; if it is this secret\'s own, drop it',
    after(rotate, (person) => person.createUser(person.otherUser, newPassword())),
  ),
  // Tags.
  refusal(
    'misspell the name of a tag, rotate',
    SINGLE,
    'InvalidSecretError',
    'the tag docdb-rotation:predecesor is not known; known are …',
    after(rotate, (person) => person.tag('docdb-rotation:predecesor', 'keep')),
  ),
  refusal(
    'write a tag in capital letters, rotate',
    SINGLE,
    'InvalidSecretError',
    'the tag DocDB-Rotation:Strategy is written docdb-rotation:strategy; rename it',
    after(rotate, (person) => person.tag('DocDB-Rotation:Strategy', 'alternating-users')),
  ),
  refusal(
    'write a tag with a hyphen for the colon, rotate',
    SINGLE,
    'InvalidSecretError',
    'the tag docdb-rotation-strategy is written docdb-rotation:strategy; rename it',
    after(rotate, (person) => person.tag('docdb-rotation-strategy', 'alternating-users')),
  ),
  refusal(
    'keep a tag of before 0.2, rotate',
    SINGLE,
    'InvalidSecretError',
    'the tag docdb-rotation:predecessor is called docdb-rotation:retirement-policy since 0.2; rename it',
    after(rotate, (person) => person.tag('docdb-rotation:predecessor', 'keep')),
  ),
  refusal(
    'misspell a strategy, rotate',
    SINGLE,
    'InvalidSecretError',
    'the tag docdb-rotation:strategy is "alternating-user"; it may be single-user, alternating-users, admin-clone',
    after(rotate, (person) => person.tag('docdb-rotation:strategy', 'alternating-user')),
  ),
  success(
    'switch a single user to a pair, rotate',
    SINGLE,
    'rotated',
    after(rotate, (person) => person.tag('docdb-rotation:strategy', 'alternating-users')),
    'AWSCURRENT is the other user',
    isUser(({ otherUser }) => otherUser),
  ),
  success(
    'switch a pair to single-user, rotate',
    PAIR,
    'rotated',
    after(rotate, (person) => person.tag('docdb-rotation:strategy', 'single-user')),
    'the output names the other user (`leftBehind`), which stays with its password: the policy is `keep`',
    all(isLeft, async (person) => ((await person.hasUser(person.otherUser)) ? undefined : 'it is gone')),
  ),
  success(
    'switch a pair to single-user, with the retirement policy `delete`, rotate',
    { ...PAIR, tags: { 'docdb-rotation:grace': '0' } },
    'rotated',
    after(
      rotate,
      (person) => person.tag('docdb-rotation:strategy', 'single-user'),
      (person) => person.tag('docdb-rotation:retirement-policy', 'delete'),
    ),
    'the other user is deleted after the grace',
    all(isLeft, async (person) =>
      (await person.hasUser(person.otherUser)) ? 'it is still there' : undefined,
    ),
  ),
  success(
    'switch an admin to single-user, with the retirement policy `lock`, rotate',
    { ...ADMIN, tags: { 'docdb-rotation:grace': '0', 'docdb-rotation:retirement-policy': 'keep' } },
    'rotated',
    after(
      rotate,
      (person) => person.tag('docdb-rotation:strategy', 'single-user'),
      (person) => person.tag('docdb-rotation:retirement-policy', 'lock'),
    ),
    'the other user is locked after the grace',
    isLeft,
  ),
  refusal(
    'switch an admin to alternating users, rotate',
    ADMIN,
    'InvalidSecretError',
    '…: alternating-users needs an admin secret; name it by the tag docdb-rotation:admin-secret; the key masterarn in its value is not enough',
    after(rotate, (person) => person.tag('docdb-rotation:strategy', 'alternating-users')),
  ),
  // The admin secret.
  refusal(
    'leave a comma in the admin secret, rotate a pair',
    PAIR_AND_ADMIN,
    'AdminSecretMismatchError',
    "the admin secret can't be used: the admin secret … (version …) is not JSON",
    after(rotate, (person) => person.writeAdminSecret((text) => text.replace(/\}$/, ',}'))),
  ),
  refusal(
    'leave a comma in the admin secret, rotate a single user',
    SINGLE_AND_ADMIN,
    'RolledBack',
    "SetSecret failed with AdminSecretMismatchError: the admin secret can't be used: the admin secret … (version …) is not JSON",
    after(rotate, (person) => person.writeAdminSecret((text) => text.replace(/\}$/, ',}'))),
  ),
  // The input.
  refusal(
    'misspell a key of the input',
    SINGLE,
    'InvalidInputError',
    'unknown key secretID; known are secretId, mode, and token (from Secrets Manager only)',
    (person) => person.rotate({ secretID: 'x' }),
  ),
  refusal(
    'start the rotation to recover',
    SINGLE,
    'InvalidInputError',
    'mode recover is a state machine of its own: start the recovery machine with {"secretId": "…"}',
    (person) => person.rotate({ mode: 'recover' }),
  ),
  refusal(
    'ask for a mode that is none',
    SINGLE,
    'InvalidInputError',
    'unknown mode Rotate; known are …',
    (person) => person.rotate({ mode: 'Rotate' }),
  ),
  refusal(
    'mistype the name of the secret, rotate',
    SINGLE,
    'SecretNotRotatableError',
    'there is no secret …',
    (person) => person.rotate({ secretId: 'no/such-secret' }),
  ),
];
