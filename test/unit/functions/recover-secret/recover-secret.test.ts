import { describe, expect, it } from 'vitest';
import {
  DatabaseUnavailableError,
  InvalidSecretError,
  NothingToRecoverError,
  NoUsableCredentialsError,
  ResetNotAllowedError,
  RotationInProgressError,
  RotationSupersededError,
  SecretNotRotatableError,
  UntrustedVersionError,
} from '../../../../functions/contract/errors.ts';
import { CLUSTER_TAG, PROVEN_TAG } from '../../../../functions/contract/tags.ts';
import {
  type RecoverSecretPorts,
  recoverSecret,
} from '../../../../functions/recover-secret/recover-secret.ts';
import { markerOf } from '../../../../functions/secret/marker.ts';
import { pairedIn, recordOf } from '../../../../functions/secret/proven.ts';
import { versionIdOf, versionIdOfBefore02 } from '../../../../functions/secret/version-ids.ts';
import { setSecret } from '../../../../functions/set-secret/set-secret.ts';
import { CLUSTER, READ_WRITE, ROOT } from '../../../support/in-memory-database.ts';
import { newPassword } from '../../../support/in-memory-secret-store.ts';
import { count, PortCalls } from '../../../support/port-calls.ts';
import { executionArn } from '../../../support/rotation-machine.ts';
import { begunByService, checked, created, finished, portsOf, set } from '../../../support/rotation-steps.ts';
import { RotationWorld, SECRET, secretText, type WorldOptions } from '../../../support/rotation-world.ts';

/*
 * who logs in           | recover
 * ----------------------|----------------------------------------------------------------------------
 * AWSCURRENT            | keeps it; disables a pair's half-made user; takes AWSPENDING off
 * AWSPENDING only       | makes it AWSCURRENT: that ends the outage without another change of the database
 * AWSPREVIOUS only      | makes it AWSCURRENT
 * no one                | fails, or with resetThroughAdmin sets AWSCURRENT's password
 */

const OWNER = 'docdb-rotation-owner';
const CLAIM = 'docdb-rotation-claim';
const SELF: WorldOptions = { username: 'boss', roles: ROOT, previous: { username: 'boss', state: 'locked' } };
const SINGLE: WorldOptions = { username: 'boss', roles: ROOT };
const PAIR: WorldOptions = { strategy: 'alternating-users', admin: true };

const STOPPED = executionArn('stopped');
const RECOVERY = executionArn('of-it', 'recovery');

interface Options {
  /** The executions that were stopped; without any an operator asks. */
  readonly stopped?: readonly string[];
  readonly token?: string;
  readonly execution?: string;
  readonly resetThroughAdmin?: boolean;
  readonly resetThroughCluster?: boolean;
}

const takeLock = async (
  ports: RecoverSecretPorts,
  { stopped, token, execution = RECOVERY }: Options = {},
) => {
  const result = await recoverSecret(ports, {
    action: 'take-lock',
    execution,
    secretId: SECRET,
    ...(stopped === undefined ? {} : { stopped: [...stopped] }),
    ...(token === undefined ? {} : { token }),
  });
  if (result.outcome !== 'taken') throw new Error(`it ended as ${result.outcome}`);
  return result;
};

/** As the machine does it, but for its waits. */
const recover = async (ports: RecoverSecretPorts, options: Options = {}) => {
  const { lockVersion, suspects } = await takeLock(ports, options);
  const { execution = RECOVERY, resetThroughAdmin = false, resetThroughCluster = false } = options;
  const reconciled = await recoverSecret(ports, {
    action: 'reconcile',
    execution,
    secretId: SECRET,
    lockVersion,
    suspects: [...suspects],
    resetThroughAdmin,
    resetThroughCluster,
  });
  await recoverSecret(ports, { action: 'release-lock', execution, secretId: SECRET, lockVersion });
  return reconciled;
};

const record = async (world: RotationWorld): Promise<string[]> =>
  recordOf(await portsOf(world).secrets.describe(SECRET));

/** Labels that say something: the claim label stays where the last version was written. */
const labels = ({ store }: RotationWorld): Record<string, string> => {
  const { [CLAIM]: _, ...rest } = store.labels(SECRET);
  return rest;
};

