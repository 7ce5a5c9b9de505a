import { describe, expect, it } from 'vitest';
import { STRATEGY_TAG } from '../../functions/contract/tags.ts';
import { markerOf } from '../../functions/secret/marker.ts';
import { parseSecretValue } from '../../functions/secret/secret-value.ts';
import { versionIdsOf } from '../../functions/secret/version-ids.ts';
import { CLUSTER, READ_WRITE } from '../support/in-memory-database.ts';
import { newPassword, newVersionId } from '../support/in-memory-secret-store.ts';
import { PortCalls } from '../support/port-calls.ts';
import {
  executionArn,
  RetirementMachine,
  RotationMachine,
  stoppedEvent,
} from '../support/rotation-machine.ts';
import { ADMIN_SECRET, SECRET, secretText } from '../support/rotation-world.ts';
import { type Arena, EVIL_HOST, OTHER_USER, OWN_USER } from './power/arena.ts';
import { atEachMoment, enter, enterInGrace, mallory, PAIRS, rotateUntilGrace } from './power/enter.ts';

/*
 * An eighth reviewer's attacks: three acts around honest ones, values that two parts might read differently, inputs of the three machines.
 */

const OWNER = 'docdb-rotation-owner';
const PREVIOUS = 'AWSPREVIOUS';

const currentValue = (arena: Arena): Record<string, unknown> =>
  JSON.parse(arena.world.store.valueOf(SECRET, arena.current()) ?? '{}');
const giveLock = (arena: Arena, execution: string): string =>
  arena.write(markerOf(execution, []), OWNER, versionIdsOf(execution)[0]);
const withoutOutage = (arena: Arena) => arena.gained().filter((want) => want !== 'outage');
const pairOf = (arena: Arena) => (arena.user === 'boss' ? 'admin-clone' : 'alternating-users');
const otherOf = (arena: Arena): string =>
  arena.world.credentialOf(arena.current())?.username === arena.user ? arena.pairUser : arena.user;

/** An honest person changes one key of AWSCURRENT by hand. */
const editByHand = (arena: Arena, keys: Record<string, unknown>): void => {
  const value = JSON.stringify({ ...currentValue(arena), ...keys });
  arena.world.store.putWithId(SECRET, newVersionId(), value, ['AWSCURRENT']);
};

/** Whether the replaced user is out, or the operators hear that it is not. */
const isOutOrTold = async (arena: Arena, input: Record<string, unknown>, old: object | undefined) => {
  const machine = new RetirementMachine(arena.world, { calls: new PortCalls() });
  const { status } = await machine.run(executionArn('grace', 'retirement'), input);
  const isOut = !arena.world.database.accepts(old as { username: string; password: string });
  return isOut || (status === 'FAILED' && machine.notices.length > 0);
};

const dropNow = async (arena: Arena): Promise<void> => {
  const execution = executionArn(arena.nextName(), 'retirement');
  giveLock(arena, execution);
  await new RetirementMachine(arena.world, { calls: new PortCalls() }).run(execution, {
    secretId: SECRET,
    graceSeconds: 0,
    version: arena.current(),
    predecessor: otherOf(arena),
    policy: 'delete',
    strategy: pairOf(arena),
  });
};

/** Another team gets that name, and a user with the roles that this secret's has; then people rotate. */
const expectLeftAlone = async (arena: Arena, free: string): Promise<void> => {
  const { database } = arena.world;
  const inUse = database.user(free === arena.user ? arena.pairUser : arena.user);
  database.addUser(free, newPassword(), inUse?.roles ?? []);
  const before = { ...database.user(free) };
  await arena.honest.rotate();
  expect(database.user(free)).toEqual(before);
};

/** What stands behind user and password: a program that reads it tells my host the password in clear. */
const LURES = [
  `${CLUSTER},${EVIL_HOST}/?authMechanism=PLAIN`,
  `${CLUSTER}/?proxyHost=${EVIL_HOST}&tls=false&authMechanism=PLAIN`,
];

