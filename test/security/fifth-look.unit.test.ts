import { describe, expect, it } from 'vitest';
import { markerOf } from '../../functions/secret/marker.ts';
import { recordOf, versionOf } from '../../functions/secret/proven.ts';
import { versionIdsOf } from '../../functions/secret/version-ids.ts';
import { CLUSTER, READ_WRITE } from '../support/in-memory-database.ts';
import { newPassword, newVersionId } from '../support/in-memory-secret-store.ts';
import { PortCalls } from '../support/port-calls.ts';
import {
  executionArn,
  RecoveryMachine,
  RetirementMachine,
  RotationMachine,
  stoppedEvent,
} from '../support/rotation-machine.ts';
import { created, portsOf } from '../support/rotation-steps.ts';
import { SECRET } from '../support/rotation-world.ts';
import type { Ending } from '../support/state-machine.ts';
import { Arena, EVIL_HOST, OTHER_USER, OWN_USER } from './power/arena.ts';
import { enterInGrace } from './power/enter.ts';
import { LITTLE } from './power/gains.ts';
import type { Right } from './power/rights.ts';
import { type ArenaOptions, WORLDS } from './power/worlds.ts';

/*
 * A fifth reviewer's attacks, on who writes which mark on record and when: marks for values of mine, marks that are written over, lost or read wrongly,
 * and what recoveries and inputs make of them.
 */

const OWNER = 'docdb-rotation-owner';
const PREVIOUS = 'AWSPREVIOUS';
const worldOf = (name: string): ArenaOptions => {
  const world = WORLDS[name];
  if (world === undefined) throw new Error(`there is no world ${name}`);
  return world;
};
const enter = (name: string, ...rights: Right[]): Arena => new Arena(rights, worldOf(name));
const recordIn = async (arena: Arena) => recordOf(await portsOf(arena.world).secrets.describe(SECRET));

/** Acts once, right after the first call of that name. */
const onceAfter = (arena: Arena, method: string, act: () => unknown): PortCalls => {
  let [seen, done] = [false, false];
  return new PortCalls({
    turn: async (next) => {
      if (seen && !done) {
        done = true;
        arena.wasReached = true;
        await act();
      }
      seen ||= next === method;
    },
  });
};

/** The owner label for an execution of mine, whose ids can be computed. */
const giveLock = (arena: Arena, execution: string, pending: string[] = []): string =>
  arena.write(markerOf(execution, pending), OWNER, versionIdsOf(execution)[0]);

/** The retirement that a rotation started, at the end of its grace. */
const retireByRotation = async (
  arena: Arena,
  policy = 'delete',
  execution = executionArn('grace', 'retirement'),
): Promise<Ending> => {
  const strategy = arena.user === 'boss' ? 'admin-clone' : 'alternating-users';
  const machine = new RetirementMachine(arena.world, { calls: new PortCalls() });
  const [version, predecessor] = [arena.current(), arena.pairUser];
  return await machine.run(execution, {
    secretId: SECRET,
    graceSeconds: 0,
    version,
    predecessor,
    policy,
    strategy,
  });
};

/** A retirement of the predecessor, in the middle of whatever has the lock. */
const retireNow = async (arena: Arena, policy = 'delete'): Promise<Ending> => {
  const execution = executionArn(arena.nextName(), 'retirement');
  giveLock(arena, execution);
  return await retireByRotation(arena, policy, execution);
};

const ROTATED_PAIRS = Object.keys(WORLDS).filter(
  (name) => WORLDS[name]?.wasRotated && !name.startsWith('single'),
);

