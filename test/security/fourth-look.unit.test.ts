import { describe, expect, it } from 'vitest';
import { markerOf } from '../../functions/secret/marker.ts';
import { CLUSTER } from '../support/in-memory-database.ts';
import { newPassword, newVersionId } from '../support/in-memory-secret-store.ts';
import { PortCalls } from '../support/port-calls.ts';
import {
  executionArn,
  RecoveryMachine,
  RetirementMachine,
  RotationMachine,
  stoppedEvent,
} from '../support/rotation-machine.ts';
import { portsOf } from '../support/rotation-steps.ts';
import { ADMIN_SECRET, SECRET, secretText } from '../support/rotation-world.ts';
import { Arena, EVIL_HOST, OTHER_USER, OWN_USER } from './power/arena.ts';
import { LITTLE } from './power/gains.ts';
import type { Right } from './power/rights.ts';
import { type ArenaOptions, WORLDS } from './power/worlds.ts';

/*
 * A fourth reviewer's attacks, beside those of power/ and of second-look.unit.test.ts: inputs by hand, executions whose names are chosen, users whose
 * names come near, values with more in them than a login, and a second secret in the same deployment. Here is what was prevented.
 */

const OWNER = 'docdb-rotation-owner';
const PREVIOUS = 'AWSPREVIOUS';
const RESETS = [{}, { resetThroughAdmin: true }, { resetThroughCluster: true }];

const world = (name: string): ArenaOptions => {
  const options = WORLDS[name];
  if (options === undefined) throw new Error(`there is no world ${name}`);
  return options;
};
const enter = (rights: readonly Right[], name: string): Arena => new Arena(rights, world(name));
const withoutOutage = (arena: Arena) => arena.gained().filter((want) => want !== 'outage');
const recordOf = async (arena: Arena) =>
  (await portsOf(arena.world).secrets.describe(SECRET)).tags['docdb-rotation:proven'] ?? '';
/** All that someone can see of the database. */
const users = ({ world: { database } }: Arena) =>
  JSON.stringify(database.usernames().map((name) => [name, database.user(name)]));

const MINE = Object.keys(WORLDS).filter((name) => WORLDS[name]?.pair === 'the attacker’s');

describe('an input by hand', () => {
  const rotate = (arena: Arena, input: unknown) =>
    new RotationMachine(arena.world, { calls: new PortCalls() }).run(executionArn('odd'), input);
  const recover = (arena: Arena, input: unknown) =>
    new RecoveryMachine(arena.world, { calls: new PortCalls() }).run(executionArn('odd', 'recovery'), input);
  const retire = (arena: Arena, input: unknown) =>
    new RetirementMachine(arena.world, { calls: new PortCalls() }).run(
      executionArn('odd', 'retirement'),
      input,
    );

  const ODD = [
    null,
    5,
    'x',
    [],
    [{ secretId: SECRET }],
    { secretId: [SECRET] },
    { secretId: SECRET, mode: ['verify'] },
    { secretId: SECRET, mode: null },
    { secretId: SECRET, mode: {} },
    { secretId: SECRET, token: null },
    { secretId: SECRET, token: 5 },
    { secretId: SECRET, executionArn: 5, status: 'ABORTED' },
    JSON.parse(`{"secretId":"${SECRET}","__proto__":{"mode":"revert"}}`),
    { secretId: 'x'.repeat(200_000) },
  ];

  it('is refused by the rotation and the recovery before anything happens', async () => {
    for (const input of ODD) {
      const arena = enter(['start', 'recover'], 'alternating-users');
      const before = users(arena);
      const where = JSON.stringify(input).slice(0, 100);
      for (const ending of [await rotate(arena, input), await recover(arena, input)])
        expect(ending, where).toMatchObject({ status: 'FAILED', error: 'InvalidInputError' });
      expect(users(arena), where).toBe(before);
    }
  });

  const ODD_RETIREMENTS = [
    { graceSeconds: '0' },
    { graceSeconds: null },
    { graceSeconds: [0] },
    { graceSeconds: -1 },
    { graceSeconds: 0.5 },
    { graceSeconds: 1e300 },
    { strategy: ['alternating-users'] },
    { strategy: 'single-user' },
    { policy: ['delete'] },
    { policy: 'keep' },
    { predecessor: 5 },
    { version: null },
    { executionArn: executionArn('other') },
  ];

  it('is refused by the retirement, and starts no recovery', async () => {
    for (const odd of ODD_RETIREMENTS) {
      const arena = enter(['start'], 'alternating-users');
      const before = users(arena);
      const ending = await retire(arena, {
        secretId: SECRET,
        version: arena.current(),
        strategy: 'alternating-users',
        predecessor: arena.pairUser,
        policy: 'delete',
        graceSeconds: 0,
        ...odd,
      });
      // An error that begins with "States." would be followed by the rule.
      expect(ending, JSON.stringify(odd)).toMatchObject({ status: 'FAILED', error: 'InvalidInputError' });
      expect(users(arena), JSON.stringify(odd)).toBe(before);
    }
  });

  it('retires no one for a version of an odd name', async () => {
    for (const version of ['constructor', '__proto__', 'x'.repeat(100_000)]) {
      const arena = enter(['start'], 'alternating-users');
      const before = users(arena);
      const { pairUser: predecessor } = arena;
      await arena.retire({ version, strategy: 'alternating-users', predecessor, policy: 'delete' });
      expect(users(arena), version.slice(0, 20)).toBe(before);
    }
  });
});