describe('what got in, and does no more:', () => {
  // A record of before the drop made no pair, but its versions showed whose a name is where the roles are alike.
  it.each(PAIRS.flatMap((name) => ['rotate', 'revert'].map((mode) => [mode, name] as const)))(
    'one late write of an old record: a dropped user’s name counts again, where another team’s user has the same roles: %s, %s',
    async (mode, name) => {
      await atEachMoment(async (moment) => {
        const arena = enterInGrace(name, ['write', 'start']);
        const { database } = arena.world;
        const act = async () => {
          giveLock(arena, executionArn('chosen-1'));
          await arena.start({}, 'chosen-1');
          await arena.start({}, 'chosen-2');
          await dropNow(arena);
        };
        await arena.honest.rotate(moment, act, mode);
        await arena.honest.recover();
        const free = [arena.user, arena.pairUser].find((each) => database.user(each) === undefined);
        if (free === undefined) return arena;
        await expectLeftAlone(arena, free);
        return arena;
      }, 40);
    },
  );

  // The retirement took any proven AWSCURRENT of the pair for a rotation's, also one of the very user that was promoted.
  it.each(PAIRS)(
    'a copy of AWSCURRENT in the grace, and a recovery: the replaced user keeps the password that I read, and no one is told: %s',
    async (name) => {
      const arena = enter(name, ['write', 'read'], { retirementPolicy: 'lock' });
      const [old] = arena.read().filter(({ username }) => username === arena.user);
      const input = await rotateUntilGrace(arena);
      arena.read();
      arena.write({ ...currentValue(arena), note: 'mine' });
      await arena.honest.recover();
      expect(await isOutOrTold(arena, input, old)).toBe(true);
    },
  );

  it.each(PAIRS)(
    'a recovery of mine after someone’s edit by hand in the grace: the same, by the right to recover alone: %s',
    async (name) => {
      const arena = enter(name, ['recover'], { retirementPolicy: 'lock' });
      const old = arena.world.credentialOf(arena.current());
      const input = await rotateUntilGrace(arena);
      editByHand(arena, { note: 'edited' });
      await arena.recover();
      expect(await isOutOrTold(arena, input, old)).toBe(true);
    },
  );

  it('a rotation of mine after a switch to single-user in the grace: the same, by the right to start alone', async () => {
    const arena = enter('admin-clone', ['start']);
    const old = arena.world.credentialOf(arena.current());
    const input = await rotateUntilGrace(arena);
    arena.world.store.setTag(SECRET, STRATEGY_TAG, 'single-user');
    await arena.start();
    expect(await isOutOrTold(arena, input, old)).toBe(true);
  });

  // The name was a hash of the execution's ARN and the day, and "exists already" is taken for one's own.
  it.each(PAIRS)(
    'an execution of mine under the name that a retirement will have: the rotation says that one was started, and none was: %s',
    async (name) => {
      const arena = enter(name, ['start'], { retirementPolicy: 'lock' });
      // In a world of my own I see the name beforehand. An input that is refused makes no alarm ring.
      const other = new RotationMachine(enter(name, [], { retirementPolicy: 'lock' }).world, {
        calls: new PortCalls(),
      });
      await other.run(executionArn('mine'), { secretId: SECRET });
      const taken = other.retirements.map((request) => (request as { Name: string }).Name);
      const started: string[] = [];
      const startExecution = async ({ Name }: { Name: string }) => {
        if (taken.includes(Name)) {
          const error = new Error('it has ended');
          error.name = 'StepFunctions.ExecutionAlreadyExistsException';
          throw error;
        }
        started.push(Name);
        return { ExecutionArn: Name };
      };
      const tasks = { 'arn:aws:states:::states:startExecution': startExecution as never };
      const { output } = await new RotationMachine(arena.world, { calls: new PortCalls(), tasks }).run(
        executionArn('mine'),
        { secretId: SECRET },
      );
      const { retirement } = output as { retirement: string };
      expect(started.length > 0 || retirement === 'unknown').toBe(true);
    },
  );

  // A connection string counted as the secret's own if one of its hosts was: the others, and its options, are the writer's.
  it.each(['single-user', ...PAIRS].flatMap((name) => LURES.map((lure) => [lure, name] as const)))(
    'a connection string for the cluster, in a value of which an operator mends the password: it gets the next password: %s, %s',
    async (lure, name) => {
      const arena = enter(name, ['write']);
      const { password } = currentValue(arena);
      const uri = `mongodb://${arena.user}:outdated@${lure}`;
      arena.write({ password: newPassword(), uri });
      editByHand(arena, { password });
      await arena.honest.rotate();
      expect(currentValue(arena).uri).toBe(uri);
    },
  );
});

