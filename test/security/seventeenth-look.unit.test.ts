import { describe, expect, it } from 'vitest';
import { ADMIN_SECRET_TAG, STRATEGY_TAG, USER_TAG } from '../../functions/contract/tags.ts';
import { markerOf } from '../../functions/secret/marker.ts';
import { PORT, ROOT } from '../support/in-memory-database.ts';
import { newPassword, newVersionId } from '../support/in-memory-secret-store.ts';
import { SECRET } from '../support/rotation-world.ts';
import { type Arena, EVIL_HOST } from './power/arena.ts';
import { atEachMoment, enter, enterNew, isLeftEnabled, mallory, PAIRS, recordIn } from './power/enter.ts';
import { freeName, isLeftAlone, takeName } from './power/given-names.ts';
import type { Right } from './power/rights.ts';
import { withoutTheOtherUser } from './power/server-of-mine.ts';

/*
 * A seventeenth reviewer's attacks, of which ten got in: on who counts as the secret's user by a name alone, and on what is forgotten between two places.
 */

const OWNER = 'docdb-rotation-owner';

/** A version id as long as Secrets Manager takes it. */
const longId = (): string => `${newVersionId()}${newVersionId()}`.replaceAll('-', '').slice(0, 64);

/** My server refuses the first login, and lets everyone in from then on. */
const refusingAtFirst = ({ world: { database } }: Arena): void => {
  const original = database.port.bind(database);
  let asked = 0;
  const me = {
    ping: async () => {},
    instances: async () => [{ host: EVIL_HOST, port: PORT }],
    takesWrites: async () => 'here' as const,
    ownRoles: async () => ROOT,
    findUser: async () => ({ roles: ROOT }),
    createUser: async () => {},
    updateUser: async () => {},
    dropUser: async () => {},
    [Symbol.asyncDispose]: async () => {},
  };
  database.port = (gate) => {
    const port = original(gate);
    return {
      login: async (login) => {
        if (login.host !== EVIL_HOST) return await port.login(login);
        asked += 1;
        return asked === 1 ? undefined : me;
      },
    };
  };
};

/** A pair, one of which a retirement has dropped: the next rotation makes that user again. */
const afterADrop = async (name: string, rights: Right[]): Promise<Arena> => {
  const arena = enter(name, rights, { retirementPolicy: 'delete' });
  await arena.honest.rotate();
  expect(freeName(arena)).toBe(arena.user);
  return arena;
};

/** A value for my host under the labels that count. */
const steal = (arena: Arena, username = arena.user) =>
  arena.write({ username, host: EVIL_HOST, password: newPassword() }, ['AWSCURRENT', 'AWSPENDING', OWNER]);

/** People put the right value back after that, and recover. */
const putRight = async (arena: Arena, right: string, written: string): Promise<void> => {
  await arena.honest.recover();
  const isPromoted = (await recordIn(arena)).some((entry) => /^=\+?/.test(entry) && entry.endsWith(written));
  arena.honest.putBack(isPromoted ? written : right);
  await arena.honest.recover();
};

const expectDisabled = (arena: Arena, moment: number, written: string) =>
  expect({ moment, isEnabled: isLeftEnabled(arena, written) }).toEqual({ moment, isEnabled: false });

/** So many retirements at my host, then one at the right one, whose user's name another team gets; and the switch to single-user. */
const dropsAtMyHost = async (most: number) => {
  const arena = enter('admin-clone', ['write'], { retirementPolicy: 'delete', admin: true });
  const { store, database } = arena.world;
  const right = arena.current();
  withoutTheOtherUser(arena);
  for (let port = 1; port <= most; port++) {
    arena.write({ username: arena.user, password: newPassword(), host: EVIL_HOST, port });
    expect((await arena.honest.rotate()).error).toBeUndefined();
  }
  // The record shows that user no more, as is written down: people drop it.
  database.removeUser(arena.pairUser);
  arena.honest.putBack(right);
  await arena.honest.rotate();
  // A retirement may also have locked that user, where it has no room to say who is gone.
  const isFree = freeName(arena) === arena.user;
  const theirs = isFree ? takeName(arena, arena.user) : undefined;
  store.setTag(SECRET, STRATEGY_TAG, 'single-user');
  store.setTag(SECRET, ADMIN_SECRET_TAG, arena.adminSecret);
  // Replaces the record, so that the tag keeps the name.
  arena.write({ username: arena.user, password: newPassword(), host: EVIL_HOST });
  await arena.honest.rotate();
  arena.write(theirs ?? {});
  return { arena, theirs };
};

