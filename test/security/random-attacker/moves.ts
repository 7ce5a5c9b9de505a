import { STRATEGY_TAG } from '../../../functions/contract/tags.ts';
import { markerOf } from '../../../functions/secret/marker.ts';
import { recordOf, versionOf } from '../../../functions/secret/proven.ts';
import { versionIdsOf } from '../../../functions/secret/version-ids.ts';
import type { Random } from '../../chaos/soak/random.ts';
import { CLUSTER, PORT } from '../../support/in-memory-database.ts';
import { newPassword, newVersionId } from '../../support/in-memory-secret-store.ts';
import { executionArn, stoppedEvent } from '../../support/rotation-machine.ts';
import { portsOf } from '../../support/rotation-steps.ts';
import { SECRET } from '../../support/rotation-world.ts';
import type { Credential } from '../power/any-arena.ts';
import { type Arena, EVIL_HOST, OTHER_USER, OWN_USER } from '../power/arena.ts';
import { LITTLE } from '../power/gains.ts';
import type { Executions, Hold } from './executions.ts';

/** Where a move is made. */
export interface Scene {
  readonly arena: Arena;
  readonly executions: Executions;
  /** Credentials that the attacker knows. */
  readonly known: Credential[];
  /** Passwords that were read. */
  readonly readOnes: Set<string>;
  readonly tell: (line: string) => void;
  /** Users of another team, who got a name that a retirement had made free, as they were made. */
  readonly newcomers: Map<string, string>;
  /** Whether a pair's user that is not there was dropped by a retirement. */
  readonly isDropTold: boolean;
  /** What the secret began with. */
  readonly strategy: string;
  /** A version that is the secret's own, and logs in. */
  readonly right: () => string | undefined;
}

export type Move = (scene: Scene, random: Random) => unknown;

const oneOf = <T>(random: Random, some: readonly T[]): T => some[random.below(some.length)] as T;

const WRITES = ['setTags', 'setTags', 'moveLabel', 'put', 'updateUser', 'createUser', 'dropUser'];

/** Before which call an execution is held, if it is. Only of the record a late call is told from one that the drain has waited for. */
const holdAt = (random: Random): Hold => {
  if (!random.chance(0.45)) return 0;
  if (random.chance(0.5)) return 1 + random.below(70);
  const before = oneOf(random, WRITES);
  return { before, isLate: before === 'setTags' && random.chance(0.5) };
};

const heldAt = (hold: Hold): string => {
  if (typeof hold === 'object')
    return `, held before ${hold.before}${hold.isLate ? ', which comes late' : ''}`;
  return hold > 0 ? `, held at ${hold}` : '';
};

const LABELS = ['AWSCURRENT', 'AWSPREVIOUS', 'AWSPENDING', 'docdb-rotation-owner', 'docdb-rotation-claim'];
const OWN_NAMES = ['mine-1', 'mine-2', 'mine-3', 'mine-4'];

const newValue = (scene: Scene, random: Random): [Record<string, unknown>, string] => {
  const { arena, known } = scene;
  const users = [
    arena.user,
    arena.user,
    arena.pairUser,
    arena.pairUser,
    OWN_USER,
    `${OWN_USER}_clone`,
    OTHER_USER,
    `${OTHER_USER}_clone`,
    'root',
    `${arena.pairUser}_clone`,
    `${arena.user} `,
    arena.user.toUpperCase(),
  ];
  const username = oneOf(random, users);
  const kind = random.weighted({ known: 6, mine: 3, own: 1, random: 1 });
  let credential: Credential = { username, password: newPassword() };
  if (kind === 'known') credential = oneOf(random, known);
  if (kind === 'own') credential = { username, password: arena.ownPassword };
  if (kind === 'mine') {
    credential = arena.mine(username);
    known.push(credential);
  }
  const host = random.weighted({ [CLUSTER]: 40, [EVIL_HOST]: 2, [`instance.${EVIL_HOST}`]: 1 });
  const port = random.chance(0.98) ? PORT : PORT + 1;
  const uriHost = random.weighted({ none: 12, [CLUSTER]: 1, [EVIL_HOST]: 1, [`${CLUSTER},${EVIL_HOST}`]: 1 });
  const uriPassword = random.chance(0.6) ? credential.password : 'outdated';
  const uri =
    uriHost === 'none' ? {} : { uri: `mongodb://${credential.username}:${uriPassword}@${uriHost}/` };
  const ssl = random.chance(0.98) ? {} : { ssl: false };
  return [
    { ...credential, host, port, ...uri, ...ssl },
    `${credential.username} (${kind} password) at ${host}${uriHost === 'none' ? '' : ` and ${uriHost} (${uriPassword === 'outdated' ? 'outdated' : 'same'})`}`,
  ];
};

