import { describe, expect, it } from 'vitest';
import { markerOf } from '../../functions/secret/marker.ts';
import { recordOf } from '../../functions/secret/proven.ts';
import { versionIdsOf } from '../../functions/secret/version-ids.ts';
import { newPassword, newVersionId } from '../support/in-memory-secret-store.ts';
import { PortCalls } from '../support/port-calls.ts';
import { executionArn, RetirementMachine, RotationMachine } from '../support/rotation-machine.ts';
import { created, portsOf } from '../support/rotation-steps.ts';
import { SECRET } from '../support/rotation-world.ts';
import type { Ending } from '../support/state-machine.ts';
import { Arena } from './power/arena.ts';
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
  const execution = executionArn(newVersionId(), 'retirement');
  giveLock(arena, execution);
  return await retireByRotation(arena, policy, execution);
};

const ROTATED_PAIRS = Object.keys(WORLDS).filter(
  (name) => WORLDS[name]?.wasRotated && !name.startsWith('single'),
);

/** Each fails as long as the attack gets in: it asserts nothing but the gain, and nothing at all where its moment did not come. */
describe('what gets in:', () => {
  it.fails.each(ROTATED_PAIRS)(
    'a revert puts a planted AWSPREVIOUS on record as unfinished, and an execution of mine takes it for the version of Secrets Manager: %s',
    async (name) => {
      const arena = enter(name, 'write', 'start');
      const mine = arena.write(arena.mine(arena.pairUser), PREVIOUS);
      const calls = onceAfter(arena, 'setTag', async () => {
        giveLock(arena, executionArn('chosen-1'), [mine]);
        arena.write({ password: newPassword() }, PREVIOUS);
        await arena.start({ token: mine }, 'chosen-1');
      });
      await arena.start({ mode: 'revert' }, 'back', calls);
      if (arena.wasReached) expect(arena.gained()).toEqual([]);
    },
  );

  it.fails.each(['alternating-users', 'admin-clone'])(
    'an execution that lost its lock writes its old record over the mark of a dropped user, and a rotation takes over who has that name now: %s',
    async (name) => {
      const arena = enter(name, 'write', 'start');
      const { database } = arena.world;
      arena.write({ username: arena.pairUser, password: newPassword() }, PREVIOUS);
      const calls = onceAfter(arena, 'setTag', async () => {
        await retireNow(arena);
      });
      await arena.start({ mode: 'revert' }, 'back', calls);
      if (!arena.wasReached || database.user(arena.pairUser) !== undefined) return;
      database.addUser(arena.pairUser, newPassword(), LITTLE);
      const before = { ...database.user(arena.pairUser) };
      await arena.honest.rotate();
      expect(database.user(arena.pairUser)).toEqual(before);
    },
  );

  it.fails.each(ROTATED_PAIRS)(
    'the same without haste, where a revert was cut off and recovered: the mark stays until the next rotation: %s',
    async (name) => {
      const arena = enter(name, 'write', 'start');
      const mine = arena.write(arena.mine(arena.pairUser), PREVIOUS);
      await created(arena.world, 'revert');
      await arena.honest.recover();
      arena.wasReached = (await recordIn(arena)).includes(`+${mine}`);
      arena.write({ password: newPassword() }, PREVIOUS);
      giveLock(arena, executionArn('chosen-1'), [mine]);
      await arena.start({ token: mine }, 'chosen-1');
      if (arena.wasReached) expect(arena.gained()).toEqual([]);
    },
  );

  /** My server answers late: meanwhile people recover, put the right version back, and the retirement of before comes to its turn. */
  it.fails.each(['alternating-users', 'admin-clone'])(
    'a rotation that my host held up writes its old record over the mark of a dropped user, by writing values alone: %s',
    async (name) => {
      const arena = enter(name, 'write');
      const { database } = arena.world;
      const right = arena.current();
      arena.write({ ...arena.mine(), ...arena.evil });
      let held = false;
      const turn = async (method: string) => {
        if (method !== 'login' || held) return;
        held = true;
        await arena.honest.recover();
        arena.honest.putBack(right);
        await arena.honest.recover();
        const ending = await retireByRotation(arena);
        console.log(ending.status, ending.error, ending.cause, arena.world.snapshot());
        arena.wasReached = ending.status === 'SUCCEEDED' && database.user(arena.pairUser) === undefined;
      };
      await new RotationMachine(arena.world, { calls: new PortCalls({ turn }) }).run(executionArn('held'), {
        secretId: SECRET,
      });
      console.log(name, arena.wasReached, await recordIn(arena));
      if (!arena.wasReached) return;
      database.addUser(arena.pairUser, newPassword(), LITTLE);
      const before = { ...database.user(arena.pairUser) };
      console.log((await arena.honest.rotate()).error);
      expect(database.user(arena.pairUser)).toEqual(before);
    },
  );
});
