import { describe, expect, it } from 'vitest';
import { RETIREMENT_POLICIES } from '../../functions/contract/strategy.ts';
import { OWNER } from '../../functions/secret/labels.ts';
import { newPassword } from '../support/in-memory-secret-store.ts';
import { PortCalls } from '../support/port-calls.ts';
import { executionArn, RetirementMachine } from '../support/rotation-machine.ts';
import { SECRET } from '../support/rotation-world.ts';
import { ExecutionAbortedError } from '../support/state-machine.ts';
import { atEachMoment, callsAt, enter, PAIRS, rotateUntilGrace, switched } from './power/enter.ts';
import { isLeftAlone, takeName } from './power/given-names.ts';
import { grant, holders, isThere, take } from './power/payroll.ts';

/*
 * A twenty-second reviewer's attacks: names that change hands before a retirement, and roles that are taken one after the other.
 */

const POLICIES = RETIREMENT_POLICIES.filter((policy) => policy !== 'keep');

describe.each(PAIRS)('another team gets the name of the replaced user: %s', (name) => {
  it.each(POLICIES)(
    'a retirement leaves theirs as it is, and the operators are told (%s)',
    async (policy) => {
      const arena = enter(name, ['start'], { retirementPolicy: policy });
      const input = await rotateUntilGrace(arena);
      const replaced = String(input.predecessor);
      const theirs = takeName(arena, replaced);
      expect((await arena.retire({ ...input, graceSeconds: 0 })).error).toBe('RetirementFailed');
      isLeftAlone(arena, theirs);
      expect(arena.world.store.holder(SECRET, OWNER)).toBeUndefined();
      expect((await arena.honest.rotate()).error).toBeUndefined();
    },
  );

  it.each(POLICIES)('so does one that is started by hand, where it is to be kept (%s)', async (policy) => {
    const arena = enter(name, ['start'], { retirementPolicy: 'keep' });
    await arena.honest.rotate();
    const replaced = arena.world.usernameOf(arena.current()) === arena.user ? arena.pairUser : arena.user;
    const theirs = takeName(arena, replaced);
    const { error } = await arena.retire({
      version: arena.current(),
      strategy: name,
      predecessor: replaced,
      policy,
    });
    expect(error).toBe('RetirementFailed');
    isLeftAlone(arena, theirs);
  });
});

describe.each(PAIRS)(
  'a recovery meets a retirement that drops the replaced user, at each moment: %s',
  (name) => {
    it.each([1, 2, 3])(
      'rotations go on after it, when each of the two was dropped before (%i)',
      async (times) => {
        await atEachMoment(async (moment) => {
          const arena = enter(name, ['recover'], { retirementPolicy: 'delete' });
          for (let time = 0; time < times; time += 1) await arena.honest.rotate();
          const input = await rotateUntilGrace(arena);
          const calls = callsAt(arena, moment, () => arena.recover());
          await new RetirementMachine(arena.world, { calls }).run(executionArn('met', 'retirement'), {
            ...input,
            graceSeconds: 0,
          });
          for (const _turn of [1, 2])
            expect((await arena.honest.rotate()).error, `${moment}`).toBeUndefined();
          expect(arena.world.logsIn(arena.current())).toBe(true);
          return arena;
        });
      },
    );
  },
);

it.each(PAIRS)(
  'a retirement is stopped right after its drop: a revert gives nothing to one who has that name then, the password and the roles: %s',
  async (name) => {
    const arena = enter(name, [], { retirementPolicy: 'delete' });
    for (const _turn of [1, 2]) await arena.honest.rotate();
    const input = await rotateUntilGrace(arena);
    const old = arena.world.credentialOf(arena.world.store.holder(SECRET, 'AWSPREVIOUS') ?? '');
    if (old === undefined) throw new Error('there is no AWSPREVIOUS');
    const { roles = [] } = arena.world.database.user(old.username) ?? {};
    let wasDropped = false;
    const turn = async (method: string) => {
      if (wasDropped) throw new ExecutionAbortedError();
      wasDropped = method === 'dropUser';
    };
    const retirement = new RetirementMachine(arena.world, { calls: new PortCalls({ turn }) });
    const stopped = retirement.run(executionArn('stopped', 'retirement'), { ...input, graceSeconds: 0 });
    await expect(stopped).rejects.toThrow(ExecutionAbortedError);
    expect(arena.world.database.user(old.username)).toBeUndefined();
    await arena.honest.recover();
    arena.world.database.addUser(old.username, old.password, roles);
    expect((await arena.honest.rotate(undefined, undefined, 'revert')).error).toBe('UntrustedVersionError');
    expect(arena.world.usernameOf(arena.current())).not.toBe(old.username);
  },
);

