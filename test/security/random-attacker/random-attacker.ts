import { STRATEGY_TAG } from '../../../functions/contract/tags.ts';
import { Random } from '../../chaos/soak/random.ts';
import { CLUSTER } from '../../support/in-memory-database.ts';
import { endProblems } from '../../support/invariants.ts';
import { SECRET } from '../../support/rotation-world.ts';
import type { Credential } from '../power/any-arena.ts';
import { Arena, EVIL_HOST, OTHER_USER, OWN_USER } from '../power/arena.ts';
import { CELLS, type Right, type Want } from '../power/rights.ts';
import { theirsOf } from '../power/theirs.ts';
import { type ArenaOptions, WORLDS } from '../power/worlds.ts';
import { Executions } from './executions.ts';
import { moveOf, type Scene, SWITCHED } from './moves.ts';

/*
 * An attacker who thinks of nothing: moves at random of some rights, between those of honest people, over the real functions and
 * definitions in memory. The same seed gives the same story but for passwords and ids, which are made by chance.
 */

export interface Raid {
  readonly seed: number;
  readonly rights: readonly Right[];
  readonly world: string;
  /** What must not be. */
  readonly gains: readonly string[];
  /** What honest people can't mend though the right value is there. */
  readonly stuck: readonly string[];
  readonly story: readonly string[];
  readonly moves: readonly number[];
  /** How executions ended. */
  readonly ends: readonly string[];
}

/** Who may tag or deploy has what these rights give. */
const ROWS = CELLS.filter((cell) => !cell.includes('tag') && !cell.includes('deploy'));

const MOST_MOVES = 12;

const POLICIES = ['delete', 'lock', 'keep', 'revoke'] as const;

interface Options {
  /** In place of the moves that the seed gives. */
  readonly moves?: readonly number[];
}

export const raid = async (seed: number, { moves }: Options = {}): Promise<Raid> => {
  const random = new Random(seed);
  const rows = ROWS.filter((row) => row.includes('write') || random.chance(0.3));
  const rights = rows[random.below(rows.length)] as readonly Right[];
  // Where someone else has the pair's name, little happens.
  const isAny = random.chance(0.2);
  const names = Object.keys(WORLDS).filter((name) => isAny || WORLDS[name]?.wasRotated);
  const world = names[random.below(names.length)] as string;
  const policy = POLICIES[random.below(POLICIES.length)] as (typeof POLICIES)[number];
  const state = (['logs in', 'locked', 'absent'] as const)[random.below(3)] as
    | 'logs in'
    | 'locked'
    | 'absent';
  const given = WORLDS[world] as ArenaOptions;
  const { previous } = given.options;
  const options = {
    ...given.options,
    retirementPolicy: policy,
    ...(previous === undefined || previous.username === (given.options.username ?? 'app')
      ? {}
      : { previous: { ...previous, state } }),
  };
  const arena = new Arena(rights, { ...given, options });
  const chosen = moves ?? Array.from({ length: 3 + random.below(MOST_MOVES) }, () => random.below(2 ** 32));
  const story: string[] = [`seed ${seed}: ${rights.join(' + ')}; ${world}, ${policy}, predecessor ${state}`];
  const gains = new Set<string>();
  const allowed = new Set<Want>(theirsOf(rights).flatMap(({ gives }) => gives));
  const known: Credential[] = [{ username: OWN_USER, password: arena.ownPassword }];
  const readOnes = new Set<string>();
  const newcomers = new Map<string, string>();
  if (given.pair === 'the attacker’s') known.push({ username: arena.pairUser, password: arena.ownPassword });
  hideOwn(arena, (password) => known.some((one) => one.password === password) && !readOnes.has(password));
  const note = (): void => {
    for (const [name, user] of newcomers)
      if (JSON.stringify(arena.world.database.user(name) ?? null) !== user)
        gains.add('a newcomer was changed');
    for (const want of arena.gained()) if (want !== 'outage' && !allowed.has(want)) gains.add(want);
  };
  const ends: string[] = [];
  const executions = new Executions(arena.world, (what) => {
    ends.push(what);
    note();
  });
  const isOwn = (name: string | undefined): boolean =>
    !newcomers.has(name ?? '') &&
    (name === arena.user || (name === arena.pairUser && given.pair === 'the secret’s own'));
  const roles = JSON.stringify(arena.world.database.user(arena.user)?.roles);
  const right = (): string | undefined => {
    const { store, database } = arena.world;
    const isRight = (version: string): boolean => {
      const credential = arena.world.credentialOf(version);
      const { host, ssl, uri } = JSON.parse(store.valueOf(SECRET, version) ?? '{}');
      const isPlace = host === CLUSTER && ssl !== false && uri === undefined;
      return (
        isPlace &&
        isOwn(credential?.username) &&
        arena.world.logsIn(version) &&
        JSON.stringify(database.user(credential?.username ?? '')?.roles) === roles
      );
    };
    const current = arena.current();
    const [found] = [current, ...arena.versions().reverse()].filter(isRight);
    return found;
  };
  const scene: Scene = {
    arena,
    executions,
    known,
    readOnes,
    newcomers,
    isDropTold: given.wasRotated && (previous === undefined || state !== 'absent'),
    right,
    strategy: options.strategy ?? 'single-user',
    tell: (line) => story.push(line),
  };
  for (const number of chosen) {
    const own = new Random(number);
    await moveOf(rights, own)(scene, own);
    note();
  }
  const wasSwitched = story.some((line) => line.startsWith(SWITCHED));
  const stuck = await end(scene, { rights, given, policy, roles, wasSwitched });
  note();
  return {
    seed,
    rights,
    world,
    gains: [...gains, ...extraLogins(scene, given, rights)],
    stuck,
    story,
    moves: chosen,
    ends,
  };
};