describe('an event made up for the recovery', () => {
  it.each([
    ['of itself', executionArn('loop', 'recovery')],
    ['of what does not exist', executionArn('none')],
  ])('%s changes nothing, and ends', async (_what, arn) => {
    const arena = enter(['recover'], 'alternating-users');
    const before = users(arena);
    const ending = await new RecoveryMachine(arena.world, { calls: new PortCalls() }).run(
      executionArn('loop', 'recovery'),
      { ...stoppedEvent(arn, { secretId: SECRET }), resetThroughAdmin: true, resetThroughCluster: true },
    );
    expect(ending).toMatchObject({ status: 'FAILED', error: 'RecoveryFailed' });
    expect(users(arena)).toBe(before);
    expect(withoutOutage(arena)).toEqual([]);
  });

  it('that asks for a reset gets none, where no version logs in', async () => {
    const arena = enter(['write', 'recover', 'start'], 'single-user, never rotated');
    await arena.start({ mode: 'verify' }, 'known');
    arena.world.executions.set(executionArn('known'), { secretId: SECRET });
    arena.write(arena.mine());
    arena.write(arena.mine());
    const event = stoppedEvent(executionArn('known'), { secretId: SECRET });
    for (const reset of RESETS) {
      const { output } = await arena.recover({ ...event, ...reset });
      expect(JSON.stringify(output ?? {})).not.toContain('passwordReset');
    }
    expect(withoutOutage(arena)).toEqual([]);
  });
});