describe('a recovery by hand', () => {
  it('does nothing to a secret that is all right', async () => {
    const world = new RotationWorld(SELF);
    const calls = new PortCalls();
    expect(await recover(portsOf(world, calls))).toEqual({
      outcome: 'nothing-to-do',
      version: world.current,
      kept: 'AWSCURRENT',
    });
    // It takes the lock and releases it.
    expect([count(calls, 'moveLabel'), count(calls, 'updateUser')]).toEqual([2, 0]);
    expect(labels(world)).toEqual(world.before.labels);
  });

  it('leaves an AWSPENDING that is parked on AWSCURRENT: that is how Secrets Manager ends', async () => {
    const world = new RotationWorld({ pendingOnCurrent: true });
    await recover(portsOf(world));
    expect(labels(world)).toEqual(world.before.labels);
  });

  it('keeps AWSCURRENT when it logs in, and takes the dangling AWSPENDING off', async () => {
    const world = new RotationWorld(SELF);
    await checked(world);
    expect(await recover(portsOf(world))).toEqual({
      outcome: 'recovered',
      version: world.current,
      kept: 'AWSCURRENT',
    });
    expect(world.restoredProblems()).toEqual([]);
  });

  it('makes AWSPENDING AWSCURRENT when only that logs in, and changes no user', async () => {
    const world = new RotationWorld(SELF);
    const { plan } = await set(world);
    const calls = new PortCalls();
    expect(await recover(portsOf(world, calls))).toMatchObject({
      kept: 'AWSPENDING',
      version: plan.pendingVersion,
    });
    expect(world.store.holder(SECRET, 'AWSCURRENT')).toBe(plan.pendingVersion);
    expect(world.endProblems()).toEqual([]);
    expect(count(calls, 'updateUser')).toBe(0);
  });

  it('makes AWSPREVIOUS AWSCURRENT when only that logs in', async () => {
    const world = new RotationWorld(SELF);
    world.database.addUser('boss', world.credentialOf(world.previous ?? '')?.password ?? '', ROOT);
    expect(await recover(portsOf(world))).toMatchObject({ kept: 'AWSPREVIOUS', version: world.previous });
    expect(world.store.holder(SECRET, 'AWSCURRENT')).toBe(world.previous);
    expect(world.endProblems()).toEqual([]);
  });

  /*
   * Found by the soak: a promotion's reply was lost, compensation put the old password back but was not allowed to move
   * labels, and a recovery by hand left AWSPENDING on the new AWSPREVIOUS. No rotation began any more.
   */
  it('leaves nothing behind where AWSPENDING was parked on an AWSCURRENT that does not log in', async () => {
    const world = new RotationWorld({ ...SELF, pendingOnCurrent: true });
    world.database.addUser('boss', world.credentialOf(world.previous ?? '')?.password ?? '', ROOT);
    expect(await recover(portsOf(world))).toMatchObject({ outcome: 'recovered', kept: 'AWSPREVIOUS' });
    expect(labels(world)).toEqual({ AWSCURRENT: world.previous, AWSPREVIOUS: world.current });
    expect(world.endProblems()).toEqual([]);
  });

  it('leaves nothing behind where an earlier rotation parked AWSPENDING there, and the stopped one has written nothing', async () => {
    const world = new RotationWorld({ ...SELF, pendingOnCurrent: true });
    world.database.addUser('boss', world.credentialOf(world.previous ?? '')?.password ?? '', ROOT);
    await recover(portsOf(world), { stopped: [STOPPED] });
    expect(labels(world)).toEqual({ AWSCURRENT: world.previous, AWSPREVIOUS: world.current });
    expect(world.endProblems()).toEqual([]);
  });

  it('leaves nothing behind where the AWSPENDING of a stopped revert was parked on one that does not log in', async () => {
    const world = new RotationWorld(SELF);
    await finished(world, 'revert', STOPPED);
    world.database.addUser('boss', world.credentialOf(world.current)?.password ?? '', ROOT);
    await recover(portsOf(world), { stopped: [STOPPED] });
    expect(labels(world)).toEqual({ AWSCURRENT: world.current, AWSPREVIOUS: world.previous });
    expect(world.endProblems()).toEqual([]);
  });

  it('clears what another tool left: an AWSPENDING without a value', async () => {
    const world = new RotationWorld(SELF);
    world.store.addVersion(SECRET, ['AWSPENDING'], undefined);
    expect(await recover(portsOf(world))).toMatchObject({ outcome: 'recovered' });
    expect(labels(world)).toEqual(world.before.labels);
  });

  it('takes AWSPENDING off AWSPREVIOUS, where a value written by hand had left it', async () => {
    const world = new RotationWorld(SELF);
    world.store.move(SECRET, 'AWSPENDING', { to: world.previous ?? '' });
    expect(await recover(portsOf(world))).toMatchObject({ outcome: 'recovered', kept: 'AWSCURRENT' });
    expect(labels(world)).toEqual(world.before.labels);
  });

  it('takes the labels off that this project used before 0.2', async () => {
    const world = new RotationWorld(SELF);
    world.store.addVersion(SECRET, ['docdb-rotation-stop-1', 'docdb-rotation-1'], '{}');
    expect(await recover(portsOf(world))).toMatchObject({ outcome: 'recovered', kept: 'AWSCURRENT' });
    expect(labels(world)).toEqual(world.before.labels);
  });

  it.each([
    ['not JSON', () => 'no JSON'],
    [
      'for another cluster',
      () => secretText({ host: 'other.example.com', username: 'boss', password: newPassword() }),
    ],
    [
      'for a user that is neither of the pair',
      () => secretText({ username: 'root', password: newPassword() }),
    ],
  ])('never promotes a pending version that is %s', async (_what, text) => {
    const world = new RotationWorld(SELF);
    const value = text();
    world.store.addVersion(SECRET, ['AWSPENDING'], value);
    world.database.addUser('boss', newPassword(), ROOT);
    // Were it tried, it would log in.
    world.database.addUser('root', value.startsWith('{') ? JSON.parse(value).password : newPassword(), ROOT);
    await expect(recover(portsOf(world))).rejects.toThrow(NoUsableCredentialsError);
    expect(world.store.holder(SECRET, 'AWSCURRENT')).toBe(world.current);
  });

  it('changes nothing more when it comes again', async () => {
    const world = new RotationWorld(SELF);
    await set(world);
    await recover(portsOf(world));
    const calls = new PortCalls();
    const again = { execution: executionArn('again', 'recovery') };
    expect(await recover(portsOf(world, calls), again)).toMatchObject({ outcome: 'nothing-to-do' });
    expect([count(calls, 'moveLabel'), count(calls, 'setTags')]).toEqual([2, 0]);
  });

  it('fails with an error that can be retried while the database is down, and keeps what it took', async () => {
    const world = new RotationWorld(SELF);
    await set(world);
    const { [OWNER]: _, ...before } = labels(world);
    world.database.down = true;
    await expect(recover(portsOf(world))).rejects.toThrow(DatabaseUnavailableError);
    expect(labels(world)).toEqual({ ...before, [OWNER]: versionIdOf(RECOVERY, 0) });
  });

  it('fails for a secret that is marked for deletion', async () => {
    const world = new RotationWorld(SELF);
    world.store.markForDeletion(SECRET);
    await expect(recover(portsOf(world))).rejects.toThrow(SecretNotRotatableError);
    expect(world.store.holder(SECRET, OWNER)).toBeUndefined();
  });

  it('fails for a secret of which no version can be used', async () => {
    const world = new RotationWorld();
    world.store.addVersion(SECRET, ['AWSCURRENT'], 'no JSON');
    await expect(recover(portsOf(world))).rejects.toThrow(InvalidSecretError);
  });

  it('names the tag of its cluster where by that every version is for elsewhere', async () => {
    const world = new RotationWorld();
    const { secrets } = portsOf(world);
    await secrets.setTags(SECRET, { [CLUSTER_TAG]: 'elsewhere.example:27017' });
    const refused = recover(portsOf(world));
    await expect(refused).rejects.toThrow(UntrustedVersionError);
    await expect(refused).rejects.toThrow(`--tag-keys ${CLUSTER_TAG}`);
  });
});

