import { describe, expect, it } from 'vitest';
import {
  DatabaseUnavailableError,
  InstanceNotTrustedError,
  RotationFailedError,
} from '../../functions/contract/errors.ts';
import { DROPPED_TAG, RETIREMENT_POLICY_TAG, STRATEGY_TAG } from '../../functions/contract/tags.ts';
import type { Session } from '../../functions/database/database.ts';
import { loginsOnInstances } from '../../functions/database/instances.ts';
import { markerOf } from '../../functions/secret/marker.ts';
import { versionIdsOf } from '../../functions/secret/version-ids.ts';
import { INSTANCES, READ_WRITE } from '../support/in-memory-database.ts';
import { newPassword } from '../support/in-memory-secret-store.ts';
import { PortCalls, ProcessDiedError } from '../support/port-calls.ts';
import { executionArn, RetirementMachine, RotationMachine } from '../support/rotation-machine.ts';
import { ADMIN_SECRET, SECRET } from '../support/rotation-world.ts';
import { triggered } from '../support/triggered.ts';
import { type Arena, EVIL_HOST } from './power/arena.ts';
import { enter, rotateUntilGrace } from './power/enter.ts';
import { freeName, isLeftAlone, takeName } from './power/given-names.ts';
import type { Right } from './power/rights.ts';
import { withoutTheOtherUser } from './power/server-of-mine.ts';

/*
 * An eighteenth reviewer's attacks, of which thirteen got in: on who is gone, on the trigger, and on hosts that are written in another way.
 */

/** A pair whose first user a retirement has dropped; another team has a user of that name, whose password I know. */
const afterADrop = async (rights: Right[]) => {
  const arena = enter('alternating-users', rights, { retirementPolicy: 'delete' });
  await arena.honest.rotate();
  expect(freeName(arena)).toBe(arena.user);
  return { arena, theirs: takeName(arena, arena.user) };
};

const OWNER = 'docdb-rotation-owner';

/** A retirement whose process dies right after its drop; a value of mine has the lock then. */
const retireUntilTheDrop = async (arena: Arena, input: Record<string, unknown>): Promise<void> => {
  const dry = enter('alternating-users', [], { retirementPolicy: 'delete' });
  const seen = new PortCalls();
  await new RetirementMachine(dry.world, { calls: seen }).run(
    executionArn('dry', 'retirement'),
    await rotateUntilGrace(dry),
  );
  const died = seen.recorded.indexOf('dropUser') + 2;
  let call = 0;
  const calls = new PortCalls({
    faults: [{ call: died, when: 'before', error: () => new ProcessDiedError('the process died') }],
    turn: async () => {
      call += 1;
      if (call === died) arena.write('none', OWNER);
    },
  });
  const arn = executionArn(arena.nextName(), 'retirement');
  await new RetirementMachine(arena.world, { calls }).run(arn, input);
};

