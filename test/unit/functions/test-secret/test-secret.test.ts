import { describe, expect, it } from 'vitest';
import {
  CredentialNotPropagatedError,
  CurrentChangedError,
  DatabaseUnavailableError,
  InstanceNotTrustedError,
  RolesDifferError,
} from '../../../../functions/contract/errors.ts';
import type { Plan, TestSecretInput } from '../../../../functions/contract/steps.ts';
import type { Role } from '../../../../functions/database/database.ts';
import { OWNER } from '../../../../functions/secret/labels.ts';
import { testSecret } from '../../../../functions/test-secret/test-secret.ts';
import { CLUSTER, PORT, READ_WRITE, ROOT } from '../../../support/in-memory-database.ts';
import { newPassword, newVersionId } from '../../../support/in-memory-secret-store.ts';
import { count, PortCalls } from '../../../support/port-calls.ts';
import { executionArn } from '../../../support/rotation-machine.ts';
import { checked, finished, portsOf, set } from '../../../support/rotation-steps.ts';
import { RotationWorld, SECRET } from '../../../support/rotation-world.ts';

const CHANGES = ['put', 'moveLabel', 'createUser', 'updateUser', 'dropUser'];
const boss = () => new RotationWorld({ username: 'boss', roles: ROOT });
const EXECUTION = executionArn('test');
const current = { execution: EXECUTION, check: 'current', secretId: SECRET } as const;
const pending = (plan: Plan, roles: readonly Role[] | null): TestSecretInput => ({
  execution: EXECUTION,
  check: 'pending',
  plan,
  roles: roles === null ? null : [...roles],
});

describe('TestSecret of the pending credential', () => {
  it('logs in and pings on every instance', async () => {
    const world = boss();
    const { plan, before } = await set(world);
    const calls = new PortCalls();
    const result = await testSecret(portsOf(world, calls), pending(plan, before.roles));
    expect(result).toEqual({
      outcome: 'accepted',
      username: 'boss',
      instances: 3,
      roles: ROOT,
      rolesCompared: true,
    });
    expect(count(calls, 'ping')).toBe(3);
    expect(calls.recorded.filter((method) => CHANGES.includes(method))).toEqual([]);
  });

  it('fails before SetSecret has set it, with the error that means: wait', async () => {
    const world = boss();
    const { plan, before } = await checked(world);
    const failure = testSecret(portsOf(world), pending(plan, before.roles));
    await expect(failure).rejects.toThrow(CredentialNotPropagatedError);
  });

  it('fails while one reader lags, names it, and passes when it has caught up', async () => {
    const world = boss();
    world.database.lag = 1;
    const { plan, before } = await set(world);
    const input = pending(plan, before.roles);
    await expect(testSecret(portsOf(world), input)).rejects.toThrow(/is refused on two\./);
    expect(await testSecret(portsOf(world), input)).toMatchObject({ outcome: 'accepted', instances: 3 });
  });

  it('fails as unavailable, not as refused, when a reader is down', async () => {
    const world = boss();
    const { plan, before } = await set(world);
    world.database.loseReader();
    const failure = testSecret(portsOf(world), pending(plan, before.roles));
    await expect(failure).rejects.toThrow(DatabaseUnavailableError);
  });

  it('fails when the user has other roles than it should', async () => {
    const world = boss();
    const { plan } = await set(world);
    const failure = testSecret(portsOf(world), pending(plan, READ_WRITE));
    await expect(failure).rejects.toThrow(RolesDifferError);
    await expect(failure).rejects.toThrow(/root@admin instead of readWrite@shop/);
  });

  it('takes the same roles in another order for the same', async () => {
    const roles = [...READ_WRITE, ...ROOT];
    const world = new RotationWorld({ roles });
    const { plan } = await set(world);
    const result = await testSecret(portsOf(world), pending(plan, [...roles].reverse()));
    expect(result).toMatchObject({ outcome: 'accepted' });
  });

  // It changes nothing; FinishSecret sees that the lock is lost.
  it('needs no lock, and reads nothing but the value', async () => {
    const world = boss();
    const { plan, before } = await set(world);
    world.store.move(SECRET, OWNER, { from: plan.lockVersion });
    const calls = new PortCalls();
    await testSecret(portsOf(world, calls), pending(plan, before.roles));
    expect(calls.recorded.filter((method) => method === 'describe' || method === 'read')).toEqual(['read']);
  });

  it('waits for an answer that knows the value, which has just been written', async () => {
    const world = boss();
    const { now } = world.clock;
    world.store.staleReads = { monotonic: false, milliseconds: 3000, now, random: () => 0 };
    const { plan, before } = await set(world);
    expect(await testSecret(portsOf(world), pending(plan, before.roles))).toMatchObject({
      outcome: 'accepted',
    });
  });

  it('closes every connection, also when a test fails', async () => {
    const world = boss();
    const { plan } = await set(world);
    await testSecret(portsOf(world), pending(plan, READ_WRITE)).catch(() => undefined);
    expect(world.database.open).toBe(0);
  });
});