it.each(PAIRS.flatMap((name) => RETIREMENT_POLICIES.map((policy) => [name, policy] as const)))(
  'the replaced user gets another password right after the promotion, and AWSCURRENT garbage: the new one is left, and a recovery goes on with it (%s, %s)',
  async (name, retirementPolicy) => {
    const arena = enter(name, ['write', 'start'], { retirementPolicy });
    await arena.honest.rotate();
    const before = arena.current();
    const user = arena.world.usernameOf(before) ?? '';
    let isDone = false;
    const turn = async () => {
      if (isDone || arena.current() === before) return;
      isDone = true;
      const { roles = [] } = arena.world.database.user(user) ?? {};
      arena.world.database.addUser(user, newPassword(), roles);
      arena.write('none');
    };
    const { error } = await arena.start({}, undefined, new PortCalls({ turn }));
    expect(error).toBe('RollbackFailed');
    expect((await arena.honest.recover()).error).toBeUndefined();
    expect(arena.world.logsIn(arena.current())).toBe(true);
    for (const _turn of [1, 2]) expect((await arena.honest.rotate()).error).toBeUndefined();
  },
);

describe.each(RETIREMENT_POLICIES)(
  'another team gets the name of the one that a switch left behind (%s)',
  (retirementPolicy) => {
    it.each([1, 2])(
      'a value with their password is not rotated, nor does a recovery take it (%i turns before)',
      async (times) => {
        const { arena } = await switched(retirementPolicy);
        arena.world.store.setTag(SECRET, 'docdb-rotation:retirement-policy', 'keep');
        for (let time = 0; time < times; time += 1)
          expect((await arena.honest.rotate()).error).toBeUndefined();
        const right = arena.current();
        const theirs = takeName(arena, arena.user);
        arena.write(theirs);
        expect((await arena.honest.rotate()).error).toBe('UntrustedVersionError');
        await arena.honest.recover();
        await arena.honest.rotate(undefined, undefined, 'revert');
        isLeftAlone(arena, theirs);
        arena.honest.putBack(right);
        expect((await arena.honest.rotate()).error).toBeUndefined();
        expect(arena.world.usernameOf(arena.current())).toBe(arena.pairUser);
      },
    );
  },
);

describe.each(PAIRS)(
  'a role that is taken from the user in use, at each moment of a rotation that is cut off after its promotion: %s',
  (name) => {
    it.each(['delete', 'keep'])('does not come back by the next ones (%s)', async (policy) => {
      await atEachMoment(async (moment) => {
        const arena = enter(name, ['start'], { retirementPolicy: policy });
        await arena.honest.rotate();
        const before = arena.current();
        const inUse = arena.world.usernameOf(before) ?? '';
        grant(arena, inUse);
        const since: string[] = [];
        let call = 0;
        const turn = async (method: string) => {
          if (arena.current() !== before) throw new ExecutionAbortedError();
          if (arena.wasReached) since.push(method);
          call += 1;
          if (call !== moment) return;
          arena.wasReached = true;
          take(arena, inUse);
        };
        await arena.start({}, undefined, new PortCalls({ turn }));
        await arena.honest.recover();
        for (const _turn of [1, 2]) expect((await arena.honest.rotate()).error, `${moment}`).toBeUndefined();
        // Between the last look and the promotion nothing tells of it.
        if (since.includes('login')) expect(holders(arena), `${moment}, ${since}`).toEqual([]);
        return arena;
      });
    });
  },
);

describe.each(PAIRS)(
  'a role that is taken from the user in use, at each moment of a rotation: %s',
  (name) => {
    const ORDERS = ['the other one’s was taken before', 'the other one’s is taken later, where it is there'];

    it.each(['delete', 'keep'].flatMap((policy) => ORDERS.map((order) => [policy, order] as const)))(
      'does not come back by the next ones (%s, %s)',
      async (policy, order) => {
        const ends = new Set<unknown>();
        await atEachMoment(async (moment) => {
          const arena = enter(name, ['start'], { retirementPolicy: policy });
          await arena.honest.rotate();
          const inUse = arena.world.usernameOf(arena.current()) ?? '';
          const other = inUse === arena.user ? arena.pairUser : arena.user;
          for (const username of [inUse, other]) if (isThere(arena, username)) grant(arena, username);
          if (order === ORDERS[0]) take(arena, other);
          let wasInUse = false;
          const { error } = await arena.honest.rotate(moment, () => {
            wasInUse = arena.world.usernameOf(arena.current()) === inUse;
            take(arena, inUse);
          });
          ends.add(error);
          if (order === ORDERS[1] && error !== undefined) take(arena, other);
          for (const _turn of [1, 2])
            expect((await arena.honest.rotate()).error, `${moment}`).toBeUndefined();
          if (wasInUse) expect(holders(arena), `${moment}`).toEqual([]);
          return arena;
        });
        expect(ends).toEqual(new Set([undefined, 'RolledBack']));
      },
    );
  },
);