describe('what the user’s name on record stops:', () => {
  it('my own user as AWSCURRENT, one scheduled rotation, and the right version put back: later rotations go on', async () => {
    const arena = enter('alternating-users', ['write']);
    const right = arena.current();
    arena.write(mallory(arena));
    await arena.honest.scheduled();
    arena.honest.putBack(right);
    await arena.honest.recover();
    expect((await arena.honest.rotate()).error).toBeUndefined();
  });

  it('the same, read: a second user by the admin’s power', async () => {
    const arena = enter('alternating-users', ['write', 'read']);
    const right = arena.current();
    arena.write(mallory(arena));
    await arena.honest.scheduled();
    const [twin] = arena.read().filter(({ username }) => username === `${OWN_USER}_clone`);
    arena.honest.putBack(right);
    await arena.honest.recover();
    arena.world.database.removeUser(OWN_USER);
    expect(twin && arena.world.database.accepts(twin)).toBeFalsy();
  });

  it('a password of another team’s user that I read once: a second user with its roles', async () => {
    const arena = enter('alternating-users', ['write', 'read']);
    const { database } = arena.world;
    const seen = { username: OTHER_USER, password: newPassword() };
    database.addUser(OTHER_USER, seen.password, READ_WRITE);
    arena.write(seen);
    await arena.honest.scheduled();
    const [twin] = arena.read().filter(({ username }) => username === `${OTHER_USER}_clone`);
    database.addUser(OTHER_USER, newPassword(), READ_WRITE);
    expect(twin && database.accepts(twin)).toBeFalsy();
  });
});

/* What SECURITY names under what remains: each fails as long as it does. */
describe('what remains:', () => {
  // The matrix says of write + recover only that they have a login.
  it.fails('a connection string for my host, beside a password of mine that a reset sets: it gets the next password', async () => {
    const arena = enter('single-user, never rotated', ['write', 'recover']);
    const mine = arena.mine();
    const uri = `mongodb://${mine.username}:${mine.password}@${EVIL_HOST}/?authMechanism=PLAIN`;
    for (const number of [1, 2]) arena.write({ ...mine, uri, number });
    await arena.recover({ resetThroughAdmin: true });
    await arena.honest.rotate();
    expect(currentValue(arena).uri).toBe(uri);
  });
});