describe('what got in, of first class, and does no more:', () => {
  // Of a pair either name counts, since the look at the other user tells; a revert that stays with the same one has no such look.
  it('write: another team’s `…_clone`, which never was one of a pair, seen by a recovery, and its password changed since: a revert sets the old one by the admin’s power', async () => {
    const arena = enter('alternating-users, never rotated', ['write']);
    arena.world.store.setTag(SECRET, USER_TAG, arena.user);
    arena.write(takeName(arena, arena.pairUser));
    await arena.honest.recover();
    const theirs = takeName(arena, arena.pairUser);
    arena.write(theirs);
    await arena.honest.rotate(undefined, undefined, 'revert');
    isLeftAlone(arena, theirs);
  });

  // Where a switched pair is rotated, the tag is written again: only at the admin secret's place.
  it('write: an admin’s pair is rotated at a host of mine, and after the switch to single-user once more: the tag names the `…_clone`, which is another team’s at the right host', async () => {
    const arena = enter('admin-clone, never rotated', ['write'], { admin: true });
    const { store } = arena.world;
    store.setTag(SECRET, USER_TAG, arena.user);
    const theirs = takeName(arena, arena.pairUser);
    withoutTheOtherUser(arena);
    arena.write({ username: arena.user, password: newPassword(), host: EVIL_HOST });
    expect((await arena.honest.rotate()).error).toBeUndefined();
    store.setTag(SECRET, STRATEGY_TAG, 'single-user');
    store.setTag(SECRET, ADMIN_SECRET_TAG, arena.adminSecret);
    await arena.honest.rotate();
    arena.write(theirs);
    await arena.honest.rotate();
    isLeftAlone(arena, theirs);
  });

  // Where the tag is full, no one is dropped any more.
  it('write: fourteen retirements at a host of mine fill the tag of who is gone: the name of one that is dropped at the right host counts', async () => {
    const { arena, theirs } = await dropsAtMyHost(14);
    await arena.honest.rotate();
    if (theirs !== undefined) isLeftAlone(arena, theirs);
  });

  // What was seen to log in shows whose a name is, once nothing else is on record: no rotation elsewhere may bring that about.
  it('write + recover: a dropped user’s name is someone else’s, and what has nothing to do with that falls off a full record: a reset sets the password that they had once, and that I know', async () => {
    const arena = await afterADrop('alternating-users', ['write', 'recover']);
    arena.world.store.setTag(SECRET, STRATEGY_TAG, 'single-user');
    const old = takeName(arena, arena.user);
    arena.write({ username: arena.user, password: newPassword(), host: EVIL_HOST });
    await arena.honest.rotate();
    for (let count = 0; count < 4; count++) {
      arena.write(old, 'AWSCURRENT', longId());
      await arena.recover();
    }
    const theirs = takeName(arena, arena.user);
    await arena.recover({ resetThroughAdmin: true });
    expect(arena.world.database.accepts(old)).toBe(false);
    isLeftAlone(arena, theirs);
  });

  // `-id` and `=id` stand beside `@id` on record, and say nothing of how the revert ends.
  it.each(PAIRS)(
    'write: a revert to a user that was dropped, cut off by a value for a host of mine, which a recovery sees log in: the dropped login is back for good: %s',
    async (name) => {
      await atEachMoment(async (moment) => {
        const arena = await afterADrop(name, ['write']);
        const right = arena.current();
        const dropped = arena.world.store.holder(SECRET, 'AWSPREVIOUS') ?? '';
        await arena.honest.rotate(moment, () => steal(arena), 'revert');
        await putRight(arena, right, dropped);
        await arena.honest.rotate();
        expectDisabled(arena, moment, dropped);
        return arena;
      });
    },
  );

  // The same rule.
  it('write: the same of an admin’s locked predecessor, until the next rotation', async () => {
    await atEachMoment(async (moment) => {
      const arena = enter('admin-clone', ['write']);
      const right = arena.current();
      const locked = arena.world.store.holder(SECRET, 'AWSPREVIOUS') ?? '';
      const { status } = await arena.honest.rotate(moment, () => steal(arena), 'revert');
      const isPromoted = status === 'SUCCEEDED' || (await recordIn(arena)).includes(`=+${locked}`);
      await arena.honest.recover();
      arena.honest.putBack(isPromoted ? locked : right);
      await arena.honest.recover();
      expectDisabled(arena, moment, locked);
      return arena;
    });
  });

  // The power comes from the pair's own place alone.
  it('write: in an admin’s first rotation as a pair my server lets a recovery in only when that looks for power: it drops the user that was made on my server', async () => {
    await atEachMoment(async (moment) => {
      const arena = enterNew('admin-clone', ['write']);
      arena.world.store.setTag(SECRET, USER_TAG, arena.user);
      const [written = ''] = arena.idsOf('theirs');
      refusingAtFirst(arena);
      await arena.honest.rotate(moment, () => steal(arena, 'guest'), 'rotate', 'theirs');
      await arena.honest.recover();
      await arena.honest.rotate();
      expectDisabled(arena, moment, written);
      return arena;
    });
  });

  // The same: the right version comes behind AWSCURRENT, where the lock of mine names it.
  it('write: the same where it was rotated as a single user before', async () => {
    await atEachMoment(async (moment) => {
      const arena = enterNew('admin-clone', ['write']);
      const { store } = arena.world;
      store.setTag(SECRET, STRATEGY_TAG, 'single-user');
      expect((await arena.honest.rotate()).error).toBeUndefined();
      store.setTag(SECRET, STRATEGY_TAG, 'admin-clone');
      const right = arena.current();
      const [written = ''] = arena.idsOf('theirs');
      refusingAtFirst(arena);
      const act = () => {
        arena.write({ host: EVIL_HOST, username: arena.user, password: newPassword() });
        arena.write(markerOf('mine', [right]), OWNER);
      };
      await arena.honest.rotate(moment, act, 'rotate', 'theirs');
      await arena.honest.recover();
      await arena.honest.rotate();
      expectDisabled(arena, moment, written);
      return arena;
    });
  });

  // Declared in SECURITY: what a recovery left open is forgotten by the next rotation that begins, wherever that is.
  it.fails.each(PAIRS)(
    'write: a rotation cut off by a value for a host of mine, which a recovery sees log in, and a rotation there before people put the right one back: the user that was made is forgotten: %s',
    async (name) => {
      await atEachMoment(async (moment) => {
        const arena = enterNew(name, ['write'], { retirementPolicy: 'lock' });
        const right = arena.current();
        const [written = ''] = arena.idsOf('theirs');
        await arena.honest.rotate(moment, () => steal(arena), 'rotate', 'theirs');
        await arena.honest.recover();
        await arena.honest.rotate();
        await putRight(arena, right, written);
        await arena.honest.rotate();
        expectDisabled(arena, moment, written);
        return arena;
      });
    },
  );
});