const arnsOf = ({ executions }: Scene, random: Random): string[] => [
  ...executions.arns,
  ...OWN_NAMES.map((name) => executionArn(name)),
  // The trigger's names can be guessed; those of recoveries and retirements are made by chance.
  executionArn(random.chance(0.3) ? executions.guessed : 'none'),
];

const onRecord = async ({ arena }: Scene): Promise<string[]> =>
  recordOf(await portsOf(arena.world).secrets.describe(SECRET)).map(versionOf);

const write: Move = async (scene, random) => {
  const { arena, tell, executions } = scene;
  const arn = oneOf(random, arnsOf(scene, random));
  const ids = random.weighted({ new: 6, execution: 3, record: 1, token: 1 });
  let id = newVersionId();
  if (ids === 'execution') id = oneOf(random, arena.idsOf(arn.split(':').at(-1) ?? '').slice(0, 3));
  if (ids === 'record') id = oneOf(random, [...(await onRecord(scene)), id]);
  if (ids === 'token') id = oneOf(random, [...executions.tokens, id]);
  const labels = LABELS.filter((label) => random.chance(label === 'AWSCURRENT' ? 0.5 : 0.22));
  if (labels.length === 0) labels.push(oneOf(random, LABELS));
  const [value, what] = newValue(scene, random);
  const isMarker = random.chance(0.12);
  const pending = [...arena.versions(), newVersionId()].filter(() => random.chance(0.3)).slice(0, 20);
  tell(`I write ${isMarker ? `a marker of ${arn}` : what} as ${labels.join('+')}, id: ${ids}`);
  try {
    arena.write(isMarker ? markerOf(arn, pending) : value, labels, id);
  } catch {
    tell('  refused');
  }
};

/** Takes the owner label for an execution that runs, or is to come. */
const giveLock: Move = (scene, random) => {
  const { arena, tell } = scene;
  const arn = oneOf(random, arnsOf(scene, random));
  tell(`I give the lock to ${arn}`);
  for (const id of idsOfArn(arn)) {
    if (arena.versions().includes(id)) continue;
    arena.write(markerOf(arn, []), 'docdb-rotation-owner', id);
    return;
  }
};

const read: Move = ({ arena, known, readOnes, tell }) => {
  tell('I read');
  const found = arena.read();
  known.push(...found);
  for (const { password } of found) readOnes.add(password);
};

const start: Move = async (scene, random) => {
  const { arena, executions, tell } = scene;
  const mode = random.weighted({ rotate: 6, revert: 3, verify: 1, check: 1 });
  const token = random.chance(0.2) ? oneOf(random, [...executions.tokens, ...arena.versions()]) : undefined;
  const name = random.chance(0.6) ? oneOf(random, OWN_NAMES) : `own-${random.below(1e9)}`;
  const hold = holdAt(random);
  tell(`I start ${mode} ${name}${token === undefined ? '' : ' with a token'}${heldAt(hold)}`);
  const input = token === undefined ? { mode } : { token };
  const ending = await executions.start('rotation', name, { secretId: SECRET, ...input }, hold);
  tell(`  ${ending?.error ?? ending?.status ?? 'held'}`);
};

