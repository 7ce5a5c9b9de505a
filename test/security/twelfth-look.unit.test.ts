import { describe, expect, it } from 'vitest';
import { RETIREMENT_POLICY_TAG, STRATEGY_TAG } from '../../functions/contract/tags.ts';
import type { Executions } from '../../functions/rotation-trigger/executions.ts';
import { rotationTrigger } from '../../functions/rotation-trigger/rotation-trigger.ts';
import { executionName } from '../../functions/secret/execution-name.ts';
import { newPassword } from '../support/in-memory-secret-store.ts';
import { PortCalls } from '../support/port-calls.ts';
import { executionArn, RetirementMachine } from '../support/rotation-machine.ts';
import { portsOf } from '../support/rotation-steps.ts';
import { SECRET } from '../support/rotation-world.ts';
import { type Arena, EVIL_HOST } from './power/arena.ts';
import { atEachMoment, enter, enterNew, PAIRS, recordIn, rotateUntilGrace } from './power/enter.ts';
import { LITTLE } from './power/gains.ts';
import type { Right } from './power/rights.ts';
import { withoutTheOtherUser } from './power/server-of-mine.ts';

/*
 * A twelfth reviewer's attacks: on names that a retirement made free, and that are someone else's by now.
 */

const OWNER = 'docdb-rotation-owner';

/** A pair one of whose users a retirement has dropped; another team has a user of that name, whose password I know. */
const afterADrop = async (rights: Right[], isTaken = true) => {
  const arena = enter('alternating-users', rights, { retirementPolicy: 'delete' });
  const { database } = arena.world;
  await arena.honest.rotate();
  expect(database.user(arena.user)).toBeUndefined();
  expect(await recordIn(arena)).toContainEqual(expect.stringMatching(/^-/));
  const theirs = { username: arena.user, password: newPassword() };
  if (isTaken) database.addUser(theirs.username, theirs.password, LITTLE);
  return { arena, theirs };
};

const isLeftAlone = (arena: Arena, theirs: { username: string; password: string }) => {
  expect(arena.world.database.accepts(theirs)).toBe(true);
  expect(arena.world.database.user(theirs.username)?.roles).toEqual(LITTLE);
};

/** Whether the user that a rotation made or changed logs in beside AWSCURRENT's, by what that rotation wrote. */
const isLeftEnabled = (arena: Arena, written: string): boolean => {
  const { world } = arena;
  const made = world.credentialOf(written);
  const isInUse = world.credentialOf(arena.current())?.username === made?.username;
  return made !== undefined && !isInUse && world.database.accepts(made);
};

describe('how he got in, and does no more:', () => {
  it('write: the dropped user’s name as AWSCURRENT, once the pair was switched to single-user: the admin’s power changes whose that is by now', async () => {
    const { arena, theirs } = await afterADrop(['write']);
    arena.world.store.setTag(SECRET, STRATEGY_TAG, 'single-user');
    arena.write(theirs);
    await arena.honest.rotate();
    isLeftAlone(arena, theirs);
  });

  it('write: the same after the way to single-user that the runbook has, where the retirement drops the user that was left behind', async () => {
    const arena = enter('alternating-users', ['write']);
    const { database, store } = arena.world;
    store.setTag(SECRET, STRATEGY_TAG, 'single-user');
    store.setTag(SECRET, RETIREMENT_POLICY_TAG, 'delete');
    await arena.honest.rotate();
    expect(database.user(arena.pairUser)).toBeUndefined();
    const theirs = { username: arena.pairUser, password: newPassword() };
    database.addUser(theirs.username, theirs.password, LITTLE);
    arena.write(theirs);
    await arena.honest.rotate();
    isLeftAlone(arena, theirs);
  });

  it('write: and a connection string for a host of mine in that value gets the new password of theirs', async () => {
    const { arena, theirs } = await afterADrop(['write']);
    arena.world.store.setTag(SECRET, STRATEGY_TAG, 'single-user');
    const url = `mongodb://${theirs.username}:${theirs.password}@${EVIL_HOST}/`;
    arena.write({ ...theirs, url });
    await arena.honest.rotate();
    const now = JSON.parse(arena.world.store.valueOf(SECRET, arena.current()) ?? '');
    const toMe = now.url.slice('mongodb://'.length).split('@')[0].split(':');
    const isSent = toMe[1] !== theirs.password && now.url.includes(EVIL_HOST);
    expect(isSent && arena.world.database.accepts({ username: toMe[0], password: toMe[1] })).toBe(false);
  });

  it('write + start: the same name as AWSCURRENT, and a retirement of the user in use for the version whose user was dropped: a rotation takes theirs for one of the pair', async () => {
    const { arena, theirs } = await afterADrop(['write', 'start']);
    const dropped = (await recordIn(arena)).find((entry) => entry.startsWith('-'))?.slice(1);
    arena.write(theirs);
    await arena.retire({
      version: dropped,
      strategy: 'alternating-users',
      predecessor: arena.pairUser,
      policy: 'delete',
    });
    await arena.honest.rotate();
    isLeftAlone(arena, theirs);
  });
});

