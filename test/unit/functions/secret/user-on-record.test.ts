import { describe, expect, it } from 'vitest';
import { UntrustedVersionError } from '../../../../functions/contract/errors.ts';
import type { Strategy } from '../../../../functions/contract/strategy.ts';
import {
  ADMIN_SECRET_TAG,
  DROPPED_TAG,
  PROVEN_TAG,
  STRATEGY_TAG,
  USER_TAG,
} from '../../../../functions/contract/tags.ts';
import { endExecution } from '../../../../functions/release-lock/release-lock.ts';
import { droppedTag } from '../../../../functions/secret/gone-users.ts';
import { parseSecretValue } from '../../../../functions/secret/secret-value.ts';
import { settingsOf } from '../../../../functions/secret/settings.ts';
import { assertForItsUser, isForItsUser, namingUser } from '../../../../functions/secret/user-on-record.ts';
import { READ_WRITE, ROOT } from '../../../support/in-memory-database.ts';
import { InMemorySecretStore, newPassword, newVersionId } from '../../../support/in-memory-secret-store.ts';
import { openGate, PortCalls } from '../../../support/port-calls.ts';
import { executionArn, RotationMachine } from '../../../support/rotation-machine.ts';
import { begunByService, finished, portsOf } from '../../../support/rotation-steps.ts';
import { RotationWorld, SECRET, secretText, type WorldOptions } from '../../../support/rotation-world.ts';

const THROUGH_ADMIN = { [ADMIN_SECRET_TAG]: 'admin' };
const PAIR = { ...THROUGH_ADMIN, [STRATEGY_TAG]: 'alternating-users' };

const described = (tags: Record<string, string>) => ({
  arn: 'arn',
  name: SECRET,
  versions: {},
  tags,
  markedForDeletion: false,
});

/** The version `one` is for `app`, `two` for `app_clone`, and `none` for no one. */
const secretsWithVersions = async (passwords: Readonly<Record<string, string>> = {}) => {
  const store = new InMemorySecretStore();
  const secretArn = store.addSecret(SECRET);
  const secrets = store.port(openGate);
  for (const [token, username] of Object.entries({ one: 'app', two: 'app_clone' })) {
    const value = secretText({ username, password: passwords[username] ?? newPassword() });
    await secrets.put({ secretArn, token, value, label: token });
  }
  await secrets.put({ secretArn, token: 'none', value: 'no JSON', label: 'none' });
  return { arn: secretArn, secrets };
};

/** A value that someone wrote, with the password that is on record for that user, or another one. */
const isFor = async (
  username: string,
  tags: Record<string, string>,
  which: 'another password' | 'its password' = 'another password',
): Promise<boolean> => {
  const password = newPassword();
  const { arn, secrets } = await secretsWithVersions(
    which === 'its password' ? { [username]: password } : {},
  );
  const secret = { ...described(tags), arn };
  const { login } = parseSecretValue(secretText({ username: 'app', password }), 'the value');
  const asked = { version: 'asked', login: { ...login, username } };
  return await isForItsUser(secrets, secret, settingsOf(secret), asked);
};

/** What the end of a first rotation writes. */
const tagOf = (username: string, strategy: Strategy = 'alternating-users') =>
  namingUser({ namesUser: true, strategy, users: { current: username, pending: username } }, {});