/** What they made up themselves is no catch of their server. */
const hideOwn = ({ world: { database } }: Arena, isOwn: (password: string) => boolean): void => {
  const original = database.port.bind(database);
  database.port = (gate) => {
    const port = original(gate);
    return {
      login: async (login) => {
        const isTheirs = login.host.endsWith(EVIL_HOST) && isOwn(login.password);
        return await port.login(isTheirs ? { ...login, password: 'made up' } : login);
      },
    };
  };
};

/** A second user of someone who is not the secret’s, and any login but theirs that they did not read. */
const extraLogins = (
  { arena, known, readOnes }: Scene,
  { wasRotated }: ArenaOptions,
  rights: readonly Right[],
): string[] => {
  const { database } = arena.world;
  if (!wasRotated) return [];
  const users = [OWN_USER, arena.user, arena.pairUser];
  const made = database.usernames().filter((name) => ![...users, OTHER_USER, 'root'].includes(name));
  if (made.length > 0) return made.map((name) => `a user was made: ${name}`);
  if (rights.includes('read')) return [];
  return known
    .filter((one) => !users.includes(one.username) && !readOnes.has(one.password) && database.accepts(one))
    .map(({ username }) => `a login as ${username}`);
};

interface Given {
  readonly rights: readonly Right[];
  readonly given: ArenaOptions;
  readonly policy: string;
  readonly roles: string | undefined;
  /** Of a locked predecessor a rotation as a single user keeps nothing: its name is refused afterwards. */
  readonly wasSwitched: boolean;
}

/** Everything ends; an operator puts the right value back and recovers; the secret is rotated once more. */
const end = async (
  { arena, executions, newcomers, right, tell }: Scene,
  { rights, given, policy, wasSwitched }: Given,
): Promise<string[]> => {
  const stuck: string[] = [];
  tell('-- everything ends');
  await executions.endAll();
  arena.world.store.setTag(SECRET, STRATEGY_TAG, given.options.strategy ?? 'single-user');
  const mayCause = rights.includes('write');
  if (!mayCause && !arena.world.logsIn(arena.current()))
    stuck.push('AWSCURRENT does not log in, and no one wrote it');
  const version = right();
  if (version === undefined)
    return mayCause ? [...stuck, 'no version is right'] : [...stuck, 'no version is right, and no one wrote'];
  arena.honest.putBack(version);
  const recovery = await executions.recover({ secretId: SECRET });
  tell(`recovered: ${recovery?.error ?? recovery?.status}`);
  if (recovery?.status !== 'SUCCEEDED') stuck.push(`the recovery ended in ${recovery?.error}`);
  if (!arena.world.logsIn(arena.current())) stuck.push('AWSCURRENT does not log in after a recovery');
  stuck.push(...endProblems(arena.world));
  const old = arena.world.credentialOf(arena.current());
  const failed = executions.failedRetirements;
  const rotation = await executions.start('rotation', executions.nextName(), { secretId: SECRET });
  await executions.endAll();
  tell(`rotated: ${rotation?.error ?? rotation?.status} ${rotation?.cause ?? ''}`);
  if (!given.wasRotated || newcomers.size > 0 || wasSwitched) return stuck;
  if (rotation?.status !== 'SUCCEEDED') return [...stuck, `no rotation is possible: ${rotation?.error}`];
  stuck.push(...endProblems(arena.world));
  const isPair = given.options.strategy !== 'single-user';
  if (old === undefined || !arena.world.database.accepts(old)) return stuck;
  if (!isPair) return [...stuck, 'the replaced password logs in'];
  if ((policy === 'delete' || policy === 'lock') && executions.failedRetirements === failed)
    stuck.push('the replaced user stays enabled');
  return stuck;
};

export const isFound = ({ gains, stuck }: Raid): boolean => gains.length > 0 || stuck.length > 0;

/** The fewest moves that come to the same. */
export const shrink = async (
  found: Raid,
  same = (one: Raid): boolean => sameFind(one, found),
): Promise<Raid> => {
  let best = found;
  for (let index = best.moves.length - 1; index >= 0; index--) {
    const moves = best.moves.filter((_, each) => each !== index);
    const one = await raid(found.seed, { moves });
    if (same(one)) best = one;
  }
  return best;
};

const sameFind = (one: Raid, other: Raid): boolean =>
  other.gains.length > 0
    ? other.gains.some((gain) => one.gains.includes(gain))
    : other.stuck.some((problem) => one.stuck.includes(problem));
