import { describe, expect, it } from 'vitest';
import { ADMIN_SECRET_TAG, STRATEGY_TAG } from '../../functions/contract/tags.ts';
import { markerOf } from '../../functions/secret/marker.ts';
import { versionIdsOf } from '../../functions/secret/version-ids.ts';
import { READ_WRITE } from '../support/in-memory-database.ts';
import { newPassword, newVersionId } from '../support/in-memory-secret-store.ts';
import { PortCalls, ProcessDiedError } from '../support/port-calls.ts';
import { executionArn, RetirementMachine } from '../support/rotation-machine.ts';
import { SECRET } from '../support/rotation-world.ts';
import { type Arena, EVIL_HOST } from './power/arena.ts';
import { atEachMoment, enter, PAIRS, rotateUntilGrace } from './power/enter.ts';
import { freeName, isLeftAlone, takeName } from './power/given-names.ts';
import type { Right } from './power/rights.ts';
import { withoutTheOtherUser } from './power/server-of-mine.ts';

/*
 * A fifteenth reviewer's attacks: on what is left of a record that others replaced, or wrote late.
 */

const OWNER = 'docdb-rotation-owner';

/** AWSCURRENT with another key, as people edit it: the user and password stay. */
const edit = (arena: Arena): void => {
  const { store } = arena.world;
  const value = JSON.parse(store.valueOf(SECRET, arena.current()) ?? '{}');
  store.putWithId(SECRET, newVersionId(), JSON.stringify({ ...value, app: newVersionId() }), ['AWSCURRENT']);
};

/** A pair whose first user a retirement has dropped; another team has a user of that name, whose password I know. */
const afterADrop = async (rights: Right[]) => {
  const arena = enter('alternating-users', rights, { retirementPolicy: 'delete' });
  await arena.honest.rotate();
  expect(freeName(arena)).toBe(arena.user);
  return { arena, theirs: takeName(arena, arena.user) };
};

/** The same, switched to single-user. */
const afterTheSwitch = async (rights: Right[]) => {
  const { arena, theirs } = await afterADrop(rights);
  arena.world.store.setTag(SECRET, STRATEGY_TAG, 'single-user');
  return { arena, theirs };
};

const retireNow = async (arena: Arena, input: Record<string, unknown>, calls: PortCalls) =>
  await new RetirementMachine(arena.world, { calls }).run(
    executionArn(arena.nextName(), 'retirement'),
    input,
  );

/** The numbers of the calls in which a retirement records its drop. */
const callsOfTheMark = async (name: string): Promise<number[]> => {
  const arena = enter(name, [], { retirementPolicy: 'delete' });
  const calls = new PortCalls();
  await retireNow(arena, await rotateUntilGrace(arena), calls);
  expect(calls.recorded).toContain('dropUser');
  return calls.recorded.flatMap((method, index) => (method === 'setTags' ? [index + 1] : []));
};

/**
 * The function of a retirement dies before that call, and a value of mine has the lock until people recover. Another team gets the name: before the retirement
 * goes on, or after it was given up.
 */
const dyingAt = async (name: string, died: number, { isTakenMeanwhile = false } = {}) => {
  const arena = enter(name, ['write'], { retirementPolicy: 'delete' });
  const input = await rotateUntilGrace(arena);
  const free = String(input.predecessor);
  let theirs: ReturnType<typeof takeName> | undefined;
  let call = 0;
  const calls = new PortCalls({
    faults: [{ call: died, when: 'before', error: () => new ProcessDiedError('the process died') }],
    turn: async () => {
      call += 1;
      if (call === died) arena.write('none', OWNER);
      if (call !== died + 4 || !isTakenMeanwhile) return;
      if (freeName(arena) === free) theirs = takeName(arena, free);
      await arena.honest.recover();
    },
  });
  await retireNow(arena, input, calls);
  if (freeName(arena) === free) theirs ??= takeName(arena, free);
  await arena.honest.recover();
  return { arena, theirs };
};