describe('of second class:', () => {
  // One that was dropped and made again would be gone still, if a rotation at a host of mine could replace the record.
  it('write: a pair whose users were dropped and made again is switched to single-user: after one rotation at a host of mine the right value is refused', async () => {
    const arena = await afterADrop('alternating-users', ['write']);
    await arena.honest.rotate();
    arena.world.store.setTag(SECRET, STRATEGY_TAG, 'single-user');
    const right = arena.current();
    const username = arena.world.credentialOf(right)?.username;
    arena.write({ username, password: newPassword(), host: EVIL_HOST });
    await arena.honest.rotate();
    arena.honest.putBack(right);
    expect(arena.world.logsIn(right)).toBe(true);
    expect((await arena.honest.rotate()).error).toBeUndefined();
  });

  // The power is the pair's own.
  it('write: my own user as AWSCURRENT, and the lock of an admin’s rotation: the recovery looks for power in it, and fails', async () => {
    await atEachMoment(async (moment) => {
      const arena = enterNew('admin-clone', ['write']);
      const act = () => arena.write(mallory(arena), ['AWSCURRENT', OWNER]);
      await arena.honest.rotate(moment, act, 'rotate', 'theirs');
      const { error } = await arena.honest.recover();
      expect({ moment, error }).toEqual({ moment, error: undefined });
      return arena;
    });
  });
});

