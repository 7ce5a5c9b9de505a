import { describe, expect, it } from 'vitest';
import {
  CredentialNotPropagatedError,
  DatabaseUnavailableError,
  InstanceNotTrustedError,
  RolesDifferError,
  RotationSupersededError,
} from '../../functions/shared/errors.ts';
import { testSecret } from '../../functions/test-secret/test-secret.ts';
import { CLUSTER, PORT, READ_WRITE, ROOT } from '../helpers/in-memory-database.ts';
import { newPassword, newVersionId } from '../helpers/in-memory-secret-store.ts';
import { count, PortCalls } from '../helpers/port-calls.ts';
import { checked, portsOf, set } from '../helpers/rotation-steps.ts';
import { RotationWorld, SECRET } from '../helpers/rotation-world.ts';

const CHANGES = ['put', 'moveLabel', 'createUser', 'updateUser', 'dropUser'];
const boss = () => new RotationWorld({ username: 'boss', roles: ROOT });
const current = { check: 'current', secretId: SECRET } as const;

describe('TestSecret of the pending credential', () => {
  it('logs in and pings on every instance', async () => {
    const world = boss();
    const { plan, before } = await set(world);
    const calls = new PortCalls();
    const result = await testSecret(portsOf(world, calls), { check: 'pending', plan, roles: before.roles });
    expect(result).toEqual({ outcome: 'accepted', username: 'boss', instances: 3, roles: ROOT });
    expect(count(calls, 'ping')).toBe(3);
    expect(calls.recorded.filter((method) => CHANGES.includes(method))).toEqual([]);
  });

  it('fails before SetSecret has set it, with the error that means: wait', async () => {
    const world = boss();
    const { plan, before } = await checked(world);
    const failure = testSecret(portsOf(world), { check: 'pending', plan, roles: before.roles });
    await expect(failure).rejects.toThrow(CredentialNotPropagatedError);
  });

  it('fails while one reader lags, names it, and passes when it has caught up', async () => {
    const world = boss();
    world.database.lag = 1;
    const { plan, before } = await set(world);
    const input = { check: 'pending', plan, roles: before.roles } as const;
    await expect(testSecret(portsOf(world), input)).rejects.toThrow(/still refused on two\./);
    expect(await testSecret(portsOf(world), input)).toMatchObject({ outcome: 'accepted', instances: 3 });
  });

  it('fails as unavailable, not as refused, when a reader is down', async () => {
    const world = boss();
    const { plan, before } = await set(world);
    world.database.loseReader();
    const failure = testSecret(portsOf(world), { check: 'pending', plan, roles: before.roles });
    await expect(failure).rejects.toThrow(DatabaseUnavailableError);
  });

  it('fails when the user has other roles than it should', async () => {
    const world = boss();
    const { plan } = await set(world);
    const failure = testSecret(portsOf(world), { check: 'pending', plan, roles: [...READ_WRITE] });
    await expect(failure).rejects.toThrow(RolesDifferError);
    await expect(failure).rejects.toThrow(/root@admin instead of readWrite@shop/);
  });

  it('takes the same roles in another order for the same', async () => {
    const roles = [...READ_WRITE, ...ROOT];
    const world = new RotationWorld({ roles });
    const { plan } = await set(world);
    const result = await testSecret(portsOf(world), { check: 'pending', plan, roles: [...roles].reverse() });
    expect(result).toMatchObject({ outcome: 'accepted' });
  });

  it('fails when the lock is lost, and asks the database nothing', async () => {
    const world = boss();
    const { plan, before } = await set(world);
    world.store.move(SECRET, 'AWSPENDING', { from: plan.token });
    const calls = new PortCalls();
    const failure = testSecret(portsOf(world, calls), { check: 'pending', plan, roles: before.roles });
    await expect(failure).rejects.toThrow(RotationSupersededError);
    expect(count(calls, 'login')).toBe(0);
  });

  it('closes every connection, also when a test fails', async () => {
    const world = boss();
    const { plan } = await set(world);
    await testSecret(portsOf(world), { check: 'pending', plan, roles: [...READ_WRITE] }).catch(
      () => undefined,
    );
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
    expect(await testSecret(portsOf(world), { ...current, version: plan.token })).toMatchObject({
      outcome: 'accepted',
    });
    await expect(testSecret(portsOf(world), current)).rejects.toThrow(CredentialNotPropagatedError);
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