describe('where and for whom a secret is', () => {
  /** AWSCURRENT by hand, for a user that logs in; and AWSPREVIOUS, that a rotation left. */
  const rewritten = (keys: Record<string, unknown>, proven = true) => {
    const password = newPassword();
    const world = new RotationWorld({ ...SELF, proven });
    world.database.addUser('other', password, ROOT);
    world.database.addUser('boss', world.credentialOf(world.current)?.password ?? '', ROOT);
    const text = secretText({ username: 'other', password, ...keys });
    return { world, written: world.store.putByHand(SECRET, text) };
  };

  it('is what AWSCURRENT says where it logs in: someone moved on to another user', async () => {
    const { world, written } = rewritten({});
    expect(await recover(portsOf(world))).toMatchObject({ kept: 'AWSCURRENT', version: written });
  });

  it('is what a proven version says where the host of AWSCURRENT does not answer', async () => {
    const { world } = rewritten({ host: CLUSTER.replace('demo', 'elsewhere') });
    expect(await recover(portsOf(world))).toMatchObject({ kept: 'AWSPREVIOUS', version: world.current });
  });

  it('is what an older proven version says where a host that was seen later is gone', async () => {
    const { world, written } = rewritten({ host: 'elsewhere.example' });
    const right = world.current;
    const { store } = world;
    world.database.addUser('other', newPassword(), ROOT);
    store.setTag(SECRET, PROVEN_TAG, `${written} ${right}`);
    for (const number of [1, 2]) store.putByHand(SECRET, secretText({ username: 'none', number }));
    expect(await recover(portsOf(world))).toMatchObject({ version: right });
  });

  it('is what AWSCURRENT says where none is proven', async () => {
    const { world, written } = rewritten({}, false);
    expect(await recover(portsOf(world))).toMatchObject({ kept: 'AWSCURRENT', version: written });
  });

  it('is recorded by a recovery', async () => {
    const world = new RotationWorld(SINGLE);
    const { plan } = await set(world);
    await recover(portsOf(world));
    const { tags } = await portsOf(world).secrets.describe(SECRET);
    expect(tags['docdb-rotation:proven']).toBe(plan.pendingVersion);
  });

  it('resets nothing for someone else’s user, whatever it is told', async () => {
    const { world } = rewritten({});
    world.database.addUser('other', newPassword(), ROOT);
    world.database.addUser('boss', newPassword(), ROOT);
    const failure = recover(portsOf(world), { resetThroughAdmin: true });
    await expect(failure).rejects.toThrow(/is for another host or user than the versions that are proven/);
  });
});

