import { describe, expect, it } from 'vitest';
import {
  RotationSupersededError,
  SecretsManagerUnavailableError,
} from '../../../../functions/contract/errors.ts';
import type { Plan } from '../../../../functions/contract/steps.ts';
import { restoreLabels } from '../../../../functions/restore-labels/restore-labels.ts';
import { OLDEST_ANSWER_MS } from '../../../../functions/runtime/read-again.ts';
import { OWNER } from '../../../../functions/secret/labels.ts';
import { ROOT } from '../../../support/in-memory-database.ts';
import { newPassword } from '../../../support/in-memory-secret-store.ts';
import { sentAgain } from '../../../support/meanwhile.ts';
import { count, PortCalls } from '../../../support/port-calls.ts';
import { executionArn } from '../../../support/rotation-machine.ts';
import { finished, portsOf, set } from '../../../support/rotation-steps.ts';
import { RotationWorld, SECRET, secretText } from '../../../support/rotation-world.ts';

/*
 * the rotation got to        | AWSCURRENT is               | RestoreLabels
 * ---------------------------|-----------------------------|----------------------------------------------------
 * SetSecret                  | the old version             | moves nothing
 * FinishSecret               | the pending version         | gives AWSCURRENT and AWSPREVIOUS back
 * any                        | someone else's, logs in     | leaves it
 * any                        | someone else's, does not    | moves it back: that version becomes AWSPREVIOUS
 * FinishSecret, only its own | someone else's              | leaves it for later
 */

const rotated = () =>
  new RotationWorld({ username: 'boss', roles: ROOT, previous: { username: 'boss', state: 'locked' } });
const input = (plan: Plan, promoted: boolean) => ({
  execution: executionArn('one'),
  plan,
  promoted,
  promotionOnly: false,
});
const stages = (world: RotationWorld) => {
  const { AWSCURRENT, AWSPREVIOUS } = world.store.labels(SECRET);
  return { AWSCURRENT, AWSPREVIOUS };
};
const byHand = (world: RotationWorld): string =>
  world.store.putByHand(SECRET, secretText({ username: 'boss', password: newPassword() }));

describe('RestoreLabels', () => {
  it('moves nothing when AWSCURRENT was never moved', async () => {
    const world = rotated();
    const { plan } = await set(world);
    const calls = new PortCalls();
    expect(await restoreLabels(portsOf(world, calls), input(plan, false))).toEqual({
      outcome: 'untouched',
      version: world.current,
    });
    expect(count(calls, 'moveLabel')).toBe(0);
  });

  it.each(['rotate', 'revert'] as const)(
    'gives AWSCURRENT and AWSPREVIOUS back after a %s was promoted, and keeps the lock',
    async (mode) => {
      const world = rotated();
      const { plan } = await finished(world, mode);
      expect(await restoreLabels(portsOf(world), input(plan, true))).toEqual({
        outcome: 'restored',
        version: world.current,
      });
      expect(stages(world)).toEqual({ AWSCURRENT: world.current, AWSPREVIOUS: world.previous });
      expect(world.store.holder(SECRET, OWNER)).toBe(plan.lockVersion);
    },
  );

  it('leaves no AWSPREVIOUS where there was none before', async () => {
    const world = new RotationWorld({ username: 'boss', roles: ROOT });
    const { plan } = await finished(world);
    await restoreLabels(portsOf(world), input(plan, true));
    expect(stages(world)).toEqual({ AWSCURRENT: world.current, AWSPREVIOUS: undefined });
  });

  it('moves nothing when it comes again', async () => {
    const world = rotated();
    const { plan } = await finished(world);
    await restoreLabels(portsOf(world), input(plan, true));
    const labels = world.store.labels(SECRET);
    expect(await restoreLabels(portsOf(world), input(plan, true))).toEqual({
      outcome: 'untouched',
      version: world.current,
    });
    expect(world.store.labels(SECRET)).toEqual(labels);
  });

  it('puts AWSPREVIOUS back in a call that comes after one died between its two moves', async () => {
    const world = rotated();
    const { plan } = await finished(world);
    world.store.move(SECRET, 'AWSCURRENT', { from: plan.pendingVersion, to: world.current });
    expect(world.store.holder(SECRET, 'AWSPREVIOUS')).toBe(plan.pendingVersion);
    expect((await restoreLabels(portsOf(world), input(plan, true))).outcome).toBe('restored');
    expect(stages(world)).toEqual({ AWSCURRENT: world.current, AWSPREVIOUS: world.previous });
  });

  it('undoes a promotion that an old answer does not show, with replies that get lost', async () => {
    const world = rotated();
    const { now } = world.clock;
    const { plan } = await set(world);
    world.store.staleReads = {
      monotonic: false,
      milliseconds: OLDEST_ANSWER_MS - 1000,
      now,
      random: () => 0,
    };
    world.store.move(SECRET, 'AWSCURRENT', { from: world.current, to: plan.pendingVersion });
    const { secrets, clock } = portsOf(world);
    await restoreLabels({ secrets: sentAgain(secrets), clock }, input(plan, true));
    expect(stages(world)).toEqual({ AWSCURRENT: world.current, AWSPREVIOUS: world.previous });
  });

  it('fails when the lock is lost, and moves nothing', async () => {
    const world = rotated();
    const { plan } = await finished(world);
    world.store.move(SECRET, OWNER, { from: plan.lockVersion });
    const calls = new PortCalls();
    await expect(restoreLabels(portsOf(world, calls), input(plan, true))).rejects.toThrow(
      RotationSupersededError,
    );
    expect(count(calls, 'moveLabel')).toBe(0);
  });
});