const retire: Move = async (scene, random) => {
  const { arena, executions, tell } = scene;
  // Half of them as the rotation itself would ask for it.
  const isPlain = random.chance(0.5);
  const current = arena.current();
  const version = isPlain ? current : oneOf(random, [current, ...arena.versions()]);
  const inUse = arena.world.credentialOf(current)?.username;
  const other = inUse === arena.user ? arena.pairUser : arena.user;
  const anyone = oneOf(random, [
    arena.user,
    arena.pairUser,
    arena.user,
    arena.pairUser,
    OWN_USER,
    OTHER_USER,
    'root',
  ]);
  const predecessor = isPlain ? other : anyone;
  const policy = isPlain ? 'delete' : oneOf(random, ['delete', 'revoke', 'lock', 'keep']);
  const own = arena.user === 'boss' ? 'admin-clone' : 'alternating-users';
  const strategy = isPlain ? own : oneOf(random, ['alternating-users', 'admin-clone']);
  const hold = holdAt(random);
  tell(`I retire ${predecessor} by ${policy} for ${strategy}${heldAt(hold)}`);
  const failed = executions.failedRetirements;
  await executions.start(
    'retirement',
    `own-${random.below(1e9)}`,
    { secretId: SECRET, graceSeconds: 0, version, predecessor, policy, strategy },
    hold,
  );
  // Of theirs the operators hear nothing about the predecessor of now.
  executions.failedRetirements = failed;
};

const recover: Move = async (scene, random) => {
  const { executions, tell } = scene;
  const arn = oneOf(random, arnsOf(scene, random));
  const reset = random.weighted({ none: 3, resetThroughAdmin: 1, resetThroughCluster: 1 });
  const isEvent = random.chance(0.4);
  const status = oneOf(random, ['ABORTED', 'FAILED', 'TIMED_OUT']);
  const resets = reset === 'none' ? {} : { [reset]: true };
  const input = isEvent
    ? { ...stoppedEvent(arn, { secretId: SECRET, ...resets }, status), error: 'RotationSupersededError' }
    : { secretId: SECRET, ...resets };
  const hold = holdAt(random);
  tell(`I recover (${reset})${isEvent ? ` for ${arn} ${status}` : ''}${heldAt(hold)}`);
  const ending = await executions.recover(input, `own-${random.below(1e9)}`, hold);
  tell(`  ${ending?.error ?? ending?.status ?? 'held'}`);
};

const idsOfArn = (arn: string): readonly string[] => versionIdsOf(arn).slice(0, 4);

const honestly =
  (mode: string): Move =>
  async ({ executions, tell }, random) => {
    const hold = holdAt(random);
    tell(`someone: ${mode}${heldAt(hold)}`);
    const ending = await executions.start(
      'rotation',
      executions.nextName(),
      { secretId: SECRET, mode },
      hold,
    );
    tell(`  ${ending?.error ?? ending?.status ?? 'held'}`);
  };

/** A name that a retirement made free is given to another team's user, with roles that are alike or not. */
const takeFreeName: Move = ({ arena, known, newcomers, isDropTold, tell }, random) => {
  const { database } = arena.world;
  const names = [arena.user, arena.pairUser];
  const free = names.find((name) => database.user(name) === undefined);
  if (free === undefined || !isDropTold) return;
  const inUse = database.user(names.find((name) => name !== free) ?? '');
  tell(`another team gets the name ${free}`);
  const password = newPassword();
  // Two that are alike may take turns: whose password is known has other roles.
  const isKnown = random.chance(0.3);
  const isAlike = !isKnown && random.chance(0.7);
  if (isKnown) known.push({ username: free, password });
  database.addUser(free, password, isAlike ? (inUse?.roles ?? []) : LITTLE);
  newcomers.set(free, JSON.stringify(database.user(free)));
};

export const SWITCHED = 'an operator switches to';

/** To single-user, and back. */
const switchStrategy: Move = async ({ arena, strategy, tell }) => {
  if (strategy === 'single-user') return;
  const { tags } = await portsOf(arena.world).secrets.describe(SECRET);
  const isPair = tags[STRATEGY_TAG] === strategy;
  tell(`${SWITCHED} ${isPair ? 'single-user' : strategy}`);
  arena.world.store.setTag(SECRET, STRATEGY_TAG, isPair ? 'single-user' : strategy);
};