describe('take-lock by hand', () => {
  it('takes the lock from a rotation that runs: that one does nothing more, and no other begins', async () => {
    const world = new RotationWorld(SINGLE);
    const { plan, before } = await checked(world);
    expect(await takeLock(portsOf(world))).toEqual({
      outcome: 'taken',
      lockVersion: versionIdOf(RECOVERY, 0),
      suspects: [plan.pendingVersion],
      takenFrom: plan.lockVersion,
    });
    await expect(setSecret(portsOf(world), plan, before)).rejects.toThrow(RotationSupersededError);
    await expect(created(world)).rejects.toThrow(RotationInProgressError);
    expect(world.store.holder(SECRET, 'AWSPENDING')).toBe(plan.pendingVersion);
  });

  it('takes it from another recovery, and inherits what that one suspected', async () => {
    const world = new RotationWorld(SINGLE);
    const { plan } = await set(world);
    const first = await takeLock(portsOf(world));
    // Someone takes off what would show it.
    world.store.move(SECRET, 'AWSPENDING', { from: plan.pendingVersion });
    const second = await takeLock(portsOf(world), { execution: executionArn('next', 'recovery') });
    expect(second).toMatchObject({ suspects: [plan.pendingVersion], takenFrom: first.lockVersion });
  });

  it('finds the pending version of a revert by its marker', async () => {
    const world = new RotationWorld(SELF);
    const { plan } = await set(world, 'revert');
    expect(await takeLock(portsOf(world))).toMatchObject({
      suspects: [world.previous],
      takenFrom: plan.lockVersion,
    });
  });

  it('suspects AWSCURRENT with AWSPENDING too: a step in flight may be about to take it back', async () => {
    const world = new RotationWorld({ pendingOnCurrent: true });
    expect(await takeLock(portsOf(world))).toMatchObject({ suspects: [world.current] });
  });

  it('takes it once: a repeated call answers the same', async () => {
    const world = new RotationWorld(SINGLE);
    const { plan } = await set(world);
    const first = await takeLock(portsOf(world));
    world.store.move(SECRET, 'AWSPENDING', { from: plan.pendingVersion });
    const calls = new PortCalls();
    const { outcome, lockVersion, suspects } = await takeLock(portsOf(world, calls));
    expect({ outcome, lockVersion, suspects }).toEqual({
      outcome: 'taken',
      lockVersion: first.lockVersion,
      suspects: [plan.pendingVersion],
    });
    expect([count(calls, 'put'), count(calls, 'moveLabel')]).toEqual([0, 0]);
  });

  it('begins anew where the lock moves at that very moment', async () => {
    const world = new RotationWorld(SINGLE);
    await checked(world);
    const calls = new PortCalls({
      turn: async (method) => {
        if (method === 'moveLabel')
          await takeLock(portsOf(world), { execution: executionArn('next', 'recovery') });
      },
    });
    await expect(takeLock(portsOf(world, calls))).rejects.toThrow(RotationInProgressError);
    expect(world.store.holder(SECRET, OWNER)).toBe(versionIdOf(executionArn('next', 'recovery'), 0));
  });
});