/** What he got in by. Each asserts nothing but the gain, and nothing at all where its moment does not come. */
describe('what got in:', () => {
  it.each(ROTATED_PAIRS)(
    'a revert puts a planted AWSPREVIOUS on record as unfinished, and an execution of mine takes it for the version of Secrets Manager: %s',
    async (name) => {
      for (let moment = 1, isThere = true; isThere; moment++) {
        const arena = enter(name, 'write', 'start');
        const mine = arena.write(arena.mine(arena.pairUser), PREVIOUS);
        const act = async () => {
          giveLock(arena, executionArn('chosen-1'), [mine]);
          arena.write({ password: newPassword() }, PREVIOUS);
          await arena.start({ token: mine }, 'chosen-1');
        };
        await arena.honest.rotate(moment, act, 'revert');
        isThere = arena.wasReached;
        expect(arena.gained()).toEqual([]);
      }
    },
  );

  it.each(['alternating-users', 'admin-clone'])(
    'an execution that lost its lock writes its old record over the mark of a dropped user, and a rotation takes over who has that name now: %s',
    async (name) => {
      for (let moment = 1, isThere = true; isThere; moment++) {
        const arena = enterInGrace(name, ['write', 'start']);
        const { database } = arena.world;
        arena.write({ username: arena.pairUser, password: newPassword() }, PREVIOUS);
        await arena.honest.rotate(moment, () => retireNow(arena), 'revert');
        isThere = arena.wasReached;
        if (database.user(arena.pairUser) !== undefined) continue;
        database.addUser(arena.pairUser, newPassword(), LITTLE);
        const before = { ...database.user(arena.pairUser) };
        await arena.honest.rotate();
        expect(database.user(arena.pairUser)).toEqual(before);
      }
    },
  );

  it.each(ROTATED_PAIRS)(
    'the mark of a planted AWSPREVIOUS stays where a revert was cut off and recovered, and an execution of mine takes it: %s',
    async (name) => {
      const arena = enter(name, 'write', 'start');
      const mine = arena.write(arena.mine(arena.pairUser), PREVIOUS);
      await created(arena.world, 'revert');
      await arena.honest.recover();
      arena.write({ password: newPassword() }, PREVIOUS);
      giveLock(arena, executionArn('chosen-1'), [mine]);
      await arena.start({ token: mine }, 'chosen-1');
      expect(arena.gained()).toEqual([]);
    },
  );

  it.each(['alternating-users', 'admin-clone'])(
    'a retirement drops someone else’s user, which has the name of a dropped predecessor now, by starting an execution alone: %s',
    async (name) => {
      const arena = enterInGrace(name, ['start']);
      const { database } = arena.world;
      await retireByRotation(arena);
      if (!(await recordIn(arena)).includes(`-${arena.world.previous}`)) return;
      database.addUser(arena.pairUser, newPassword(), LITTLE);
      const before = { ...database.user(arena.pairUser) };
      await retireByRotation(arena, 'delete', executionArn('chosen', 'retirement'));
      expect(database.user(arena.pairUser)).toEqual(before);
    },
  );

  it.each(['alternating-users', 'admin-clone'])(
    'a rotation after a predecessor was dropped loses its lock to a value of mine: its user is locked, and every later rotation is refused: %s',
    async (name) => {
      const arena = enterInGrace(name, ['write']);
      const { database } = arena.world;
      await retireByRotation(arena);
      const calls = onceAfter(arena, 'createUser', () => arena.write('none', OWNER));
      const machine = new RotationMachine(arena.world, { calls });
      const { error } = await machine.run(executionArn('honest'), { secretId: SECRET });
      await arena.honest.recover(stoppedEvent(executionArn('honest'), { secretId: SECRET }));
      await arena.honest.recover();
      if (error !== 'RotationSupersededError' || database.user(arena.pairUser) === undefined) return;
      expect((await arena.honest.rotate()).status).toBe('SUCCEEDED');
    },
  );

  it.each(['alternating-users', 'admin-clone'])(
    'a recovery that lost its lock writes its old record over the mark of a dropped user: %s',
    async (name) => {
      for (let moment = 1, isThere = true; isThere; moment++) {
        const arena = enterInGrace(name, ['write', 'start']);
        const { database } = arena.world;
        await created(arena.world);
        // So that no recovery finds what was cut off, and takes its mark off the record.
        giveLock(arena, executionArn('none'));
        arena.write('none', 'AWSPENDING');
        let call = 0;
        const turn = async () => {
          call += 1;
          if (call === moment) await retireNow(arena);
        };
        await new RecoveryMachine(arena.world, { calls: new PortCalls({ turn }) }).run(
          executionArn('honest', 'recovery'),
          { secretId: SECRET },
        );
        isThere = call >= moment;
        await arena.honest.recover();
        if (database.user(arena.pairUser) !== undefined) continue;
        database.addUser(arena.pairUser, newPassword(), LITTLE);
        const before = { ...database.user(arena.pairUser) };
        await arena.honest.rotate();
        expect(database.user(arena.pairUser), `moment ${moment}`).toEqual(before);
      }
    },
  );

  /** My server answers late: meanwhile people recover, put the right version back, and the retirement of before comes to its turn. */
  it.each(['alternating-users', 'admin-clone'])(
    'a rotation that my host held up writes its old record over the mark of a dropped user, by writing values alone: %s',
    async (name) => {
      const arena = enterInGrace(name, ['write']);
      const { database } = arena.world;
      const right = arena.current();
      arena.write({ ...arena.mine(), ...arena.evil });
      const calls = onceAfter(arena, 'setTags', async () => {
        await arena.honest.recover();
        arena.honest.putBack(right);
        await arena.honest.recover();
        await retireByRotation(arena);
        arena.wasReached = database.user(arena.pairUser) === undefined;
      });
      await new RotationMachine(arena.world, { calls }).run(executionArn('held'), {
        secretId: SECRET,
      });
      if (!arena.wasReached) return;
      database.addUser(arena.pairUser, newPassword(), LITTLE);
      const before = { ...database.user(arena.pairUser) };
      await arena.honest.rotate();
      expect(database.user(arena.pairUser)).toEqual(before);
    },
  );
});