describe('the user on record', () => {
  it('is any, as long as none is named', async () => {
    expect(await isFor('anyone', PAIR)).toBe(true);
  });

  it.each([THROUGH_ADMIN, PAIR, { [STRATEGY_TAG]: 'admin-clone' }])(
    'is no other one with %j',
    async (tags) => {
      const named = { ...tags, [USER_TAG]: 'app' };
      expect(await isFor('app', named)).toBe(true);
      const pair = { ...named, [PROVEN_TAG]: '=one =two' };
      expect(await isFor('app_clone', pair, 'its password')).toBe(true);
      for (const other of ['App', 'app ', 'app2', 'app_clone_clone', 'root', '_clone', ''])
        expect(await isFor(other, named), other).toBe(false);
    },
  );

  it('counts for no secret whose user changes itself: no power is lent', async () => {
    expect(await isFor('other', { [USER_TAG]: 'app' })).toBe(true);
  });

  it('may be given by either name of a pair', async () => {
    expect(await isFor('app', { ...PAIR, [USER_TAG]: 'app_clone' })).toBe(true);
  });

  it('is a single one by its whole name: of `app_clone` no one else is `app`', async () => {
    const tags: Record<string, string> = { ...THROUGH_ADMIN, ...tagOf('app_clone', 'single-user') };
    expect(await isFor('app_clone', tags)).toBe(true);
    expect(await isFor('app', tags)).toBe(false);
    expect(await isFor('app', { ...tags, ...PAIR })).toBe(true);
  });

  it('is a single one’s clone only where the record shows that the two took turns', async () => {
    const tags: Record<string, string> = { ...THROUGH_ADMIN, ...tagOf('app', 'single-user') };
    expect(await isFor('app_clone', { ...tags, [PROVEN_TAG]: 'one two' })).toBe(false);
    expect(await isFor('app_clone', { ...tags, [PROVEN_TAG]: '=one =two' }, 'its password')).toBe(true);
    // A database administrator may have dropped it, and another team have its name.
    expect(await isFor('app_clone', { ...tags, [PROVEN_TAG]: '=one =two' })).toBe(false);
    // A retirement has dropped that one: who has its name now is someone else.
    for (const record of ['=one -two', '=one :two', '=one two', '=one =none', '=one =gone'])
      expect(await isFor('app_clone', { ...tags, [PROVEN_TAG]: record }, 'its password'), record).toBe(false);
  });

  it('is no single one that a retirement has dropped there, whatever the record shows of another place', async () => {
    const { arn, secrets } = await secretsWithVersions();
    const { login } = parseSecretValue(secretText({ username: 'app', password: newPassword() }), 'the value');
    const isAt = async (host: string): Promise<boolean> => {
      const asked = { version: 'asked', login: { ...login, host } };
      const tags = { ...THROUGH_ADMIN, [USER_TAG]: 'app', [PROVEN_TAG]: '=one /mark' };
      const named = { ...described(tags), arn };
      const secret = { ...named, tags: { ...tags, [DROPPED_TAG]: droppedTag(named, 'mark', asked.login) } };
      return await isForItsUser(secrets, secret, settingsOf(secret), asked);
    };
    expect(await isAt(login.host)).toBe(true);
    expect(await isAt(`other-${login.host}`)).toBe(false);
  });

  it('is named once', async () => {
    const plan = { strategy: 'single-user', users: { current: 'other', pending: 'other' } } as const;
    expect(namingUser(plan, {})).toEqual({});
    expect(namingUser({ ...plan, namesUser: true }, { [USER_TAG]: 'app' })).toEqual({});
  });

  it('is no one where the tag is empty', async () => {
    expect(await isFor('app', { ...PAIR, [USER_TAG]: '' })).toBe(false);
  });

  it.each(['ünïcode', 'a b', 'a%b', '=a', 'a\u0000b', 'x'.repeat(63)])(
    'is told for the name %j, and for its clone, and for no other',
    async (name) => {
      const tags: Record<string, string> = { ...PAIR, ...tagOf(name) };
      expect(tags[USER_TAG]).toMatch(/^[\w.:/=@+-]{1,256}$/);
      expect(tagOf(`${name}_clone`)).toEqual(tagOf(name));
      expect(await isFor(name, tags)).toBe(true);
      expect(await isFor(`${name}x`, tags)).toBe(false);
    },
  );

  it('can’t be a name that reads as the hash of another one', async () => {
    const { [USER_TAG]: hash = '' } = tagOf('ü');
    expect(await isFor(hash, { ...PAIR, [USER_TAG]: hash })).toBe(false);
  });

  it('is said in the refusal, with what to do', async () => {
    const refuse = async (tags: Record<string, string>) => {
      const secret = described({ ...PAIR, ...tags });
      const value = secretText({ username: 'mallory', password: newPassword() });
      const { login } = parseSecretValue(value, 'the value');
      const asked = { version: 'asked', login, label: 'AWSCURRENT' };
      await assertForItsUser((await secretsWithVersions()).secrets, secret, settingsOf(secret), asked);
    };
    await expect(refuse({ [USER_TAG]: 'app' })).rejects.toThrow(UntrustedVersionError);
    await expect(refuse({ [USER_TAG]: 'app' })).rejects.toThrow(
      /is for the user "mallory", and the secret for "app", as the tag docdb-rotation:user says: .*take that tag off/,
    );
    await expect(refuse(tagOf('ü'))).rejects.toThrow(/the secret for another one, as the tag/);
  });
});

const pair = (more: WorldOptions = {}) =>
  new RotationWorld({ strategy: 'alternating-users', admin: true, ...more });

const tagIn = async (world: RotationWorld) => (await world.store.port().describe(SECRET)).tags[USER_TAG];