describe('take-lock by the rule', () => {
  const byRule = { stopped: [STOPPED] };

  it('takes the lock from the execution that was stopped', async () => {
    const world = new RotationWorld(SINGLE);
    const { plan } = await set(world, 'rotate', STOPPED);
    expect(await takeLock(portsOf(world), byRule)).toMatchObject({
      suspects: [plan.pendingVersion],
      takenFrom: plan.lockVersion,
    });
  });

  it('takes it from each of those that were stopped, the first or the last', async () => {
    const world = new RotationWorld(SINGLE);
    const { plan } = await set(world, 'rotate', STOPPED);
    const first = await takeLock(portsOf(world), byRule);
    const execution = executionArn('next', 'recovery');
    expect(await takeLock(portsOf(world), { execution, stopped: [RECOVERY, STOPPED] })).toMatchObject({
      suspects: [plan.pendingVersion],
      takenFrom: first.lockVersion,
    });
  });

  it('takes it where no one has it, and suspects the version of the stopped one', async () => {
    const world = new RotationWorld(SINGLE);
    const { plan } = await set(world, 'rotate', STOPPED);
    world.store.move(SECRET, OWNER, { from: plan.lockVersion });
    expect(await takeLock(portsOf(world), byRule)).toMatchObject({ suspects: [plan.pendingVersion] });
  });

  it('suspects the version that a stopped revert went back to, though a value written by hand took AWSPREVIOUS off it', async () => {
    const world = new RotationWorld({ ...SINGLE, previous: { username: 'app', state: 'locked' } });
    const plan = await created(world, 'revert', STOPPED);
    world.store.putByHand(SECRET, secretText({ username: 'app', password: newPassword() }));
    world.store.move(SECRET, OWNER, { from: plan.lockVersion });
    expect(world.store.holder(SECRET, 'AWSPENDING')).toBe(plan.pendingVersion);
    expect(await takeLock(portsOf(world), byRule)).toMatchObject({
      suspects: expect.arrayContaining([plan.pendingVersion]),
    });
  });

  it('suspects the version that the stopped one was for', async () => {
    const world = new RotationWorld(SINGLE);
    const arn = executionArn('of-the-token-1');
    const token = await begunByService(world, arn);
    world.store.move(SECRET, OWNER, { from: world.store.holder(SECRET, OWNER) ?? '' });
    expect(await takeLock(portsOf(world), { stopped: [arn], token })).toMatchObject({
      suspects: expect.arrayContaining([token]),
    });
  });

  it('suspects the version that an execution had before 0.2', async () => {
    const world = new RotationWorld(SINGLE);
    const version = versionIdOfBefore02(STOPPED);
    world.store.addVersionWithId(SECRET, version, ['AWSPENDING'], '{}');
    expect(await takeLock(portsOf(world), byRule)).toMatchObject({
      suspects: expect.arrayContaining([version]),
    });
  });

  it('suspects no AWSPENDING of another tool, and leaves it', async () => {
    const world = new RotationWorld(SINGLE);
    const { token } = world.beginRotation();
    const { suspects = [] } = await takeLock(portsOf(world), byRule);
    expect(suspects).not.toContain(token);
    expect(world.store.holder(SECRET, 'AWSPENDING')).toBe(token);
  });

  it.each<[string, (world: RotationWorld) => Promise<unknown>]>([
    ['a rotation', (world) => set(world)],
    ['a revert', (world) => checked(world, 'revert')],
    [
      'another recovery',
      (world) => takeLock(portsOf(world), { execution: executionArn('next', 'recovery') }),
    ],
    ['a rotation that is about to start', (world) => begunByService(world, executionArn('of-the-token-1'))],
  ])('leaves the lock to %s that has it, and touches nothing', async (_who, begin) => {
    const world = new RotationWorld(SELF);
    await begin(world);
    const left = world.snapshot();
    const calls = new PortCalls();
    const failure = takeLock(portsOf(world, calls), byRule);
    await expect(failure).rejects.toThrow(NothingToRecoverError);
    expect(world.snapshot()).toEqual(left);
    expect(count(calls, 'put')).toBe(0);
  });

  it('is not misled by an old answer: the lock that it shows is released', async () => {
    const world = new RotationWorld(SINGLE);
    const { plan } = await created(world).then((plan) => ({ plan }));
    let looks = 0;
    const calls = new PortCalls({
      turn: async () => {
        looks += 1;
        if (looks === 3) world.store.move(SECRET, OWNER, { from: plan.lockVersion });
      },
    });
    expect(await takeLock(portsOf(world, calls), byRule)).toMatchObject({ outcome: 'taken' });
  });

  // A recovery once took the lock from the one who had it by its second look.
  it('leaves it to a rotation that begins while it looks', async () => {
    const world = new RotationWorld(SELF);
    let other: string | undefined;
    const calls = new PortCalls({
      turn: async (method) => {
        if (method === 'put' && other === undefined) other = (await created(world)).lockVersion;
      },
    });
    await expect(takeLock(portsOf(world, calls), byRule)).rejects.toThrow(RotationInProgressError);
    expect(world.store.holder(SECRET, OWNER)).toBe(other);
    await expect(takeLock(portsOf(world), byRule)).rejects.toThrow(NothingToRecoverError);
  });

  it('believes no marker of someone who may write the secret: what it names is only tried', async () => {
    const world = new RotationWorld(SELF);
    const marker = markerOf(STOPPED, ['f'.repeat(32), world.current]);
    world.store.addVersionWithId(SECRET, versionIdOf(STOPPED, 0), [OWNER], marker);
    expect(await recover(portsOf(world), byRule)).toMatchObject({ kept: 'AWSCURRENT' });
    expect(world.restoredProblems()).toEqual([]);
  });
});