const users = ({ world: { database } }: Arena) =>
  Object.fromEntries(database.usernames().map((name) => [name, JSON.stringify(database.user(name))]));
const withoutOutage = (arena: Arena) => arena.gained().filter((want) => want !== 'outage');
const RESETS = [{}, { resetThroughAdmin: true }, { resetThroughCluster: true }];
const evilHost = (arena: Arena) => ({ ...arena.mine(), ...arena.evil });
/** What honest people come to in the end: the right version is put back, recovered and rotated. */
const settle = async (arena: Arena, right: string): Promise<void> => {
  await arena.honest.recover();
  if (arena.world.logsIn(right)) arena.honest.putBack(right);
  await arena.honest.recover();
};

describe('what is prevented, with marks:', () => {
  it.each(['alternating-users', 'admin-clone'])(
    'the name of a dropped predecessor is someone else’s now, and a revert and rotations leave it alone: %s',
    async (name) => {
      const arena = enterInGrace(name, ['write', 'start']);
      const { database } = arena.world;
      await retireByRotation(arena);
      expect(await recordIn(arena)).toContain(`-${arena.world.previous}`);
      database.addUser(arena.pairUser, newPassword(), LITTLE);
      const before = users(arena);
      const endings = [
        await arena.start({ mode: 'revert' }),
        await arena.start(),
        await arena.honest.scheduled(),
      ];
      expect(endings.map((ending) => ending?.error)).toEqual([
        'UserNameTakenError',
        'UserNameTakenError',
        'UserNameTakenError',
      ]);
      expect(users(arena)).toEqual(before);
      expect(withoutOutage(arena)).toEqual([]);
    },
  );

  it.each(Object.keys(WORLDS))(
    'the version of a scheduled rotation that was made from a value of mine, and its token: %s',
    async (name) => {
      const arena = enter(name, 'write', 'start');
      const right = arena.current();
      const uri = `mongodb://${arena.user}:x@evil.example.com,docdb.cluster/`;
      arena.write({ ...arena.mine(), uri });
      const begun = await arena.honest.scheduled();
      const token = (await recordIn(arena)).find((entry) => entry.startsWith('+'))?.slice(1) ?? '';
      expect(begun?.status).toBe('FAILED');
      expect(token).not.toBe('');
      arena.honest.putBack(right);
      for (const chosen of ['chosen-1', 'chosen-2']) {
        giveLock(arena, executionArn(chosen), [token]);
        const ending = await arena.start({ token }, chosen);
        expect(ending.status).toBe('FAILED');
      }
      expect(withoutOutage(arena)).toEqual([]);
    },
  );

  it.each(Object.keys(WORLDS).filter((name) => WORLDS[name]?.options.previous))(
    'a record of versions with odd ids, and a reset: %s',
    async (name) => {
      const arena = enter(name, 'write', 'recover');
      const odd = ['+', '=', '-', ' '].map((mark) => `${mark}${newVersionId()}`);
      for (const id of odd) {
        arena.write({ username: OWN_USER, password: arena.ownPassword }, 'AWSCURRENT', id);
        await arena.honest.rotate(undefined, undefined, 'revert');
        await arena.honest.scheduled();
        await arena.recover();
      }
      arena.write(arena.mine());
      arena.write({ ...arena.mine(), again: true });
      for (const reset of RESETS) await arena.recover(reset);
      expect(withoutOutage(arena)).toEqual([]);
    },
  );

  it.each(Object.keys(WORLDS).filter((name) => !name.includes('never')))(
    'a rotation at my host makes my value proven, and a reset at the right one: %s',
    async (name) => {
      const arena = enter(name, 'write', 'recover');
      arena.write(evilHost(arena));
      await arena.honest.recover();
      await arena.honest.rotate();
      expect((await recordIn(arena)).map(versionOf)).toContain(arena.current());
      expect(arena.world.store.valueOf(SECRET, arena.current())).toContain(EVIL_HOST);
      for (const reset of RESETS) await arena.recover(reset);
      arena.write(arena.mine());
      arena.write({ ...arena.mine(), again: true });
      for (const reset of RESETS) await arena.recover(reset);
      expect(withoutOutage(arena)).toEqual([]);
    },
  );
});