describe('who is gone:', () => {
  // The list has room for fourteen: who is not on it would count again.
  it('write: rotations at many ports of a host of mine fill the list of who is gone, and the next drop is not on it', async () => {
    const arena = enter('admin-clone', ['write'], { retirementPolicy: 'delete', admin: true });
    const right = arena.world.store.valueOf(SECRET, arena.current()) ?? '';
    withoutTheOtherUser(arena);
    for (let port = 1; port <= 14; port++) {
      arena.write({ password: newPassword(), host: EVIL_HOST, port });
      await arena.honest.rotate();
    }
    // People put the right value back, and drop what stands in the way.
    arena.world.database.removeUser(arena.pairUser);
    arena.world.store.putByHand(SECRET, right);
    expect((await arena.honest.rotate()).error).toBeUndefined();
    expect(freeName(arena)).toBeUndefined();
    expect(arena.world.database.accepts({ ...JSON.parse(right) })).toBe(false);
  });

  // Of a pair the other user shows whose AWSCURRENT's is: where that one is not there, nothing does.
  it('write: the name of the dropped user, where an administrator has dropped the other one too', async () => {
    const { arena, theirs } = await afterADrop(['write']);
    arena.world.database.removeUser(arena.pairUser);
    arena.write(theirs);
    await arena.honest.rotate();
    isLeftAlone(arena, theirs);
  });

  it('the same, of a user that an administrator has made again for the secret: once the tag is off, as the message says, the pair is rotated', async () => {
    const { arena, theirs } = await afterADrop(['write']);
    const { database, store } = arena.world;
    database.removeUser(arena.pairUser);
    database.addUser(theirs.username, theirs.password, READ_WRITE);
    arena.write(theirs);
    const { error, cause } = await arena.honest.rotate();
    expect(error).toBe('UntrustedVersionError');
    expect(cause).toContain(DROPPED_TAG);
    store.removeTag(SECRET, DROPPED_TAG);
    for (const _round of [1, 2, 3]) {
      expect((await arena.honest.rotate()).error).toBeUndefined();
      expect(arena.world.logsIn(arena.current())).toBe(true);
    }
  });

  // With the same roles, so that no rule of roles is in the way.
  it('write: an AWSPREVIOUS for another team’s user that has the name of the dropped one, and the same roles', async () => {
    const arena = enter('alternating-users', ['write'], { retirementPolicy: 'delete' });
    await arena.honest.rotate();
    const theirs = takeName(arena, arena.user, READ_WRITE);
    arena.write(theirs, 'AWSPREVIOUS');
    expect((await arena.honest.rotate()).error).toBe('UserNameTakenError');
    arena.write(theirs, 'AWSPREVIOUS');
    await arena.honest.recover();
    expect((await arena.honest.rotate()).error).toBe('UserNameTakenError');
    isLeftAlone(arena, theirs, READ_WRITE);
  });

  // A revert may make one again that a retirement has dropped, but not from another one that was.
  it('write: the same, and a revert to the other user, who is made again: the retirement after it drops theirs', async () => {
    const { arena, theirs } = await afterADrop(['write']);
    arena.world.database.removeUser(arena.pairUser);
    arena.write(theirs);
    await arena.honest.rotate(undefined, undefined, 'revert');
    isLeftAlone(arena, theirs);
  });

  // The administrator gives the application, whose user was made after mine, its roles again.
  it('write + start: the same in a pair that keeps its users: a revert gives mine the roles that the other one has by then', async () => {
    const { arena, theirs } = await afterADrop(['write', 'start']);
    const { database, store } = arena.world;
    database.removeUser(arena.pairUser);
    store.setTag(SECRET, RETIREMENT_POLICY_TAG, 'keep');
    arena.write(theirs);
    await arena.start();
    const made = database.user(arena.pairUser);
    if (made !== undefined) database.addUser(arena.pairUser, made.password, READ_WRITE);
    await arena.start({ mode: 'revert' });
    isLeftAlone(arena, theirs);
  });

  // To a retirement the user in use looks like one that an earlier call left over.
  it('write + start: a retirement is cut off after its drop; mine drops the other one of the pair, who is in use, and the name of the first is the secret’s again', async () => {
    const arena = enter('alternating-users', ['write', 'start'], { retirementPolicy: 'delete' });
    const first = arena.current();
    const input = await rotateUntilGrace(arena);
    await retireUntilTheDrop(arena, input);
    expect(freeName(arena)).toBe(arena.user);
    const theirs = takeName(arena, arena.user);
    const mine = executionArn('mine', 'retirement');
    arena.write(theirs);
    arena.write(markerOf(mine, []), OWNER, versionIdsOf(mine)[0]);
    await new RetirementMachine(arena.world, { calls: new PortCalls() }).run(mine, {
      secretId: SECRET,
      version: first,
      strategy: 'alternating-users',
      predecessor: arena.pairUser,
      policy: 'delete',
      graceSeconds: 0,
    });
    await arena.honest.recover();
    await arena.honest.rotate();
    isLeftAlone(arena, theirs);
  });

  it('write: a retirement is cut off after its drop, and the pair switched to single-user: the name is someone else’s', async () => {
    const arena = enter('alternating-users', ['write'], { retirementPolicy: 'delete' });
    await retireUntilTheDrop(arena, await rotateUntilGrace(arena));
    await arena.honest.recover();
    const theirs = takeName(arena, arena.user);
    arena.world.store.setTag(SECRET, STRATEGY_TAG, 'single-user');
    arena.write(theirs);
    await arena.honest.rotate();
    isLeftAlone(arena, theirs);
  });

  // Who is gone is known by the host's name, and a cluster can get another one.
  it('write: the dropped user’s name in a switched secret, after the cluster got another name', async () => {
    const { arena, theirs } = await afterADrop(['write']);
    arena.world.store.setTag(SECRET, STRATEGY_TAG, 'single-user');
    const { store } = arena.world;
    const [host = ''] = INSTANCES;
    for (const secret of [SECRET, ADMIN_SECRET]) {
      const now = JSON.parse(store.valueOf(secret, store.holder(secret, 'AWSCURRENT') ?? '') ?? '');
      store.putByHand(secret, JSON.stringify({ ...now, host }));
    }
    arena.write({ ...theirs, host });
    await arena.honest.rotate();
    isLeftAlone(arena, theirs);
  });

  // Nothing but the record shows the one of a switched pair that stays: no rotation elsewhere may replace it.
  it('write: a rotation at a host of mine, of a pair that was switched to single-user: with the right value back it is rotated', async () => {
    const { arena } = await afterADrop(['write']);
    arena.world.store.setTag(SECRET, STRATEGY_TAG, 'single-user');
    const right = arena.world.store.valueOf(SECRET, arena.current()) ?? '';
    arena.write({ password: newPassword(), host: EVIL_HOST });
    await arena.honest.rotate();
    arena.world.store.putByHand(SECRET, right);
    expect((await arena.honest.rotate()).error).toBeUndefined();
  });
});

