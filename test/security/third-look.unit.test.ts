import { describe, expect, it } from 'vitest';
import { markerOf } from '../../functions/secret/marker.ts';
import { pairedIn, provenIn, recordOf } from '../../functions/secret/proven.ts';
import { READ_WRITE } from '../support/in-memory-database.ts';
import { newPassword, newVersionId } from '../support/in-memory-secret-store.ts';
import { PortCalls } from '../support/port-calls.ts';
import { executionArn, RetirementMachine, RotationMachine } from '../support/rotation-machine.ts';
import { begunByService, portsOf, set } from '../support/rotation-steps.ts';
import { SECRET } from '../support/rotation-world.ts';
import type { Ending } from '../support/state-machine.ts';
import { Arena, EVIL_HOST, OTHER_USER, OWN_USER } from './power/arena.ts';
import { LITTLE } from './power/gains.ts';
import type { Right } from './power/rights.ts';
import { type ArenaOptions, WORLDS } from './power/worlds.ts';

/*
 * A third reviewer's attacks, on the record of proven versions: entries for users whose names change hands, tokens that are on record,
 * reverts of reverts, a strategy that changes. Many got in at first.
 */

const OWNER = 'docdb-rotation-owner';
const PREVIOUS = 'AWSPREVIOUS';
const RESETS = [{ resetThroughAdmin: true }, { resetThroughCluster: true }];
const MINE = Object.keys(WORLDS).filter((name) => name.endsWith('the attacker has the other user'));
const ROTATED_PAIRS = Object.keys(WORLDS).filter(
  (name) => WORLDS[name]?.wasRotated && !name.startsWith('single'),
);

const worldOf = (name: string): ArenaOptions => {
  const world = WORLDS[name];
  if (world === undefined) throw new Error(`there is no world ${name}`);
  return world;
};
const enter = (name: string, ...rights: Right[]): Arena => new Arena(rights, worldOf(name));
/** A pair that was never rotated, whose other user's name is free. */
const enterNew = (options: ArenaOptions['options'], ...rights: Right[]): Arena =>
  new Arena(rights, { options: { admin: true, ...options }, pair: 'the secret’s own', wasRotated: true });
const PAIR = { strategy: 'alternating-users' } as const;

const mineOf = (arena: Arena, username = arena.pairUser) => ({ username, password: arena.ownPassword });
const recordIn = async (arena: Arena) => recordOf(await portsOf(arena.world).secrets.describe(SECRET));
const revert = (arena: Arena) => arena.honest.rotate(undefined, undefined, 'revert');
const users = ({ world: { database } }: Arena) =>
  Object.fromEntries(database.usernames().map((name) => [name, JSON.stringify(database.user(name))]));
/** An admin of the database changes only the roles. */
const grant = ({ world: { database } }: Arena, username: string, roles = READ_WRITE): void =>
  database.addUser(username, database.user(username)?.password ?? '', roles);
const errorsOf = (...endings: (Ending | undefined)[]) => endings.map((ending) => ending?.error);
const notOutages = (arena: Arena) => arena.gained().filter((want) => want !== 'outage');

/** My own user's version is AWSCURRENT, a recovery sees it log in, and an operator puts the right version back. */
const seenAndPutBack = async (arena: Arena, username = arena.pairUser): Promise<string> => {
  const right = arena.current();
  const mine = arena.write(mineOf(arena, username));
  await arena.honest.recover();
  arena.honest.putBack(right);
  expect(provenIn(await recordIn(arena))).toContain(mine);
  return mine;
};

/** A rotation of Secrets Manager for a token that is there already, by an execution whose name I choose. */
const startWithToken = (arena: Arena, token: string, name: string): Promise<Ending> => {
  arena.write(markerOf(executionArn(name), [token]), OWNER, arena.idsOf(name)[0]);
  return arena.start({ token }, name);
};