describe('reconcile', () => {
  const reconcile = (
    world: RotationWorld,
    lockVersion: string,
    suspects: readonly string[],
    calls = new PortCalls(),
  ) =>
    recoverSecret(portsOf(world, calls), {
      action: 'reconcile',
      execution: RECOVERY,
      secretId: SECRET,
      lockVersion,
      suspects: [...suspects],
      resetThroughAdmin: false,
      resetThroughCluster: false,
    });

  it('touches nothing without the lock', async () => {
    const world = new RotationWorld(PAIR);
    await set(world);
    const { lockVersion, suspects } = await takeLock(portsOf(world));
    await takeLock(portsOf(world), { execution: executionArn('next', 'recovery') });
    const left = world.snapshot();
    await expect(reconcile(world, lockVersion, suspects)).rejects.toThrow(RotationSupersededError);
    expect(world.snapshot()).toEqual(left);
  });

  it('looks again where AWSCURRENT moves at that very moment', async () => {
    const world = new RotationWorld(SELF);
    const { plan } = await set(world);
    const { lockVersion, suspects } = await takeLock(portsOf(world));
    const calls = new PortCalls({
      turn: async (method) => {
        if (method === 'moveLabel' && world.store.holder(SECRET, 'AWSCURRENT') === world.current)
          world.store.putByHand(SECRET, secretText({ username: 'boss', password: newPassword() }));
      },
    });
    await expect(reconcile(world, lockVersion, suspects, calls)).rejects.toThrow(/it looks again/);
    await reconcile(world, lockVersion, suspects);
    expect(world.store.holder(SECRET, 'AWSCURRENT')).toBe(plan.pendingVersion);
  });

  it('is content where its own promotion was answered too late', async () => {
    const world = new RotationWorld(SELF);
    const { plan } = await set(world);
    const { lockVersion, suspects } = await takeLock(portsOf(world));
    const calls = new PortCalls({
      turn: async (method) => {
        if (method === 'moveLabel')
          world.store.move(SECRET, 'AWSCURRENT', { from: world.current, to: plan.pendingVersion });
      },
    });
    expect(await reconcile(world, lockVersion, suspects, calls)).toMatchObject({ kept: 'AWSPENDING' });
    expect(world.store.holder(SECRET, 'AWSCURRENT')).toBe(plan.pendingVersion);
  });
});