describe('two at once:', () => {
  const everyMoment = async (
    name: string,
    rights: Right[],
    act: (arena: Arena) => unknown,
    { mode, mayRefuse = false }: { mode?: string; mayRefuse?: boolean } = {},
  ): Promise<string[]> => {
    const bad: string[] = [];
    for (let moment = 1; moment <= 60; moment++) {
      const arena = enter(name, ...rights);
      const right = arena.current();
      await arena.honest.rotate(moment, () => act(arena), mode);
      if (!arena.wasReached) {
        expect(moment).toBeGreaterThan(5);
        break;
      }
      await settle(arena, right);
      const last = await arena.honest.rotate();
      const gains = arena.gained();
      if (gains.length > 0 || (last.status !== 'SUCCEEDED' && !mayRefuse))
        bad.push(`${moment}: ${gains} ${last.error} ${last.cause?.slice(0, 200)}`);
    }
    return bad;
  };
  const NAMES = Object.keys(WORLDS).filter((name) => WORLDS[name]?.wasRotated || name.startsWith('single'));

  it.each(NAMES)('a rotation of mine with the lock of an honest one, at each moment: %s', async (name) => {
    const bad = await everyMoment(name, ['write', 'start'], async (arena) => {
      giveLock(arena, executionArn('chosen-1'));
      await arena.start({}, 'chosen-1');
    });
    expect(bad).toEqual([]);
  });

  it.each(ROTATED_PAIRS)(
    'a retirement of mine with the lock of an honest rotation, at each moment: %s',
    async (name) => {
      const rights: Right[] = ['write', 'start'];
      // That a rotation is refused after it is one of the ways in, above.
      const dropped = await everyMoment(name, rights, (arena) => retireNow(arena), { mayRefuse: true });
      const locked = await everyMoment(name, rights, (arena) => retireNow(arena, 'lock'), { mode: 'revert' });
      expect([dropped, locked]).toEqual([[], []]);
    },
  );

  it.each(NAMES)('a recovery of mine that tries what my marker names, at each moment: %s', async (name) => {
    const bad = await everyMoment(name, ['write', 'recover'], async (arena) => {
      const named = [
        arena.write(arena.mine(), 'mine'),
        arena.write(arena.mine(arena.pairUser), 'mine'),
        arena.write(evilHost(arena), 'mine'),
        arena.write({ username: OWN_USER, password: arena.ownPassword, ssl: false }, 'mine'),
      ];
      giveLock(arena, executionArn('chosen'), named);
      await arena.recover();
    });
    expect(bad).toEqual([]);
  });
});

describe('names and places:', () => {
  it.each(['_clone', `${'x'.repeat(57)}_clone`, `${OTHER_USER}_clone`, 'Billing_clone'])(
    'a user of mine named %s takes no turns with someone else’s',
    async (mine) => {
      for (const name of ['alternating-users', 'alternating-users, never rotated', 'single-user']) {
        const arena = enter(name, 'write', 'start');
        const { database } = arena.world;
        const other = mine === '_clone' ? '_clone_clone' : mine.slice(0, -'_clone'.length);
        if (database.user(other) === undefined) database.addUser(other, newPassword(), READ_WRITE);
        database.addUser(mine, arena.ownPassword, LITTLE);
        const before = database.user(other);
        const right = arena.current();
        arena.write({ username: mine, password: arena.ownPassword });
        await arena.honest.recover();
        const endings = [await arena.honest.rotate(), await arena.honest.scheduled()];
        arena.write({ username: other, password: newPassword() }, PREVIOUS);
        endings.push(await arena.start({ mode: 'revert' }));
        for (const reset of RESETS) await arena.honest.recover(reset);
        expect(endings.at(-1)?.error).toBe('UntrustedVersionError');
        if (name !== 'single-user')
          expect(endings.map((ending) => ending?.status)).not.toContain('SUCCEEDED');
        expect(database.user(other)).toEqual(before);
        expect(database.user(mine)?.roles).toEqual(LITTLE);
        await settle(arena, right);
        expect(withoutOutage(arena)).toEqual([]);
      }
    },
  );

  const PLACES = [
    { host: `${CLUSTER}.` },
    { host: CLUSTER.toUpperCase() },
    { port: '27017' },
    { port: 27018 },
    { ssl: 'FALSE' },
    { host: '2130706433' },
    { host: '127.0.0.1' },
  ];
  it.each(Object.keys(WORLDS).filter((name) => WORLDS[name]?.wasRotated))(
    'another way to write the place, and a reset: %s',
    async (name) => {
      for (const place of PLACES) {
        const arena = enter(name, 'write', 'recover');
        const right = arena.current();
        arena.write({ ...arena.mine(), ...place }, PREVIOUS);
        await arena.honest.rotate(undefined, undefined, 'revert');
        arena.write({ ...arena.mine(), ...place });
        arena.write({ ...arena.mine(), ...place, again: 1 });
        for (const reset of RESETS) await arena.recover(reset);
        await settle(arena, right);
        expect(arena.gained(), JSON.stringify(place)).toEqual([]);
      }
    },
  );
});