describe('of second class:', () => {
  it('start: a second rotation in the grace: the user that the switch to single-user left behind is not retired by either', async () => {
    const arena = enter('alternating-users', ['start']);
    const { world } = arena;
    world.store.setTag(SECRET, STRATEGY_TAG, 'single-user');
    world.store.setTag(SECRET, RETIREMENT_POLICY_TAG, 'lock');
    const previous = world.store.holder(SECRET, 'AWSPREVIOUS') ?? '';
    const old = world.credentialOf(previous);
    expect(old && world.database.accepts(old)).toBe(true);
    const inputs: Record<string, unknown>[] = [];
    for (let round = 0; round < 2; round++) inputs.push(await rotateUntilGrace(arena));
    for (const input of inputs) await arena.retire({ ...input, graceSeconds: 0 });
    await arena.honest.rotate();
    expect(old && world.database.accepts(old)).toBe(false);
  });

  it.each([
    [
      'the first rotation of a pair',
      () => enterNew('alternating-users', ['write', 'start'], { retirementPolicy: 'lock' }),
    ],
    ['the first rotation of an admin’s pair', () => enterNew('admin-clone', ['write', 'start'])],
    ['a pair whose other user was dropped', async () => (await afterADrop(['write', 'start'], false)).arena],
  ] as const)(
    'write + start: the lock stolen for an execution of mine whose name ends as a first attempt’s, which joins what the other one wrote and takes it for unused: the user that was made stays, with a password that is in the secret: %s',
    async (_what, make) => {
      await atEachMoment(async (moment) => {
        const arena = await make();
        const [lock = ''] = arena.idsOf('mine-1');
        const [written = ''] = arena.idsOf('theirs');
        await arena.honest.rotate(moment, () => arena.write('none', OWNER, lock), 'rotate', 'theirs');
        await arena.start({ token: written }, 'mine-1');
        await arena.honest.rotate();
        await arena.honest.recover();
        expect(isLeftEnabled(arena, written)).toBe(false);
        return arena;
      });
    },
  );

  it('no right at all: two rotations after the switch before an operator names a policy: the user that was left behind is never retired', async () => {
    const arena = enter('alternating-users', []);
    const { world } = arena;
    world.store.setTag(SECRET, STRATEGY_TAG, 'single-user');
    const old = world.credentialOf(world.store.holder(SECRET, 'AWSPREVIOUS') ?? '');
    for (let round = 0; round < 2; round++) await arena.honest.rotate();
    expect(old && world.database.accepts(old)).toBe(true);
    world.store.setTag(SECRET, RETIREMENT_POLICY_TAG, 'lock');
    await arena.honest.rotate();
    expect(old && world.database.accepts(old)).toBe(false);
  });

  it('write + start: a rotation at a host of mine in the grace supersedes the retirement: the replaced admin keeps its password, and no one is told', async () => {
    const arena = enter('admin-clone', ['write', 'start'], { retirementPolicy: 'lock' });
    const { world } = arena;
    const old = world.credentialOf(arena.current());
    const input = await rotateUntilGrace(arena);
    const promoted = arena.current();
    withoutTheOtherUser(arena);
    arena.write({ username: arena.pairUser, password: newPassword(), host: EVIL_HOST });
    await arena.start();
    const retirement = new RetirementMachine(world, { calls: new PortCalls() });
    const { status } = await retirement.run(executionArn(arena.nextName(), 'retirement'), input);
    arena.honest.putBack(promoted);
    expect(world.logsIn(promoted)).toBe(true);
    const isTold = status === 'FAILED' && retirement.notices.length > 0;
    expect(isTold || !(old && world.database.accepts(old))).toBe(true);
  });

  it.each(PAIRS)(
    'write: all three labels taken by a value for a host of mine, which a recovery sees log in: the user that the rotation made is left as it is, and off the record, with a password that is in the secret: %s',
    async (name) => {
      await atEachMoment(async (moment) => {
        const arena = enterNew(name, ['write'], { retirementPolicy: 'lock' });
        const right = arena.current();
        const [written = ''] = arena.idsOf('theirs');
        const steal = () =>
          arena.write({ host: EVIL_HOST, password: newPassword() }, ['AWSCURRENT', 'AWSPENDING', OWNER]);
        await arena.honest.rotate(moment, steal, 'rotate', 'theirs');
        await arena.honest.recover();
        arena.honest.putBack(right);
        await arena.honest.recover();
        await arena.honest.rotate();
        expect(isLeftEnabled(arena, written)).toBe(false);
        return arena;
      });
    },
  );

  it('write: the same in a later rotation of an admin’s pair: the locked admin that it enabled stays enabled until the next one', async () => {
    await atEachMoment(async (moment) => {
      const arena = enter('admin-clone', ['write']);
      const right = arena.current();
      const [written = ''] = arena.idsOf('theirs');
      const steal = () =>
        arena.write({ host: EVIL_HOST, password: newPassword() }, ['AWSCURRENT', 'AWSPENDING', OWNER]);
      await arena.honest.rotate(moment, steal, 'rotate', 'theirs');
      await arena.honest.recover();
      const isPromoted = (await recordIn(arena)).some(
        (entry) => /^=\+?/.test(entry) && entry.endsWith(written),
      );
      arena.honest.putBack(isPromoted ? written : right);
      await arena.honest.recover();
      expect(isLeftEnabled(arena, written)).toBe(false);
      return arena;
    });
  });

  it('start: a check under the name that Secrets Manager’s rotation will have: no rotation is started for that token', async () => {
    const { world } = enter('single-user', ['start']);
    const { token, rotationToken } = world.beginRotation();
    const started: object[] = [];
    const mine = executionName('rotate', { secretArn: world.secretArn, token, day: '19700101' }, 1);
    const arnOf = (name: string) => executionArn(name);
    const input = JSON.stringify({ secretId: world.secretArn, token, mode: 'check' });
    const ended = { arn: arnOf(mine), name: mine, status: 'SUCCEEDED', input };
    const executions: Executions = {
      arnOf,
      link: arnOf,
      find: async (name) => (name === mine ? ended : undefined),
      start: async (name, input) => {
        started.push(input);
        return { arn: arnOf(name), name, status: 'RUNNING', input: JSON.stringify(input) };
      },
    };
    const event = { Step: 'createSecret', SecretId: world.secretArn, ClientRequestToken: token } as const;
    const { secrets, clock } = portsOf(world);
    const answer = rotationTrigger(
      { secrets, clock, executions, days: new Map() },
      { ...event, RotationToken: rotationToken },
      100_000,
    );
    const isRefused = await answer.then(
      () => false,
      () => true,
    );
    expect(isRefused || started.length > 0).toBe(true);
  });
});