describe('a user of mine whose name makes it the other one’s', () => {
  it.each(MINE)(
    'gets no roles by the token of a version that was seen to log in, first attempt: %s',
    async (name) => {
      const arena = enter(['write', 'start'], name);
      const right = arena.current();
      const token = arena.write({ username: arena.pairUser, password: arena.ownPassword });
      await arena.honest.recover();
      arena.honest.putBack(right);
      arena.write({ password: newPassword() }, PREVIOUS);
      arena.write(markerOf(executionArn('chosen-1'), [token]), OWNER, arena.idsOf('chosen-1')[0]);
      const ending = await arena.start({ token }, 'chosen-1');
      expect(['UserNameTakenError', 'UntrustedVersionError']).toContain(ending.error);
      expect(arena.world.database.user(arena.pairUser)?.roles).toEqual(LITTLE);
      expect(withoutOutage(arena)).toEqual([]);
    },
  );

  it.each(['alternating-users', 'alternating-users, predecessor locked', 'admin-clone'])(
    'and the name of the clone of the clone is no way to the clone: %s',
    async (name) => {
      const arena = enter(['write'], name);
      const { database } = arena.world;
      const mine = `${arena.pairUser}_clone`;
      database.addUser(mine, arena.ownPassword, LITTLE);
      const before = JSON.stringify([arena.user, arena.pairUser].map((each) => database.user(each)?.roles));
      const rotate = async () => {
        arena.write({ username: mine, password: arena.ownPassword });
        expect((await arena.honest.rotate()).status).toBe('FAILED');
      };
      await rotate();
      await arena.honest.rotate(undefined, undefined, 'revert');
      await rotate();
      await arena.honest.recover();
      for (const reset of RESETS) await arena.honest.recover(reset);
      expect(database.user(mine)?.roles).toEqual(LITTLE);
      expect(JSON.stringify([arena.user, arena.pairUser].map((each) => database.user(each)?.roles))).toBe(
        before,
      );
      expect(withoutOutage(arena)).toEqual([]);
    },
  );
});

describe('a value with more in it than a login', () => {
  const URIS = [
    `mongodb://app:x@${EVIL_HOST},${CLUSTER}/?authMechanism=PLAIN`,
    `mongodb+srv://app:x@${CLUSTER}.${EVIL_HOST}/?authSource=%24external`,
    `mongodb://app:x@${CLUSTER}:27017,${EVIL_HOST}:27017/?proxyHost=${EVIL_HOST}&proxyPassword=x`,
    `mongodb://app:x@${CLUSTER}/?tlsCAFile=ca.pem&directConnection=false&replicaSet=${EVIL_HOST}`,
  ];

  it.each(['single-user', 'alternating-users'])(
    'is not copied, so that no new password stands beside a host of mine: %s',
    async (name) => {
      const arena = enter(['write'], name);
      arena.write({ ...arena.mine(), uris: URIS });
      for (const ending of [await arena.honest.rotate(), await arena.honest.scheduled()])
        expect(['UntrustedVersionError', 'NoUsableCredentialsError']).toContain(ending?.error);
      await arena.honest.recover();
      expect(arena.world.store.valueOf(SECRET, arena.current())).not.toContain(EVIL_HOST);
      expect(arena.gained()).toEqual([]);
    },
  );

  const text = (password: string, more: string): string =>
    `{"engine":"mongo","host":"${CLUSTER}","port":27017,"ssl":true,"username":"${OWN_USER}","password":"${password}"${more}}`;

  it.each([
    ['a huge number', ',"id":123456789012345678901234567890,"far":1e999'],
    ['a lone surrogate', ',"note":"\\ud800 and \\udc00","\\ud800":1'],
    ['a prototype', ',"__proto__":{"password":"x","ssl":false,"host":"evil.example.com"}'],
    ['a key twice', `,"host":"${CLUSTER}","note":1,"note":2`],
    ['its own user as other keys', `,"user":"${OWN_USER}","admin":{"user":"root","password":"x"}`],
  ])('rotates as it is, with TLS, at its own host, and nothing leaks: %s', async (_what, more) => {
    const arena = enter(['write'], 'single-user, never rotated');
    arena.write(text(arena.ownPassword, more));
    const ending = await arena.honest.rotate();
    expect(ending.status).toBe('SUCCEEDED');
    expect(arena.world.leaks([ending])).toEqual([]);
    const value = arena.world.store.valueOf(SECRET, arena.current()) ?? '';
    expect(value.isWellFormed()).toBe(true);
    expect(JSON.parse(value)).toMatchObject({ host: CLUSTER, ssl: true, username: OWN_USER });
    if (more.includes('1234567890')) expect(value).toContain('123456789012345678901234567890');
    expect(withoutOutage(arena)).toEqual([]);
  });
});