describe('TestSecret of AWSCURRENT', () => {
  it('reads it as an application does, by the label', async () => {
    expect(await testSecret(portsOf(boss()), current)).toMatchObject({ username: 'boss', instances: 3 });
  });

  it('tests the version of a token instead, where Secrets Manager asks for one', async () => {
    const world = boss();
    const { plan } = await set(world);
    expect(await testSecret(portsOf(world), { ...current, version: plan.pendingVersion })).toMatchObject({
      outcome: 'accepted',
    });
    await expect(testSecret(portsOf(world), current)).rejects.toThrow(CredentialNotPropagatedError);
  });

  it('tests AWSCURRENT after a promotion only where it is the promoted version', async () => {
    const world = boss();
    const { plan } = await finished(world);
    const promoted = { ...current, promoted: plan.pendingVersion };
    expect(await testSecret(portsOf(world), promoted)).toMatchObject({ outcome: 'accepted' });
    const byHand = world.store.putByHand(SECRET, world.store.valueOf(SECRET, plan.pendingVersion) ?? '');
    const attempt = testSecret(portsOf(world), promoted);
    await expect(attempt).rejects.toThrow(CurrentChangedError);
    await expect(attempt).rejects.toThrow(`is on version ${byHand}, not on ${plan.pendingVersion}`);
  });

  it('takes no old answer for a promotion that did not last', async () => {
    const world = boss();
    const { plan } = await set(world);
    const { now } = world.clock;
    world.store.staleReads = { monotonic: false, milliseconds: 3000, now, random: () => 0 };
    world.store.move(SECRET, 'AWSCURRENT', { from: world.current, to: plan.pendingVersion });
    const promoted = { ...current, promoted: plan.pendingVersion };
    expect(await testSecret(portsOf(world), promoted)).toMatchObject({ outcome: 'accepted' });
  });

  it('fails when it does not log in, and says no password', async () => {
    const world = boss();
    world.database.addUser('boss', newPassword(), ROOT);
    const failure = await testSecret(portsOf(world), current).catch((error: Error) => error);
    expect(failure).toBeInstanceOf(CredentialNotPropagatedError);
    expect(world.leaks(String(failure))).toEqual([]);
  });

  it('fails for a version that does not exist', async () => {
    const version = newVersionId();
    await expect(testSecret(portsOf(boss()), { ...current, version })).rejects.toThrow(/has no value/);
  });
});

describe('TestSecret sends no credential to a host', () => {
  it.each([
    ['of another domain', 'one.elsewhere.example.com'],
    ['whose name only ends like the cluster’s', 'evil-abcdefgh.eu-central-1.docdb.amazonaws.com'],
    ['below the cluster’s domain', 'a.b.abcdefgh.eu-central-1.docdb.amazonaws.com'],
    ['that is an address', '169.254.169.254'],
    ['on this machine', 'localhost'],
  ])('%s', async (_what, host) => {
    const world = boss();
    world.database.reported = [{ host, port: PORT }];
    const calls = new PortCalls();
    await expect(testSecret(portsOf(world, calls), current)).rejects.toThrow(InstanceNotTrustedError);
    // Only the login on the cluster itself.
    expect(count(calls, 'login')).toBe(1);
  });

  it('but to the cluster endpoint itself, in any case of letters', async () => {
    const world = boss();
    world.database.reported = [{ host: CLUSTER, port: PORT }];
    expect(await testSecret(portsOf(world), current)).toMatchObject({ instances: 1 });
  });
});