const rotate = async (world: RotationWorld, mode: 'rotate' | 'revert' = 'rotate') =>
  await new RotationMachine(world, { calls: new PortCalls() }).run(executionArn(newVersionId()), {
    secretId: SECRET,
    mode,
  });

/** A value by hand for a user that logs in. */
const moveTo = (world: RotationWorld, username: string, roles = READ_WRITE): void => {
  const password = newPassword();
  world.database.addUser(username, password, roles);
  world.store.putByHand(SECRET, secretText({ username, password }));
};

describe('a rotation', () => {
  it('leaves the name of its user, of a pair that of the first', async () => {
    const world = pair();
    expect((await rotate(world)).status).toBe('SUCCEEDED');
    expect(world.usernameOf(world.store.holder(SECRET, 'AWSCURRENT') ?? '')).toBe('app_clone');
    expect(await tagIn(world)).toBe('app');
  });

  it('of a pair that was switched to single-user names the one that stays', async () => {
    const world = pair();
    await rotate(world);
    world.store.setTag(SECRET, STRATEGY_TAG, 'single-user');
    expect(await tagIn(world)).toBe('app');
    expect((await rotate(world)).status).toBe('SUCCEEDED');
    expect(await tagIn(world)).toBe('app_clone');
    expect((await rotate(world)).status).toBe('SUCCEEDED');
    // A pair again is named by either.
    world.store.setTag(SECRET, STRATEGY_TAG, 'alternating-users');
    expect((await rotate(world)).status).toBe('SUCCEEDED');
  });

  it('that is rolled back names no one', async () => {
    const world = pair();
    const { plan, before } = await finished(world, 'rotate', executionArn('one'));
    const input = { execution: executionArn('one'), secretId: SECRET, plan, before };
    await endExecution(portsOf(world), { ...input, ended: 'restored' });
    expect(await tagIn(world)).toBeUndefined();
  });

  it('does not name anyone where another one has meanwhile', async () => {
    const world = pair();
    const { plan, before } = await finished(world, 'rotate', executionArn('one'));
    world.store.setTag(SECRET, USER_TAG, 'named');
    const input = { execution: executionArn('one'), secretId: SECRET, plan, before };
    await endExecution(portsOf(world), { ...input, ended: 'promoted' });
    expect(await tagIn(world)).toBe('named');
  });

  it('of a pair ends at the beginning where AWSCURRENT is for someone else, and goes on once the tag is off', async () => {
    const world = pair();
    await rotate(world);
    moveTo(world, 'moved');
    const users = world.database.usernames();
    const refused = await rotate(world);
    expect(refused).toMatchObject({ status: 'FAILED', error: 'UntrustedVersionError' });
    expect(world.database.usernames()).toEqual(users);
    world.store.removeTag(SECRET, USER_TAG);
    expect((await rotate(world)).status).toBe('SUCCEEDED');
    expect(await tagIn(world)).toBe('moved');
  });

  it('of a single user through an admin does too', async () => {
    const world = new RotationWorld({ admin: true });
    await rotate(world);
    moveTo(world, 'moved');
    expect(await rotate(world)).toMatchObject({ status: 'FAILED', error: 'UntrustedVersionError' });
  });

  it('of a user that changes itself follows an edit to another one, and the name stays', async () => {
    const world = new RotationWorld({ roles: ROOT });
    await rotate(world);
    expect(await tagIn(world)).toBe('app');
    moveTo(world, 'moved', ROOT);
    expect((await rotate(world)).status).toBe('SUCCEEDED');
    expect(await tagIn(world)).toBe('app');
  });

  it('by Secrets Manager leaves neither lock nor AWSPENDING when it is refused', async () => {
    const world = pair();
    await rotate(world);
    moveTo(world, 'moved');
    await expect(begunByService(world, executionArn('one'))).rejects.toThrow(UntrustedVersionError);
    const labels = Object.keys(world.store.labels(SECRET));
    expect(labels.filter((label) => /owner|PENDING/.test(label))).toEqual([]);
  });
});

describe('a revert', () => {
  it('goes back to the user that is named, from any other', async () => {
    const world = pair();
    await rotate(world);
    moveTo(world, 'moved');
    expect((await rotate(world, 'revert')).status).toBe('SUCCEEDED');
  });

  it('goes back to no one else, where a rotation would lend power', async () => {
    const world = pair();
    await rotate(world);
    world.store.setTag(SECRET, USER_TAG, 'moved');
    const refused = await rotate(world, 'revert');
    expect(refused.error).toBe('UntrustedVersionError');
    expect(refused.cause).toContain('AWSPREVIOUS of shop/app is for the user "app"');
  });
});