describe('a second application of mine, with a secret of its own and the same admin', () => {
  const B = 'shop/mine';

  /** What it is for is a user of mine, of a name that I chose. */
  const addOwn = (arena: Arena, username: string, strategy: string): string => {
    const { store, database } = arena.world;
    database.addUser(username, arena.ownPassword, LITTLE);
    store.addSecret(B, {
      'docdb-rotation:strategy': strategy,
      'docdb-rotation:admin-secret': ADMIN_SECRET,
      'docdb-rotation:retirement-policy': 'delete',
    });
    return store.putByHand(B, secretText({ username, password: arena.ownPassword }));
  };

  it.each(['single-user', 'alternating-users'])(
    'retires no user of others whose password I do not have: %s',
    async (strategy) => {
      const arena = enter([], 'single-user');
      const { store } = arena.world;
      const version = addOwn(arena, `${OTHER_USER}_clone`, strategy);
      store.putByHand(B, secretText({ username: OTHER_USER, password: newPassword() }), {
        labels: [PREVIOUS],
      });
      for (const policy of ['delete', 'revoke', 'lock'])
        for (const predecessor of [OTHER_USER, 'root', arena.user]) {
          const ending = await new RetirementMachine(arena.world, { calls: new PortCalls() }).run(
            executionArn(arena.nextName(), 'retirement'),
            { secretId: B, version, strategy: 'alternating-users', predecessor, policy, graceSeconds: 0 },
          );
          expect(ending).toMatchObject({ status: 'FAILED', error: 'RetirementFailed' });
        }
      expect(withoutOutage(arena)).toEqual([]);
    },
  );

  it('takes no turns with a user of others, and no lock or token of one secret counts for the other', async () => {
    const arena = enter(['write', 'start'], 'single-user');
    const { store } = arena.world;
    addOwn(arena, `${OTHER_USER}_clone`, 'alternating-users');
    // An execution of mine has the lock of theirs, by its id, and begins for B.
    arena.write(markerOf(executionArn('both-2'), [arena.current()]), OWNER, arena.idsOf('both-2')[0]);
    const endings = [
      await arena.start({ secretId: B }, 'both-2'),
      await arena.start({ secretId: B, token: arena.current() }, 'other-2'),
      await arena.start({ secretId: B, mode: 'revert' }, 'back'),
    ];
    expect(endings.map(({ error }) => error)).toEqual([
      'UserNameTakenError',
      'UnknownTokenError',
      'NothingToRevertError',
    ]);
    expect(store.holder(B, OWNER)).toBeUndefined();
    expect(withoutOutage(arena)).toEqual([]);
  });
});

describe('a lock of mine', () => {
  it('in the drain of a recovery proves nothing, and the next recovery puts it right', async () => {
    for (let moment = 1; moment < 45; moment++) {
      const arena = enter(['write'], 'single-user');
      arena.write({ password: newPassword() });
      let call = 0;
      let reached = false;
      const turn = async () => {
        call += 1;
        if (call !== moment) return;
        reached = true;
        arena.write(markerOf('stranger', [arena.current()]), OWNER);
        arena.write(arena.mine());
      };
      await new RecoveryMachine(arena.world, { calls: new PortCalls({ turn }) }).run(
        executionArn('honest', 'recovery'),
        { secretId: SECRET },
      );
      if (!reached) break;
      await arena.honest.recover();
      expect(arena.gained(), `moment ${moment}`).toEqual([]);
      expect(arena.world.endProblems(), `moment ${moment}`).toEqual([]);
    }
  });

  it('for an execution whose first version I wrote is none that was begun, so that no recovery follows it', async () => {
    const arena = enter(['write', 'start'], 'single-user');
    const before = await recordOf(arena);
    arena.write(arena.mine());
    arena.write(arena.mine(), 'mine', arena.idsOf('first')[0]);
    const ending = await arena.start({ token: newVersionId() }, 'first');
    expect(ending.error).toBe('UnknownTokenError');
    expect((await recordOf(arena)).split(' ').sort()).toEqual(before.split(' ').sort());
    expect(arena.gained()).toEqual(['outage']);
  });
});