/* What did not get in. */
describe('kept out:', () => {
  it('write: the dropped user’s name as AWSCURRENT, or as AWSPREVIOUS of a revert, where the pair is still one', async () => {
    for (const mode of ['rotate', 'revert']) {
      const { arena, theirs } = await afterADrop(['write']);
      arena.write(theirs, mode === 'rotate' ? 'AWSCURRENT' : 'AWSPREVIOUS');
      const ending = await arena.honest.rotate(undefined, undefined, mode);
      expect(ending.status).toBe('FAILED');
      isLeftAlone(arena, theirs);
    }
  });

  it('write: the same after the switch, as AWSPREVIOUS of a revert', async () => {
    const { arena, theirs } = await afterADrop(['write']);
    arena.world.store.setTag(SECRET, STRATEGY_TAG, 'single-user');
    arena.write(theirs, 'AWSPREVIOUS');
    expect((await arena.honest.rotate(undefined, undefined, 'revert')).error).toBe('UntrustedVersionError');
    await arena.honest.rotate();
    isLeftAlone(arena, theirs);
  });

  it('write + start: a retirement of theirs by the version that was dropped', async () => {
    for (const policy of ['delete', 'lock', 'revoke']) {
      const { arena, theirs } = await afterADrop(['write', 'start']);
      await arena.retire({
        version: arena.current(),
        strategy: 'alternating-users',
        predecessor: theirs.username,
        policy,
      });
      isLeftAlone(arena, theirs);
    }
  });
});