describe('no one gains by the record:', () => {
  it.each(Object.keys(WORLDS))(
    'crowded by versions of my own user with long ids, and a reset: %s',
    async (name) => {
      const arena = enter(name, 'write', 'recover');
      const right = arena.current();
      for (const letter of 'abcd') {
        arena.write(mineOf(arena, OWN_USER), 'AWSCURRENT', letter.repeat(64));
        await arena.recover();
      }
      // A pair stays on record, however many values were seen to log in since.
      expect(provenIn(await recordIn(arena)).includes(right)).toBe(ROTATED_PAIRS.includes(name));
      for (const value of [arena.mine(), { ...arena.mine(), again: true }]) arena.write(value);
      for (const reset of RESETS) await arena.recover(reset);
      expect(notOutages(arena)).toEqual([]);
      arena.honest.putBack(right);
      await arena.honest.rotate();
      await arena.honest.scheduled();
      await arena.honest.recover();
      expect(arena.gained()).toEqual([]);
    },
  );

  it.each(MINE)('a token that is on record, in a first attempt: %s', async (name) => {
    const arena = enter(name, 'write', 'start');
    const mine = await seenAndPutBack(arena);
    arena.write('none', PREVIOUS);
    expect((await startWithToken(arena, mine, 'chosen-1')).error).toBe('UntrustedVersionError');
    expect(arena.gained()).toEqual([]);
  });

  it.each(MINE)('a revert to my user, which an admin has dropped: %s', async (name) => {
    const arena = enter(name, 'write', 'start');
    await seenAndPutBack(arena);
    arena.world.database.removeUser(arena.pairUser);
    expect((await arena.start({ mode: 'revert' })).error).toBe('UntrustedVersionError');
    expect(arena.world.database.user(arena.pairUser)).toBeUndefined();
  });

  it.each(['single-user', ...ROTATED_PAIRS])(
    'a user of others whose password I had once: %s',
    async (name) => {
      const arena = enter(name, 'write', 'start');
      const { database } = arena.world;
      const right = arena.current();
      arena.write({ username: OTHER_USER, password: database.user(OTHER_USER)?.password });
      await arena.honest.recover();
      database.addUser(OTHER_USER, newPassword(), READ_WRITE);
      const before = users(arena);
      await arena.honest.rotate();
      for (const reset of RESETS) await arena.honest.recover(reset);
      arena.honest.putBack(right);
      await arena.start({ mode: 'revert' });
      expect(users(arena)).toEqual(before);
    },
  );

  it.each(ROTATED_PAIRS)('a user named …_clone_clone, each way: %s', async (name) => {
    const arena = enter(name, 'write', 'start');
    const twice = `${arena.pairUser}_clone`;
    arena.world.database.addUser(twice, arena.ownPassword, LITTLE);
    const [right, before] = [arena.current(), users(arena)];
    arena.write(mineOf(arena, twice), PREVIOUS);
    const back = await arena.start({ mode: 'revert' });
    arena.write(mineOf(arena, twice));
    const rotation = await arena.honest.rotate();
    arena.honest.putBack(right);
    const after = await arena.start({ mode: 'revert' });
    expect(errorsOf(back, rotation, after)).not.toContain(undefined);
    expect(users(arena)).toEqual(before);
  });

  it.each(ROTATED_PAIRS)('reverts of reverts: %s', async (name) => {
    const arena = enter(name, 'start');
    const both = provenIn(await recordIn(arena)).sort();
    for (let count = 1; count <= 3; count++) await arena.start({ mode: 'revert' });
    expect(provenIn(await recordIn(arena)).sort()).toEqual(both);
    expect(pairedIn(await recordIn(arena)).sort()).toEqual(both);
    expect(arena.gained()).toEqual([]);
  });

  it('a pair that was a single user for a while, and the name of its other user is someone else’s now', async () => {
    const arena = enterNew(PAIR);
    const { store, database } = arena.world;
    await arena.honest.rotate();
    store.setTag(SECRET, 'docdb-rotation:strategy', 'single-user');
    database.addUser('app', newPassword(), LITTLE);
    await arena.honest.rotate();
    const before = database.user('app');
    store.setTag(SECRET, 'docdb-rotation:strategy', 'alternating-users');
    const endings = [await arena.honest.rotate(), await arena.honest.scheduled()];
    expect(errorsOf(...endings)).toEqual(['UserNameTakenError', 'UserNameTakenError']);
    expect(database.user('app')).toEqual(before);
  });
});

/** What became of a retirement whose rotation has ended, and what the operators were told. */
const retired = async (arena: Arena, rotation: RotationMachine) => {
  const [request] = rotation.retirements as { Input: Record<string, unknown> }[];
  if (request === undefined) throw new Error('no retirement was started');
  const { AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID: _, ...input } = request.Input;
  const machine = new RetirementMachine(arena.world, { calls: new PortCalls() });
  const ending = await machine.run(executionArn('grace', 'retirement'), input);
  return { ending, notices: machine.notices };
};

