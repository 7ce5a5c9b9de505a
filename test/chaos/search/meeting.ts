import { OWNER } from '../../../functions/secret/labels.ts';
import { versionIdsOf } from '../../../functions/secret/version-ids.ts';
import { Account, type Call, type Mishap, type Started } from '../../support/account.ts';
import { newPassword } from '../../support/in-memory-secret-store.ts';
import { orphanProblems } from '../../support/invariants.ts';
import { SCENARIOS } from '../../support/rotation-scenarios.ts';
import { SECRET, secretText } from '../../support/rotation-world.ts';
import { Random } from '../soak/random.ts';

/*
 * One meeting: some actors, people and troubles at random, over the real functions and definitions in virtual time. The same
 * seed gives the same meeting.
 */

export interface Meeting {
  readonly seed: number;
  readonly problems: readonly string[];
  readonly story: readonly string[];
  /** How the executions ended. */
  readonly ends: readonly string[];
  readonly isLoud: boolean;
}

const ROTATE = { secretId: SECRET };

/** Seconds within which everything begins: a recovery's wait is in them. */
const SPAN = 100;

const ACTORS = {
  rotation: 4,
  revert: 1,
  service: 4,
  copy: 2,
  recovery: 2,
  stop: 5,
  redrive: 1,
  'take AWSPENDING off': 1,
  'take the owner label off': 1,
  'write a value that does not log in': 1,
  'write a value that logs in': 1,
} as const;

type Act = keyof typeof ACTORS;

const BY_HAND: readonly Act[] = [
  'take AWSPENDING off',
  'take the owner label off',
  'write a value that does not log in',
  'write a value that logs in',
];

const CHANGES_OF_THE_DATABASE = ['createUser', 'updateUser', 'dropUser'];
const CHANGES_OF_THE_SECRET = ['put', 'moveLabel', 'setTags'];

export const meet = async (seed: number, actors: number): Promise<Meeting> => {
  const random = new Random(seed);
  const names = Object.keys(SCENARIOS);
  const name = names[random.below(names.length)] ?? '';
  const troubles = random.chance(0.5) ? 0.02 : 0;
  const isOld = random.chance(0.5);
  const paces = new Map<string, number>();
  // Some executions are so slow that a recovery's wait is over before they are.
  const paceOf = (execution: string): number => {
    const pace = paces.get(execution) ?? (random.chance(0.2) ? 1500 : 60);
    paces.set(execution, pace);
    return pace;
  };
  const account = await Account.open({
    ...SCENARIOS[name],
    latency: ({ execution }) =>
      random.chance(0.02) ? random.below(4000) : 5 + random.below(paceOf(execution)),
    jitter: () => random.next(),
    mishap: (call) => (random.chance(troubles) ? mishapOf(call, random) : undefined),
    age: isOld ? () => random.below(4000) : undefined,
    isMonotonic: random.chance(0.5),
    ruleDelay: 0.5 + random.next() * 3,
  });
  account.tell(`seed ${seed}: ${name}${isOld ? ', old answers' : ''}${troubles > 0 ? ', troubles' : ''}`);
  const acts = Array.from({ length: actors }, () => random.weighted(ACTORS));
  const isByHand = acts.some((act) => BY_HAND.includes(act));
  const written = new Set<string>();
  for (const act of acts) {
    // What has not begun can't be stopped or copied, and much happens in the first seconds.
    const second = random.chance(0.6) ? random.next() * 3 : random.next() * SPAN;
    void account.at(second, () => carryOut(account, act, random, written));
  }
  await account.time.run();
  return { seed, ...(await judge(account, isByHand, written)) };
};

const mishapOf = ({ method }: Call, random: Random): Mishap => {
  const isChange = CHANGES_OF_THE_DATABASE.includes(method);
  if (isChange && random.chance(0.4)) return { late: random.below(15_000) };
  if (CHANGES_OF_THE_SECRET.includes(method) && random.chance(0.3)) return { late: random.below(2000) };
  const kinds: Mishap[] = ['unavailable', 'reply lost', 'dies before', 'dies after'];
  return kinds[random.below(kinds.length)] ?? 'unavailable';
};