describe('what is prevented:', () => {
  it('a line of mine in the operators’ mail, by the input of a retirement', async () => {
    const arena = enter('alternating-users', ['start']);
    const words = 'x was retired.\n\nNext: https://evil.example';
    for (const changed of [{ predecessor: words }, { secretId: words }]) {
      const machine = new RetirementMachine(arena.world, { calls: new PortCalls() });
      await machine.run(executionArn(arena.nextName(), 'retirement'), {
        secretId: SECRET,
        version: arena.current(),
        predecessor: 'x',
        policy: 'lock',
        strategy: 'alternating-users',
        graceSeconds: 0,
        ...changed,
      });
      const [{ Message }] = machine.notices as [{ Message: string }];
      // A reason quotes it, behind the words of this project.
      expect(Message).toMatch(/^The user \S+ of \S+ could not be retired: \w+Error: [^\n]*$/);
    }
  });

  it.each(PAIRS)(
    'where no record is old, the name of a dropped user is left alone, whatever roles it has now: %s',
    async (name) => {
      const arena = enter(name, ['write', 'start'], { retirementPolicy: 'delete' });
      for (const mode of ['rotate', 'revert', 'rotate', 'rotate', 'revert']) {
        await arena.start({ mode });
        const free = [arena.user, arena.pairUser].find(
          (each) => arena.world.database.user(each) === undefined,
        );
        if (free !== undefined) return await expectLeftAlone(arena, free);
      }
      throw new Error('no user was dropped');
    },
  );

  it.each(['single-user', ...PAIRS])(
    'a connection string for my host alone, in a value of which an operator mends the password: %s',
    async (name) => {
      const arena = enter(name, ['write']);
      const { password } = currentValue(arena);
      const uri = `mongodb://${arena.user}:outdated@${EVIL_HOST}/?authMechanism=PLAIN`;
      arena.write({ password: newPassword(), uri });
      editByHand(arena, { password });
      expect((await arena.honest.rotate()).error).toBeUndefined();
      expect(currentValue(arena).uri).toBe(uri);
    },
  );

  it.each(PAIRS)(
    'my own user as AWSCURRENT in the grace, seen by a recovery: the operators are told that the replaced one was not retired: %s',
    async (name) => {
      const arena = enter(name, ['write'], { retirementPolicy: 'lock' });
      const old = arena.world.credentialOf(arena.current());
      const input = await rotateUntilGrace(arena);
      arena.write(mallory(arena));
      await arena.honest.recover();
      expect(await isOutOrTold(arena, input, old)).toBe(true);
    },
  );

  it.each(PAIRS)(
    'an edit by hand in the grace without a recovery: the replaced user is out: %s',
    async (name) => {
      const arena = enter(name, [], { retirementPolicy: 'lock' });
      const old = arena.world.credentialOf(arena.current());
      const input = await rotateUntilGrace(arena);
      editByHand(arena, { note: 'edited' });
      await isOutOrTold(arena, input, old);
      expect(old && arena.world.database.accepts(old)).toBe(false);
    },
  );

  it.each(['_clone', 'x_clone_clone', 'a'.repeat(58), '__proto__', 'toString'])(
    'a name at a limit makes and changes no user: %s',
    async (username) => {
      for (const name of PAIRS) {
        const arena = enter(`${name}, never rotated`, ['write'], { username });
        const users = () =>
          arena.world.database.usernames().map((each) => [each, arena.world.database.user(each)]);
        const before = users();
        arena.write({ ...mallory(arena), username: `${username}_clone` }, PREVIOUS);
        for (const mode of ['rotate', 'revert'])
          expect((await arena.honest.rotate(undefined, undefined, mode)).status).toBe('FAILED');
        expect(users()).toEqual(before);
      }
    },
  );

  it('a user whose name looks the same, in another form of Unicode, is no other half', async () => {
    const arena = enter('alternating-users', ['write'], {
      username: '\u00e5pp',
      previous: { username: '\u00e5pp_clone', state: 'logs in' },
    });
    arena.world.database.addUser('a\u030app_clone', arena.ownPassword, READ_WRITE);
    arena.write({ username: 'a\u030app_clone', password: arena.ownPassword }, PREVIOUS);
    expect((await arena.honest.rotate(undefined, undefined, 'revert')).error).toBe('UntrustedVersionError');
    expect((await arena.honest.rotate()).error).toBe('UntrustedVersionError');
    expect(arena.world.database.user('a\u030app_clone')?.password).toBe(arena.ownPassword);
  });

  it.each([
    `"__proto__":{"ssl":false,"host":"${EVIL_HOST}","username":"root"}`,
    '"constructor":{"prototype":{"ssl":false}}',
    `"Host":"${EVIL_HOST}","HOST":"${EVIL_HOST}","hosts":["${EVIL_HOST}"]`,
    '"SSL":false,"tls":false,"ssl ":false',
    '"\\u0000ssl":false',
  ])('keys that look like others say nothing of where, as whom, and how: %s', (keys) => {
    const plain = secretText({ username: 'app', password: newPassword() });
    const odd = `${plain.slice(0, -1)},${keys}}`;
    expect(parseSecretValue(odd, 'it').login).toEqual(parseSecretValue(plain, 'it').login);
  });

  it.each(['single-user', ...PAIRS])(
    'a key twice: the last one counts, for all parts alike: %s',
    async (name) => {
      for (const label of ['AWSCURRENT', PREVIOUS]) {
        const arena = enter(name, ['write']);
        const right = arena.current();
        const text = secretText({ ...arena.mine() });
        for (const keys of [
          `"host":"${EVIL_HOST}"`,
          `"username":"${OTHER_USER}"`,
          '"ssl":false',
          `"username":"${OWN_USER}","password":"${arena.ownPassword}","username":"${arena.pairUser}"`,
        ]) {
          arena.write(`${text.slice(0, -1)},${keys}}`, label);
          await arena.honest.rotate(undefined, undefined, label === PREVIOUS ? 'revert' : 'rotate');
          arena.honest.putBack(right);
        }
        expect(withoutOutage(arena)).toEqual([]);
      }
    },
  );

  it.each(['single-user', ...PAIRS])(
    'each version, each user and each policy, as the input of a retirement: %s',
    async (name) => {
      const arena = enter(name, ['write', 'start']);
      const { database } = arena.world;
      arena.write({ ...arena.mine(OTHER_USER) }, PREVIOUS);
      const known = [OWN_USER, OTHER_USER, 'root', arena.user];
      const before = known.map((each) => database.user(each));
      const versions = [...arena.versions(), 'none', '__proto__'];
      for (const version of versions)
        for (const predecessor of [
          ...known,
          `${OTHER_USER}_clone`,
          `${arena.pairUser}_clone`,
          ' ',
          `${arena.pairUser}\n`,
        ])
          for (const policy of ['delete', 'revoke', 'lock'])
            await arena.retire({
              version,
              predecessor,
              policy,
              strategy: PAIRS[versions.indexOf(version) % 2],
            });
      expect(known.map((each) => database.user(each))).toEqual(before);
      expect(arena.world.store.labels(SECRET)).not.toHaveProperty(OWNER);
      expect(arena.gained()).toEqual([]);
    },
  );

  it.each(['single-user, never rotated', ...PAIRS])(
    'events that I make up: a chain of executions, a token of mine, and resets in them: %s',
    async (name) => {
      const arena = enter(name, ['write', 'start', 'recover']);
      const right = arena.current();
      const token = arena.write(arena.mine(), 'mine');
      const mine = executionArn('mine-1');
      await arena.start({ token }, 'mine-1');
      for (const number of [1, 2]) arena.write({ ...arena.mine(), number });
      for (const reset of ['resetThroughAdmin', 'resetThroughCluster']) {
        const event = { ...stoppedEvent(mine, { secretId: SECRET, token, [reset]: true }), [reset]: true };
        const chained = executionArn(reset, 'recovery');
        arena.world.executions.set(chained, event);
        for (const input of [event, { ...event, executionArn: chained }]) await arena.recover(input);
      }
      expect(withoutOutage(arena)).toEqual([]);
      arena.honest.putBack(right);
      await arena.honest.recover();
      expect(arena.world.logsIn(arena.current())).toBe(true);
    },
  );

  it.each(['AWSCURRENT', 'AWSPENDING', PREVIOUS])(
    'the admin secret as the one that I write, while an application’s is rotated: %s',
    async (label) => {
      for (const name of ['single-user', 'alternating-users']) {
        const arena = enter(name, []);
        const { store } = arena.world;
        const values = [
          mallory(arena),
          { ...mallory(arena), host: EVIL_HOST },
          { ...arena.mine('root'), ssl: false },
          { ...arena.mine('root'), host: EVIL_HOST, port: 1 },
        ];
        for (const value of values)
          for (const mode of ['rotate', 'revert']) {
            await arena.honest.rotate(
              14,
              () => store.putWithId(ADMIN_SECRET, newVersionId(), secretText(value), [label]),
              mode,
            );
            await arena.honest.recover();
          }
        expect(withoutOutage(arena)).toEqual([]);
      }
    },
  );

  it('a pair becomes a single user and a pair again, with a seen version of mine in between', async () => {
    const arena = enter('alternating-users, and the attacker has the other user', [
      'write',
      'start',
      'recover',
    ]);
    const { store } = arena.world;
    const right = arena.current();
    const strategies = ['single-user', 'alternating-users', 'single-user', 'alternating-users'];
    for (const strategy of strategies) {
      store.setTag(SECRET, STRATEGY_TAG, strategy);
      arena.write({ username: arena.pairUser, password: arena.ownPassword });
      await arena.recover();
      arena.honest.putBack(right);
      await arena.honest.recover();
      for (const mode of ['rotate', 'revert']) await arena.start({ mode });
    }
    expect(withoutOutage(arena)).toEqual([]);
  });
});