describe('hosts:', () => {
  // What is behind the last dot is no part of the domain.
  it('be the database: a server at a name that ends with a dot lists an instance on any other such name', async () => {
    const login = { host: 'db.com.', port: 27017, tls: true, username: 'app', password: newPassword() };
    const session = { instances: async () => [{ host: 'evil.com.', port: 27017 }] } as unknown as Session;
    await expect(loginsOnInstances(session, login)).rejects.toThrow(InstanceNotTrustedError);
  });

  it.each([
    ['db.com', 'evil.com'],
    ['db.example.com.', 'evil.com.'],
    ['10.0.0.5', '11.0.0.5'],
  ])('be the database: a server at %s lists an instance on %s', async (host, other) => {
    const login = { host, port: 27017, tls: true, username: 'app', password: newPassword() };
    const session = { instances: async () => [{ host: other, port: 27017 }] } as unknown as Session;
    await expect(loginsOnInstances(session, login)).rejects.toThrow(InstanceNotTrustedError);
  });
});

describe('the trigger:', () => {
  // The latest name may be one that someone else has taken.
  it('start: a failed execution under the next attempt’s name, while the first one has promoted its version: the rotation has succeeded', async () => {
    const { world, known, put, call, nameOf } = triggered();
    await call('createSecret');
    const machine = new RotationMachine(world, { calls: new PortCalls() });
    const [name = ''] = known.keys();
    expect(name).toBe(nameOf(1));
    const ending = await machine.run(executionArn(name), {
      secretId: world.secretArn,
      token: world.store.holder(SECRET, 'AWSPENDING'),
    });
    expect(ending.error).toBeUndefined();
    put(name, 'SUCCEEDED', { secretId: world.secretArn, token: world.store.holder(SECRET, 'AWSCURRENT') });
    put(nameOf(2), 'FAILED', { secretId: world.secretArn, token: world.store.holder(SECRET, 'AWSCURRENT') });
    await call('setSecret');
    await call('testSecret');
    await call('finishSecret');
  });

  // Each name costs a call.
  it('start: ten thousand executions under the names of attempts to come: it asks for no more than some of them', async () => {
    const { put, call, nameOf, asked } = triggered();
    await call('createSecret');
    put(nameOf(1), 'FAILED');
    for (let attempt = 2; attempt <= 10_000; attempt++) put(nameOf(attempt), 'FAILED');
    await call('createSecret').catch(() => {});
    expect(asked.length).toBeLessThan(1000);
  });

  // Its input shows that it is none of this rotation.
  it('start: an execution that runs for long, of something else, under the next attempt’s name: the rotation is tried again all the same', async () => {
    const { put, call, nameOf, known, world } = triggered();
    await call('createSecret');
    put(nameOf(1), 'FAILED');
    const owner = world.store.holder(SECRET, OWNER);
    if (owner !== undefined) world.store.move(SECRET, OWNER, { from: owner });
    // Of another secret, for example, whose database is away.
    put(nameOf(2), 'RUNNING');
    await call('createSecret').catch(() => {});
    expect([...known.keys()]).toContain(nameOf(3));
  });

  // The name was free before the wait: the lock would stay with an execution that is none of this rotation.
  it('start: an execution under the name of the next attempt, begun while the trigger waits for a lock: the rotation is begun by the retry', async () => {
    const { world, put, call, nameOf, onSleep, started } = triggered();
    // A retirement or a recovery has the lock, for as long as a drain.
    const theirs = executionArn('theirs', 'recovery');
    const lockVersion = world.store.addVersionWithId(
      SECRET,
      versionIdsOf(theirs)[0] ?? '',
      [OWNER],
      markerOf(theirs, []),
    );
    let isOver = false;
    onSleep(() => {
      if (isOver) return;
      isOver = true;
      put(nameOf(1), 'SUCCEEDED');
      world.store.move(SECRET, OWNER, { from: lockVersion });
    });
    await expect(call('createSecret')).rejects.toThrow(RotationFailedError);
    await call('createSecret');
    expect(started).toHaveLength(1);
  });
});

describe('recoveries:', () => {
  // Each place is tried by itself.
  it('write: values at two hosts of mine that recoveries see log in; then both hosts are gone: what does log in is found still', async () => {
    const arena = enter('alternating-users', ['write']);
    for (const host of [EVIL_HOST, `other.${EVIL_HOST}`]) {
      arena.write({ password: newPassword(), host });
      await arena.honest.recover();
    }
    const { database, store } = arena.world;
    const original = database.port.bind(database);
    database.port = (gate) => {
      const port = original(gate);
      return {
        login: async (login) => {
          if (login.host.endsWith(EVIL_HOST)) throw new DatabaseUnavailableError('gone');
          return await port.login(login);
        },
      };
    };
    const ending = await arena.honest.recover();
    expect(ending.error).toBeUndefined();
    expect(arena.world.logsIn(store.holder(SECRET, 'AWSCURRENT'))).toBe(true);
  });
});