const carryOut = (account: Account, act: Act, random: Random, written: Set<string>): void => {
  const { store } = account.world;
  const number = account.executions.size;
  const someone = (of: (started: Started) => boolean): Started | undefined => {
    const some = [...account.executions.values()].filter(of);
    return some[random.below(some.length)];
  };
  if (BY_HAND.includes(act)) account.isWatched = false;
  switch (act) {
    case 'rotation':
      account.start('rotation', `rotation-${number}`, ROTATE);
      return;
    case 'revert':
      account.start('rotation', `revert-${number}`, { ...ROTATE, mode: 'revert' });
      return;
    case 'service':
      void account.rotateByService({ pause: random.below(60), attempts: 8 });
      return;
    case 'copy': {
      const original = someone(({ machine }) => machine === 'rotation');
      if (original !== undefined) account.start('rotation', `copy-${number}`, original.input);
      return;
    }
    case 'recovery':
      account.start('recovery', `by-hand-${number}`, ROTATE);
      return;
    case 'stop':
      someone(({ status }) => status === 'RUNNING')?.stop();
      return;
    case 'redrive': {
      const stopped = someone(({ aborted }) => aborted !== undefined);
      if (stopped !== undefined) account.redrive(stopped);
      return;
    }
    case 'take AWSPENDING off':
    case 'take the owner label off': {
      const label = act === 'take AWSPENDING off' ? 'AWSPENDING' : 'docdb-rotation-owner';
      const from = store.holder(SECRET, label);
      account.tell(`an operator: ${act}`);
      if (from !== undefined) store.move(SECRET, label, { from });
      return;
    }
    case 'write a value that does not log in':
    case 'write a value that logs in':
      writeValue(account, act === 'write a value that logs in', written);
      return;
  }
};

/** PutSecretValue moves AWSCURRENT, and AWSPREVIOUS with it. */
const writeValue = (account: Account, isGood: boolean, written: Set<string>): void => {
  const { store, database } = account.world;
  const current = store.holder(SECRET, 'AWSCURRENT') ?? '';
  const username = account.world.usernameOf(current) ?? '';
  const password = newPassword();
  const user = database.user(username);
  if (isGood && user !== undefined) database.addUser(username, password, user.roles, user.primary);
  const version = store.addVersion(SECRET, [], secretText({ username, password }));
  store.move(SECRET, 'AWSCURRENT', { from: current, to: version });
  written.add(version);
  account.tell(`an operator writes a value that ${isGood ? 'logs in' : 'does not log in'}`);
};

/**
 * The lock may belong to an execution that never started, since the trigger was cut off and is not called again; or to one that has
 * ended, since Secrets Manager moved the label after its caller had given up. Then an alarm rings, and an operator starts a recovery.
 */
const sweep = async (account: Account): Promise<void> => {
  const owner = account.world.store.holder(SECRET, OWNER);
  if (owner === undefined) return;
  const arn = [...account.executions.keys()].find((each) => versionIdsOf(each).includes(owner));
  const isLate = account.story.some((told) => told.includes(`${arn?.split(':').at(-1)} moveLabel: {"late"`));
  if (arn !== undefined && !isLate) return;
  account.start('recovery', 'by-sweep', ROTATE);
  await account.time.run();
};

const FOR_GOOD = ['RollbackFailed', 'RecoveryFailed'];

/** What nothing here may do, the one who meets whom; an operator who writes a value or moves a label answers for some of it. */
const judge = async (
  account: Account,
  isByHand: boolean,
  written: ReadonlySet<string>,
): Promise<Omit<Meeting, 'seed'>> => {
  await sweep(account);
  const ends = [...account.executions.values()].map(({ error, status }) => error ?? status);
  const isLoud = ends.some((end) => FOR_GOOD.includes(end));
  const { world } = account;
  const isWritten = written.has(world.store.holder(SECRET, 'AWSCURRENT') ?? '');
  const problems = [...account.problems];
  const running = [...account.executions.values()].filter(({ status }) => status === 'RUNNING');
  problems.push(...running.map(({ arn }) => `${arn} never ended`));
  if (isLoud && !isByHand) problems.push('it is left to the operators, and no one made it so');
  if (!isLoud && !isWritten) problems.push(...world.endProblems());
  if (!isByHand) problems.push(...orphanProblems(world));
  if (isLoud || isWritten) return { problems, story: account.story, ends, isLoud };
  const again = account.start('rotation', 'again', ROTATE);
  await account.time.run();
  // A value written by hand takes AWSPREVIOUS with it, which alone shows that a pair's other user is the secret's own.
  const isTaken = written.size > 0 && world.isPair && again.error === 'UserNameTakenError';
  if (again.status !== 'SUCCEEDED' && !isTaken)
    problems.push(`no rotation is possible any more: ${again.error}`);
  return { problems, story: account.story, ends, isLoud };
};