/* What did not get in. */
describe('kept out:', () => {
  it('write: thirteen retirements at a host of mine leave room for the one at the right host', async () => {
    const { arena, theirs } = await dropsAtMyHost(13);
    expect((await arena.honest.rotate()).error).toBe('UntrustedVersionError');
    if (theirs === undefined) throw new Error('no name is free');
    isLeftAlone(arena, theirs);
  });

  it('write: another team’s `…_clone` as AWSCURRENT of a rotation, where the secret’s user is on record', async () => {
    const arena = enter('single-user', ['write']);
    arena.world.store.setTag(SECRET, STRATEGY_TAG, 'alternating-users');
    const theirs = takeName(arena, arena.pairUser);
    arena.write(theirs);
    expect((await arena.honest.rotate()).error).toBe('UserNameTakenError');
    isLeftAlone(arena, theirs);
  });

  it('write: a server of mine that lets a recovery in only when it looks for power, in a later rotation: that goes forward', async () => {
    await atEachMoment(async (moment) => {
      const arena = await afterADrop('admin-clone', ['write']);
      const [written = ''] = arena.idsOf('theirs');
      refusingAtFirst(arena);
      await arena.honest.rotate(moment, () => steal(arena, arena.pairUser), 'rotate', 'theirs');
      await arena.honest.recover();
      await arena.honest.rotate();
      expectDisabled(arena, moment, written);
      return arena;
    });
  });

  it('write: a host of mine that a recovery saw before, named by the lock that I steal between record and promotion: what was promoted stays on record as written', async () => {
    await atEachMoment(async (moment) => {
      const arena = await afterADrop('admin-clone', ['write']);
      const right = arena.current();
      const [written = ''] = arena.idsOf('theirs');
      const mine = { username: arena.pairUser, host: EVIL_HOST };
      const seen = arena.write({ ...mine, password: newPassword() });
      await arena.honest.recover();
      arena.honest.putBack(right);
      const act = () => {
        arena.write({ ...mine, password: newPassword() });
        arena.write(markerOf('mine', [seen]), OWNER);
      };
      await arena.honest.rotate(moment, act, 'rotate', 'theirs');
      await putRight(arena, right, written);
      await arena.honest.rotate();
      expectDisabled(arena, moment, written);
      return arena;
    });
  });

  it('write: my own user as AWSCURRENT, and the lock of a rotation by an admin’s power: the user that was made is disabled', async () => {
    await atEachMoment(async (moment) => {
      const arena = enterNew('alternating-users', ['write']);
      const [written = ''] = arena.idsOf('theirs');
      const act = () => arena.write(mallory(arena), ['AWSCURRENT', OWNER]);
      await arena.honest.rotate(moment, act, 'rotate', 'theirs');
      expect((await arena.honest.recover()).error).toBeUndefined();
      // What was promoted is one of the pair, and is rotated.
      if (!(await recordIn(arena)).includes(`=${written}`)) expectDisabled(arena, moment, written);
      return arena;
    });
  });
});