describe('RestoreLabels, where someone wrote AWSCURRENT meanwhile', () => {
  it('leaves it if RestoreCredential saw it log in', async () => {
    const world = rotated();
    const { plan } = await set(world);
    const written = byHand(world);
    const labels = world.store.labels(SECRET);
    expect(await restoreLabels(portsOf(world), { ...input(plan, false), currentStays: written })).toEqual({
      outcome: 'untouched',
      version: written,
    });
    expect(world.store.labels(SECRET)).toEqual(labels);
  });

  it.each([
    ['before FinishSecret', set, false],
    ['after it', finished, true],
  ] as const)(
    'moves AWSCURRENT back if it does not log in, %s, and says which version it was',
    async (_when, go, promoted) => {
      const world = rotated();
      const { plan } = await go(world);
      const written = byHand(world);
      expect(await restoreLabels(portsOf(world), input(plan, promoted))).toEqual({
        outcome: 'restored',
        version: world.current,
        written,
      });
      expect(stages(world)).toEqual({ AWSCURRENT: world.current, AWSPREVIOUS: written });
    },
  );

  it('moves one back that was written after RestoreCredential saw another log in', async () => {
    const world = rotated();
    const { plan } = await set(world);
    const currentStays = byHand(world);
    const written = byHand(world);
    const result = await restoreLabels(portsOf(world), { ...input(plan, false), currentStays });
    expect(result.written).toBe(written);
    expect(world.store.holder(SECRET, 'AWSCURRENT')).toBe(world.current);
  });

  it('leaves it for later where only the promotion is to be undone', async () => {
    const world = rotated();
    const { plan } = await finished(world);
    const written = byHand(world);
    const result = await restoreLabels(portsOf(world), { ...input(plan, true), promotionOnly: true });
    expect(result.outcome).toBe('untouched');
    expect(world.store.holder(SECRET, 'AWSCURRENT')).toBe(written);
  });

  it('undoes the promotion alone, where no one wrote anything', async () => {
    const world = rotated();
    const { plan } = await finished(world);
    const calls = new PortCalls();
    const result = await restoreLabels(portsOf(world, calls), { ...input(plan, true), promotionOnly: true });
    expect(result).toEqual({ outcome: 'restored', version: world.current });
    expect(count(calls, 'moveLabel')).toBe(1);
    expect(world.store.holder(SECRET, 'AWSCURRENT')).toBe(world.current);
  });

  it('asks to look again while someone moves AWSCURRENT faster than it does', async () => {
    const world = rotated();
    const { plan } = await set(world);
    byHand(world);
    const busy = new PortCalls({
      turn: async (method) => {
        if (method === 'moveLabel') byHand(world);
      },
    });
    const attempt = restoreLabels(portsOf(world, busy), input(plan, false));
    await expect(attempt).rejects.toThrow(SecretsManagerUnavailableError);
    await expect(attempt).rejects.toThrow(/it is tried again/);
  });

  it('takes a move that seems lost for its own when AWSCURRENT is back', async () => {
    const world = rotated();
    const { plan } = await set(world);
    byHand(world);
    const { secrets, clock } = portsOf(world);
    const result = await restoreLabels({ secrets: sentAgain(secrets), clock }, input(plan, false));
    expect(result.version).toBe(world.current);
    expect(world.store.holder(SECRET, 'AWSCURRENT')).toBe(world.current);
  });
});