/** An execution of mine loses its lock to a marker of mine under an id of its own: a recovery follows by itself, and tries what I name. */
const recoveredFor = async (arena: Arena, suspect: string): Promise<void> => {
  const name = newVersionId();
  let isStolen = false;
  const turn = async () => {
    const [first, next] = arena.idsOf(name);
    if (isStolen || arena.world.store.holder(SECRET, OWNER) !== first) return;
    isStolen = true;
    arena.write(markerOf(executionArn(name), [suspect]), OWNER, next);
  };
  expect((await arena.start({}, name, new PortCalls({ turn }))).error).toBe('RotationSupersededError');
};

describe('what once got in, and does not:', () => {
  it.each(MINE)(
    'a token that is on record, in a second attempt, gives my user the roles: %s',
    async (name) => {
      const arena = enter(name, 'write', 'start');
      const mine = await seenAndPutBack(arena);
      arena.write('none', PREVIOUS);
      await startWithToken(arena, mine, 'chosen-2');
      expect(arena.gained()).toEqual([]);
    },
  );

  it.each(MINE)('the same by executions of mine alone, and no honest hand: %s', async (name) => {
    const arena = enter(name, 'write', 'start');
    const right = arena.current();
    const mine = arena.write(mineOf(arena), 'mine');
    for (const version of [right, mine, right]) {
      if (version !== arena.current()) arena.write(arena.mine());
      await recoveredFor(arena, version);
      expect(arena.current()).toBe(right);
    }
    arena.write('none', PREVIOUS);
    await startWithToken(arena, mine, 'chosen-2');
    expect(arena.gained()).toEqual([]);
  });

  it('a value that was refused gives my user the roles, if it has its password by the second attempt', async () => {
    const arena = enter('alternating-users, and the attacker has the other user', 'write', 'read');
    const { database } = arena.world;
    const rotation = arena.world.beginRotation();
    const attempt = async (name: string) => {
      const token = await begunByService(arena.world, executionArn(name), rotation);
      const machine = new RotationMachine(arena.world, { calls: new PortCalls() });
      return await machine.run(executionArn(name), { secretId: SECRET, token });
    };
    await attempt('t-1');
    const { password = '' } = arena.world.credentialOf(rotation.token) ?? {};
    database.addUser(arena.pairUser, password, LITTLE);
    await attempt('t-2');
    expect(database.user(arena.pairUser)?.roles).toEqual(LITTLE);
  });

  it('AWSCURRENT written in the grace: the old admin keeps its login, and no one is told', async () => {
    const arena = enter('admin-clone', 'write');
    const old = arena.world.credentialOf(arena.current());
    const rotation = new RotationMachine(arena.world, { calls: new PortCalls() });
    await rotation.run(executionArn('honest'), { secretId: SECRET });
    arena.write(arena.mine());
    const { ending, notices } = await retired(arena, rotation);
    await arena.honest.recover();
    const isOut = old !== undefined && !arena.world.database.accepts(old);
    expect(isOut || ending.status === 'FAILED' || notices.length > 0).toBe(true);
  });

  it.each(MINE)(
    'a revert gives the pair’s new user the password that mine had, where an admin dropped mine: %s',
    async (name) => {
      const arena = enter(name, 'write');
      await seenAndPutBack(arena);
      // As the message of the refused rotation says.
      arena.world.database.removeUser(arena.pairUser);
      await set(arena.world);
      await arena.honest.recover();
      await revert(arena);
      expect(arena.world.database.accepts(mineOf(arena))).toBe(false);
    },
  );

  it('a retirement drops someone else’s user, which has the name that mine had', async () => {
    const arena = enter('alternating-users, and the attacker has the other user', 'write', 'start');
    await seenAndPutBack(arena);
    arena.world.database.addUser(arena.pairUser, newPassword(), LITTLE);
    const version = arena.current();
    await arena.retire({
      version,
      strategy: 'alternating-users',
      predecessor: arena.pairUser,
      policy: 'delete',
    });
    expect(arena.world.database.usernames()).toContain(arena.pairUser);
  });

  it('a reset gives someone else’s user, which has the name that mine had, my password', async () => {
    const arena = enter('alternating-users, and the attacker has the other user', 'write', 'recover');
    const { database } = arena.world;
    arena.write(mineOf(arena));
    await arena.recover();
    arena.write('none', PREVIOUS);
    database.addUser(arena.pairUser, newPassword(), READ_WRITE);
    await arena.recover({ resetThroughAdmin: true });
    expect(database.accepts(mineOf(arena))).toBe(false);
  });

  it('a user that was made under the name of a deleted predecessor gets the roles', async () => {
    const arena = enterNew({ ...PAIR, retirementPolicy: 'delete' });
    await arena.honest.rotate();
    arena.world.database.addUser('app', arena.ownPassword, LITTLE);
    await arena.honest.rotate();
    expect(arena.world.database.user('app')?.roles).toEqual(LITTLE);
  });

  it('a user that was made between CheckBefore and SetSecret gets the roles', async () => {
    const taken: number[] = [];
    for (let moment = 1; moment <= 30; moment++) {
      const arena = enterNew(PAIR);
      const { database } = arena.world;
      const rotation = await arena.honest.rotate(moment, () => {
        if (database.user(arena.pairUser) !== undefined) return;
        database.addUser(arena.pairUser, arena.ownPassword, LITTLE);
        taken.push(moment);
      });
      if (rotation.status === 'FAILED' && database.accepts(mineOf(arena))) taken.pop();
    }
    expect(taken).toEqual([]);
  });

  it('a rotation of my …_clone_clone makes the two a pair, and a revert gives mine what the other is granted', async () => {
    const arena = enterNew(PAIR, 'write');
    const twice = `${arena.pairUser}_clone`;
    arena.world.database.addUser(twice, arena.ownPassword, LITTLE);
    arena.write(mineOf(arena, twice));
    await arena.honest.rotate();
    grant(arena, arena.pairUser);
    await revert(arena);
    expect(arena.world.database.user(twice)?.roles).toEqual(LITTLE);
  });

  it.each(ROTATED_PAIRS)(
    'my own user as AWSCURRENT while a rotation is recovered: what it made goes on logging in: %s',
    async (name) => {
      const arena = enter(name, 'write');
      const right = arena.current();
      const { plan } = await set(arena.world);
      arena.write(mineOf(arena, OWN_USER));
      await arena.honest.recover();
      arena.honest.putBack(right);
      await arena.honest.recover();
      expect(arena.world.logsIn(plan.pendingVersion)).toBe(false);
    },
  );

  it.each(ROTATED_PAIRS)(
    'what does not log in, and the revert from it: the record forgets the other user: %s',
    async (name) => {
      const arena = enter(name, 'write');
      arena.write(arena.mine());
      expect((await revert(arena)).status).toBe('SUCCEEDED');
      expect((await arena.honest.rotate()).error).toBeUndefined();
    },
  );

  it.each(ROTATED_PAIRS)(
    'my own user, which was seen, then two values that do not log in: the recovery tries what is on record: %s',
    async (name) => {
      const arena = enter(name, 'write');
      await seenAndPutBack(arena, OWN_USER);
      for (const value of [arena.mine(), { ...arena.mine(), again: true }]) arena.write(value);
      await arena.honest.recover();
      expect(arena.world.usernameOf(arena.current())).toBe(arena.user);
    },
  );
});

