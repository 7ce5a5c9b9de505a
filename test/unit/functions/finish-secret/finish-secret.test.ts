import { describe, expect, it } from 'vitest';
import { CurrentChangedError, RotationSupersededError } from '../../../../functions/contract/errors.ts';
import { createSecret } from '../../../../functions/create-secret/create-secret.ts';
import { finishSecret } from '../../../../functions/finish-secret/finish-secret.ts';
import { OLDEST_ANSWER_MS } from '../../../../functions/runtime/read-again.ts';
import { OWNER } from '../../../../functions/secret/labels.ts';
import { recordOf } from '../../../../functions/secret/proven.ts';
import { READ_WRITE, ROOT } from '../../../support/in-memory-database.ts';
import { newPassword } from '../../../support/in-memory-secret-store.ts';
import { sentAgain } from '../../../support/meanwhile.ts';
import { count, PortCalls } from '../../../support/port-calls.ts';
import { executionArn } from '../../../support/rotation-machine.ts';
import { begunByService, finished, portsOf, set } from '../../../support/rotation-steps.ts';
import { RotationWorld, SECRET, secretText } from '../../../support/rotation-world.ts';

const boss = () =>
  new RotationWorld({ username: 'boss', roles: ROOT, previous: { username: 'boss', state: 'locked' } });

const valueByHand = () => secretText({ username: 'boss', password: newPassword() });

describe('FinishSecret', () => {
  it('makes the pending version AWSCURRENT, where AWSPENDING is parked', async () => {
    const world = boss();
    const { plan } = await set(world);
    const calls = new PortCalls();
    const version = plan.pendingVersion;
    expect(await finishSecret(portsOf(world, calls), plan, null)).toEqual({ outcome: 'promoted', version });
    expect(world.store.labels(SECRET)).toMatchObject({
      AWSCURRENT: version,
      AWSPENDING: version,
      AWSPREVIOUS: world.current,
    });
    expect(count(calls, 'moveLabel')).toBe(1);
    expect(world.logsIn(version)).toBe(true);
  });

  it('records a pair before it promotes one of the two, and no single user', async () => {
    for (const [world, asked, entries] of [
      [boss(), ['describe', 'moveLabel'], (_: string, current: string, previous = '') => [current, previous]],
      [
        new RotationWorld({ strategy: 'alternating-users', admin: true }),
        ['describe', 'setTags', 'moveLabel'],
        (version: string, replaced: string) => [`=+${version}`, `=${replaced}`, `+${version}`],
      ],
    ] as const) {
      const { plan, before } = await set(world);
      const calls = new PortCalls();
      await finishSecret(portsOf(world, calls), plan, before);
      expect(calls.recorded).toEqual(asked);
      const record = recordOf(await portsOf(world).secrets.describe(SECRET));
      expect(record).toEqual(entries(plan.pendingVersion, world.current, world.previous));
    }
  });

  it('keeps the lock: AWSCURRENT is still to be tested', async () => {
    const world = boss();
    const { plan } = await finished(world);
    expect(world.store.holder(SECRET, OWNER)).toBe(plan.lockVersion);
  });

  it('promotes AWSPREVIOUS itself in a revert, not the marker, and parks AWSPENDING there', async () => {
    const world = boss();
    const { plan } = await finished(world, 'revert');
    expect(world.store.labels(SECRET)).toMatchObject({
      AWSCURRENT: world.previous,
      AWSPENDING: world.previous,
      AWSPREVIOUS: world.current,
      [OWNER]: plan.lockVersion,
    });
    expect(plan.lockVersion).not.toBe(world.previous);
    expect(world.logsIn(world.previous)).toBe(true);
  });

  it('promotes the version of Secrets Manager in a rotation that it started', async () => {
    const world = boss();
    const execution = executionArn('shop-1');
    const token = await begunByService(world, execution);
    const input = { execution, secretId: SECRET, mode: 'rotate', token } as const;
    const plan = await createSecret(portsOf(world), input);
    await finishSecret(portsOf(world), plan, null);
    expect(world.store.labels(SECRET)).toMatchObject({ AWSCURRENT: token, AWSPENDING: token });
  });

  it('changes nothing when it comes again', async () => {
    const world = boss();
    const { plan } = await finished(world);
    const labels = world.store.labels(SECRET);
    const again = await finishSecret(portsOf(world), plan, null);
    expect(again).toEqual({ outcome: 'already-promoted', version: plan.pendingVersion });
    expect(world.store.labels(SECRET)).toEqual(labels);
  });

  it('promotes although AWSPENDING is elsewhere by now: another tool took it', async () => {
    const world = boss();
    const { plan } = await set(world);
    const { token } = world.beginRotation();
    await finishSecret(portsOf(world), plan, null);
    expect(world.store.labels(SECRET)).toMatchObject({ AWSCURRENT: plan.pendingVersion, AWSPENDING: token });
  });

  it('takes a compare-and-set that seems lost for its own, by no old answer', async () => {
    const world = boss();
    const { plan } = await set(world);
    const { now } = world.clock;
    world.store.staleReads = {
      monotonic: false,
      milliseconds: OLDEST_ANSWER_MS - 1000,
      now,
      random: () => 0,
    };
    const { secrets, clock } = portsOf(world);
    expect(await finishSecret({ secrets: sentAgain(secrets), clock }, plan, null)).toMatchObject({
      outcome: 'already-promoted',
    });
  });

  it('fails when the lock is lost, and moves nothing', async () => {
    const world = boss();
    const { plan } = await set(world);
    world.store.move(SECRET, OWNER, { from: plan.lockVersion });
    const calls = new PortCalls();
    await expect(finishSecret(portsOf(world, calls), plan, null)).rejects.toThrow(RotationSupersededError);
    expect(count(calls, 'moveLabel')).toBe(0);
    expect(world.store.holder(SECRET, 'AWSCURRENT')).toBe(world.current);
  });

  it('fails when someone put a new value into the secret meanwhile, and leaves it AWSCURRENT', async () => {
    const world = boss();
    const { plan } = await set(world);
    const byHand = world.store.putByHand(SECRET, valueByHand());
    const attempt = finishSecret(portsOf(world), plan, null);
    await expect(attempt).rejects.toThrow(CurrentChangedError);
    await expect(attempt).rejects.toThrow(`is on version ${byHand}, not on ${world.current}`);
    expect(world.store.holder(SECRET, 'AWSCURRENT')).toBe(byHand);
  });

  it('does not ask the database', async () => {
    const world = new RotationWorld({ admin: true, roles: READ_WRITE });
    const { plan } = await set(world);
    const calls = new PortCalls();
    await finishSecret(portsOf(world, calls), plan, null);
    expect(count(calls, 'login')).toBe(0);
  });
});