describe('how he got in, and does no more:', () => {
  it('write: a rotation at a host of mine takes the pair off the record: the dropped user’s name is the secret’s own again, and the admin’s power changes whose that is by now', async () => {
    const { arena, theirs } = await afterTheSwitch(['write']);
    arena.write({ username: arena.pairUser, password: newPassword(), host: EVIL_HOST });
    await arena.honest.rotate();
    arena.write(theirs);
    await arena.honest.rotate();
    isLeftAlone(arena, theirs);
  });

  it('write: and a connection string for a host of mine in that value gets the new password of theirs', async () => {
    const { arena, theirs } = await afterTheSwitch(['write']);
    arena.write({ username: arena.pairUser, password: newPassword(), host: EVIL_HOST });
    await arena.honest.rotate();
    arena.write({ ...theirs, url: `mongodb://${theirs.username}:${theirs.password}@${EVIL_HOST}/` });
    await arena.honest.rotate();
    const now = JSON.parse(arena.world.store.valueOf(SECRET, arena.current()) ?? '');
    const [username = '', password = ''] = now.url.slice('mongodb://'.length).split('@')[0].split(':');
    const isSent = password !== theirs.password && now.url.includes(EVIL_HOST);
    expect(isSent && arena.world.database.accepts({ username, password })).toBe(false);
  });

  it('write: the same after an edit of another key by hand, and the rotation that follows it', async () => {
    const { arena, theirs } = await afterTheSwitch(['write']);
    edit(arena);
    expect((await arena.honest.rotate()).status).toBe('SUCCEEDED');
    arena.write(theirs);
    await arena.honest.rotate();
    isLeftAlone(arena, theirs);
  });

  it('no right at all: after an edit by hand and a rotation the pair’s second user, who is the secret’s, is rotated still', async () => {
    const { arena } = await afterTheSwitch([]);
    edit(arena);
    expect((await arena.honest.rotate()).status).toBe('SUCCEEDED');
    expect((await arena.honest.rotate()).error).toBeUndefined();
  });

  it('write: a pair that was rotated at a host of mine is on record for it: switched to single-user, the dropped user’s name counts at the right host', async () => {
    const arena = enter('admin-clone', ['write'], { retirementPolicy: 'delete', admin: true });
    await arena.honest.rotate();
    await arena.honest.rotate();
    expect(freeName(arena)).toBe(arena.pairUser);
    const theirs = takeName(arena, arena.pairUser);
    withoutTheOtherUser(arena);
    arena.write({ password: newPassword(), host: EVIL_HOST });
    expect((await arena.honest.rotate()).status).toBe('SUCCEEDED');
    arena.world.store.setTag(SECRET, STRATEGY_TAG, 'single-user');
    arena.world.store.setTag(SECRET, ADMIN_SECRET_TAG, arena.adminSecret);
    arena.write(theirs);
    await arena.honest.rotate();
    isLeftAlone(arena, theirs);
  });

  it.each(PAIRS)(
    'write + start: an old record that says of AWSCURRENT only that it logged in, written late, after its user was dropped: who has that name now is changed: %s',
    async (name) => {
      await atEachMoment(async (moment) => {
        const arena = enter(name, ['write', 'start'], { retirementPolicy: 'delete' });
        edit(arena);
        await arena.honest.recover();
        let before: object | undefined;
        let free: string | undefined;
        await arena.honest.rotate(moment, async () => {
          arena.write(
            markerOf(executionArn('mine-1'), []),
            [OWNER, 'AWSPENDING'],
            versionIdsOf(executionArn('mine-1'))[0],
          );
          await arena.start({}, 'mine-1');
          free = freeName(arena);
          if (free === undefined) return;
          const other = arena.world.database.user(free === arena.user ? arena.pairUser : arena.user);
          takeName(arena, free, other?.roles ?? READ_WRITE);
          before = { ...arena.world.database.user(free) };
        });
        await arena.honest.recover();
        await arena.honest.rotate();
        if (free !== undefined)
          expect({ moment, user: arena.world.database.user(free) }).toEqual({ moment, user: before });
        return arena;
      });
    },
  );

  it('write: the dropped user’s name, seen by a recovery, and its password changed since: a revert sets the old one by the admin’s power', async () => {
    const arena = enter('alternating-users', ['write'], { retirementPolicy: 'delete' });
    await arena.honest.rotate();
    expect(freeName(arena)).toBe(arena.user);
    const old = takeName(arena, arena.user);
    arena.write(old);
    await arena.honest.recover();
    const theirs = takeName(arena, arena.user);
    arena.write(theirs);
    await arena.honest.rotate(undefined, undefined, 'revert');
    isLeftAlone(arena, theirs);
  });

  it.each(PAIRS)(
    'write: the function of a retirement dies at any of its calls, and I have the lock until another team has the name, or I have: %s',
    async (name) => {
      const [first = 0, last = 0] = await callsOfTheMark(name);
      let came = 0;
      for (let died = first; died <= last; died++) {
        for (const isTakenMeanwhile of [true, false]) {
          const { arena, theirs } = await dyingAt(name, died, { isTakenMeanwhile });
          if (theirs === undefined) continue;
          came += 1;
          await arena.honest.rotate();
          isLeftAlone(arena, theirs);
        }
      }
      // Else this would show nothing.
      expect(came).toBeGreaterThan(0);
    },
  );
});

/* What did not get in. */
describe('kept out:', () => {
  it('write: a rotation at a host of mine, then the dropped user’s name, where the pair is one still', async () => {
    const { arena, theirs } = await afterADrop(['write']);
    withoutTheOtherUser(arena);
    arena.write({ username: arena.pairUser, password: newPassword(), host: EVIL_HOST });
    await arena.honest.rotate();
    arena.write(theirs);
    await arena.honest.rotate();
    isLeftAlone(arena, theirs);
  });
});