/* Outages, and what SECURITY names under what remains: each fails as long as it does. */
describe('what remains:', () => {
  it.fails('two that are alike: the password of the other user stands beside a host of mine', async () => {
    const arena = enter('alternating-users, and the attacker has the other user', 'write');
    grant(arena, arena.pairUser);
    const uri = `mongodb://${arena.pairUser}:${arena.ownPassword}@${EVIL_HOST}/`;
    arena.write({ ...mineOf(arena), uri });
    await arena.honest.rotate();
    const text = arena.world.store.valueOf(SECRET, arena.current()) ?? '{}';
    const { username, password, uri: now = '' } = JSON.parse(text);
    expect(username === arena.user && now.includes(password)).toBe(false);
  });

  it.fails('my own user, which an operator has put right: the next recovery brings it back, and loses the password', async () => {
    const arena = enter('single-user, never rotated', 'write');
    await seenAndPutBack(arena, OWN_USER);
    await set(arena.world);
    await arena.honest.recover();
    expect(arena.world.usernameOf(arena.current())).toBe(arena.user);
  });

  it.fails('a value that is a marker too: a recovery does not find the password', async () => {
    const arena = enter('single-user', 'write', 'read');
    const text = arena.world.store.valueOf(SECRET, arena.current()) ?? '{}';
    arena.write(JSON.stringify({ ...JSON.parse(text), ...JSON.parse(markerOf('stranger', [])) }));
    await set(arena.world);
    arena.write({ id: newVersionId() }, 'AWSPENDING');
    expect((await arena.honest.recover()).status).toBe('SUCCEEDED');
  });
});