describe('a recovery when no one logs in', () => {
  const lockedOut = async () => {
    const world = new RotationWorld({ admin: true, resettableUser: 'app' });
    await checked(world);
    world.database.addUser('app', newPassword(), READ_WRITE);
    return world;
  };

  it('fails, and never asks the admin by itself', async () => {
    const world = await lockedOut();
    const calls = new PortCalls();
    const failure = recover(portsOf(world, calls));
    await expect(failure).rejects.toThrow(/resetThroughAdmin/);
    expect(count(calls, 'updateUser')).toBe(0);
    expect(world.store.holder(SECRET, OWNER)).toBe(versionIdOf(RECOVERY, 0));
  });

  it('sets the password of AWSCURRENT through the admin secret when it is told to', async () => {
    const world = await lockedOut();
    const result = await recover(portsOf(world), { resetThroughAdmin: true });
    expect(result).toMatchObject({ outcome: 'recovered', kept: 'AWSCURRENT', passwordReset: true });
    expect(world.restoredProblems()).toEqual([]);
    expect(world.leaks(result)).toEqual([]);
  });

  it.each(['-', ':'])('sets no password of one who may have been dropped: %s', async (mark) => {
    const world = new RotationWorld({ admin: true, resettableUser: 'app' });
    world.database.addUser('app', newPassword(), READ_WRITE);
    world.store.setTag(SECRET, PROVEN_TAG, `${mark}${world.current}`);
    const failure = recover(portsOf(world), { resetThroughAdmin: true });
    await expect(failure).rejects.toThrow(ResetNotAllowedError);
    await expect(failure).rejects.toThrow(/or its user was dropped since, .*\(there is none\)/);
  });

  it.each([{ resetThroughAdmin: true }, { resetThroughCluster: true }])(
    'sets no password that someone wrote by hand, once the secret was rotated: %o',
    async (reset) => {
      const world = new RotationWorld({ admin: true, resettableUser: 'app', proven: true });
      // Someone changed it in the database too, so that nothing on record logs in either.
      world.database.addUser('app', newPassword(), READ_WRITE);
      world.store.putByHand(SECRET, secretText({ username: 'app', password: newPassword() }));
      const calls = new PortCalls();
      await expect(recover(portsOf(world, calls), reset)).rejects.toThrow(ResetNotAllowedError);
      expect(count(calls, 'updateUser')).toBe(0);
    },
  );

  it('resets nothing as long as some version logs in, even when it is told to', async () => {
    const world = new RotationWorld({ admin: true });
    await checked(world);
    const calls = new PortCalls();
    await recover(portsOf(world, calls), { resetThroughAdmin: true });
    expect(count(calls, 'updateUser')).toBe(0);
  });
});