/** A version's own value once more. */
const writeAgain: Move = (scene, random) => {
  const { arena, tell } = scene;
  read(scene, random);
  const version = oneOf(random, arena.versions());
  const value = arena.world.store.valueOf(SECRET, version);
  const label = random.chance(0.8) ? 'AWSCURRENT' : 'AWSPREVIOUS';
  if (value === undefined) return;
  tell(
    `I write the value for ${arena.world.credentialOf(version)?.username} of another version again as ${label}`,
  );
  arena.write(value, label);
};

const HONEST: Readonly<Record<string, Move>> = {
  rotate: honestly('rotate'),
  revert: honestly('revert'),
  scheduled: async ({ executions, tell }, random) => {
    const hold = holdAt(random);
    tell(`the schedule${heldAt(hold)}`);
    const ending = await executions.scheduled(SECRET, hold);
    tell(`  ${ending?.error ?? ending?.status ?? 'held, or not begun'}`);
  },
  recover: async ({ executions, tell }, random) => {
    const hold = holdAt(random);
    tell(`an operator recovers${heldAt(hold)}`);
    const ending = await executions.recover({ secretId: SECRET }, undefined, hold);
    tell(`  ${ending?.error ?? ending?.status ?? 'held'}`);
  },
  'put back': ({ arena, right, tell }) => {
    const version = right();
    tell('an operator puts the right value back');
    if (version !== undefined) arena.honest.putBack(version);
  },
  edit: ({ arena, right, tell }, random) => {
    const version = right();
    if (version === undefined) return;
    tell('an operator edits a key');
    const value = JSON.parse(arena.world.store.valueOf(SECRET, version) ?? '{}');
    arena.world.store.putWithId(
      SECRET,
      newVersionId(),
      JSON.stringify({ ...value, note: random.below(1e6) }),
      ['AWSCURRENT'],
    );
  },
  'mend the password': ({ arena, right, tell }) => {
    const version = right();
    if (version === undefined) return;
    const current = arena.world.credentialOf(arena.current());
    const good = arena.world.credentialOf(version);
    if (current?.username !== good?.username) return;
    tell('an operator mends the password alone');
    const value = JSON.parse(arena.world.store.valueOf(SECRET, arena.current()) ?? '{}');
    arena.world.store.putWithId(
      SECRET,
      newVersionId(),
      JSON.stringify({ ...value, password: good?.password }),
      ['AWSCURRENT'],
    );
  },
  'let go': async ({ executions, tell }, random) => {
    const one = oneOf(random, executions.held);
    if (one === undefined) return;
    tell(`${one.arn.split(':').slice(-2).join(':')} goes on`);
    await one.letGo(random.chance(0.6) ? holdAt(random) : 0);
  },
  stop: async ({ executions, tell }, random) => {
    const one = oneOf(random, executions.held);
    if (one === undefined) return;
    tell(`an operator stops ${one.arn.split(':').slice(-2).join(':')}`);
    await executions.stop(one);
  },
  'take a free name': takeFreeName,
  'switch the strategy': switchStrategy,
  'the grace is over': async ({ executions, tell }, random) => {
    if (executions.waiting === 0) return;
    tell('the grace is over');
    await executions.retire(holdAt(random));
  },
};

const THEIRS: Readonly<Record<string, readonly Move[]>> = {
  write: [write, write, giveLock],
  read: [read],
  start: [start, start, retire],
  recover: [recover, recover],
};

const HONEST_WEIGHTS = {
  rotate: 5,
  revert: 2,
  scheduled: 3,
  recover: 3,
  'put back': 3,
  edit: 1,
  'mend the password': 1,
  'let go': 6,
  stop: 2,
  'the grace is over': 4,
  'take a free name': 2,
  'switch the strategy': 1,
} as const;

/** One move at random; the same for the same number. */
export const moveOf = (rights: readonly string[], random: Random): Move => {
  if (random.chance(0.5)) return HONEST[random.weighted(HONEST_WEIGHTS)] as Move;
  const moves = rights.flatMap((right) => THEIRS[right] ?? []);
  if (rights.includes('write') && rights.includes('read')) moves.push(writeAgain, writeAgain);
  return oneOf(random, moves);
};