describe('a recovery of a pair', () => {
  it('goes back to AWSPREVIOUS rather than forward to AWSPENDING when both log in', async () => {
    const world = new RotationWorld({ ...PAIR, previous: { username: 'app', state: 'locked' } });
    await set(world);
    world.database.addUser('app', world.credentialOf(world.previous ?? '')?.password ?? '', READ_WRITE);
    expect(await recover(portsOf(world))).toMatchObject({ kept: 'AWSPREVIOUS', otherUser: 'dropped' });
    expect(world.store.holder(SECRET, 'AWSCURRENT')).toBe(world.previous);
  });

  it('drops the user that the stopped rotation made', async () => {
    const world = new RotationWorld(PAIR);
    await set(world);
    expect(await recover(portsOf(world))).toMatchObject({ kept: 'AWSCURRENT', otherUser: 'dropped' });
    expect(world.restoredProblems()).toEqual([]);
  });

  it('drops the clone of an admin by its own power', async () => {
    const world = new RotationWorld({ strategy: 'admin-clone', username: 'boss', roles: ROOT });
    await set(world);
    expect(await recover(portsOf(world))).toMatchObject({ otherUser: 'dropped' });
    expect(world.restoredProblems()).toEqual([]);
  });

  it.each(['logs in', 'locked'] as const)('disables a user that %s before', async (state) => {
    const world = new RotationWorld({ ...PAIR, previous: { username: 'app_clone', state } });
    await set(world);
    expect(await recover(portsOf(world))).toMatchObject({ otherUser: 'locked' });
    expect(world.database.usernames()).toContain('app_clone');
    expect(world.powerProblems()).toEqual([]);
    expect(world.endProblems()).toEqual([]);
  });

  it('leaves the pair alone after FinishSecret', async () => {
    const world = new RotationWorld(PAIR);
    const { plan } = await finished(world);
    expect(await recover(portsOf(world))).toMatchObject({ outcome: 'nothing-to-do' });
    expect([world.logsIn(plan.pendingVersion), world.logsIn(world.current)]).toEqual([true, true]);
  });

  it('drops the user of a version whose promotion a compensation has taken back, and has no pair on record', async () => {
    const world = new RotationWorld(PAIR);
    const { plan } = await finished(world);
    world.store.move(SECRET, 'AWSCURRENT', { from: plan.pendingVersion, to: world.current });
    expect(pairedIn(await record(world))).toEqual([plan.pendingVersion, world.current]);
    expect(await recover(portsOf(world))).toMatchObject({ kept: 'AWSCURRENT', otherUser: 'dropped' });
    expect(pairedIn(await record(world))).toEqual([world.current]);
  });

  it('leaves the users of a promoted version alone beside an AWSCURRENT of someone else, and has them on record', async () => {
    const world = new RotationWorld(PAIR);
    const { plan } = await finished(world);
    const password = newPassword();
    world.database.addUser('other', password, READ_WRITE);
    const written = world.store.putByHand(SECRET, secretText({ username: 'other', password }));
    const result = await recover(portsOf(world));
    expect(result).toMatchObject({ kept: 'AWSCURRENT', version: written });
    expect(result).not.toHaveProperty('otherUser');
    expect(await record(world)).toEqual([written, `=${plan.pendingVersion}`, `=${world.current}`]);
  });

  it('drops what a first rotation made beside an AWSCURRENT of someone else', async () => {
    const world = new RotationWorld(PAIR);
    await set(world);
    const password = newPassword();
    world.database.addUser('other', password, READ_WRITE);
    world.store.putByHand(SECRET, secretText({ username: 'other', password }));
    expect(await recover(portsOf(world))).toMatchObject({ kept: 'AWSCURRENT', otherUser: 'dropped' });
  });

  // The recovery of a rotation that was stopped may come when the next one has ended.
  it('never takes a predecessor for half-made that is in its grace period', async () => {
    const world = new RotationWorld({ ...PAIR, previous: { username: 'app_clone', state: 'logs in' } });
    await recover(portsOf(world), { stopped: [STOPPED], token: world.previous ?? '' });
    await recover(portsOf(world));
    expect(world.logsIn(world.previous)).toBe(true);
    expect(world.restoredProblems()).toEqual([]);
  });

  it('drops no user that was in use before, whatever a marker names', async () => {
    const world = new RotationWorld({ ...PAIR, previous: { username: 'app_clone', state: 'logs in' } });
    // Someone took AWSPREVIOUS, and wrote a marker under the owner label.
    world.store.addVersion(SECRET, ['AWSPREVIOUS'], secretText({ username: 'x', password: newPassword() }));
    world.store.addVersion(SECRET, [OWNER], markerOf(STOPPED, [world.previous ?? '']));
    const calls = new PortCalls();
    await recover(portsOf(world, calls));
    expect([count(calls, 'dropUser'), count(calls, 'updateUser')]).toEqual([0, 0]);
    expect(world.logsIn(world.previous)).toBe(true);
  });

  it('never drops or locks a user for a value that someone planted, though it logs in', async () => {
    const world = new RotationWorld(PAIR);
    const password = newPassword();
    world.database.addUser('app_clone', password, READ_WRITE);
    const planted = secretText({ username: 'app_clone', password });
    world.store.addVersion(SECRET, ['AWSPENDING'], planted);
    const calls = new PortCalls();
    expect(await recover(portsOf(world, calls))).toEqual({
      outcome: 'recovered',
      version: world.current,
      kept: 'AWSCURRENT',
    });
    expect([count(calls, 'dropUser'), count(calls, 'updateUser')]).toEqual([0, 0]);
    expect(world.database.accepts({ username: 'app_clone', password })).toBe(true);
  });
});
