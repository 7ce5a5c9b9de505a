import { describe, expect, it } from 'vitest';
import {
  RotationInProgressError,
  RotationSupersededError,
  SecretsManagerRefusedError,
} from '../../../../functions/contract/errors.ts';
import { OLDEST_ANSWER_MS } from '../../../../functions/runtime/read-again.ts';
import { CLAIM, OWNER } from '../../../../functions/secret/labels.ts';
import {
  describeAsOwner,
  describeWhenFree,
  inProgress,
  releaseLock,
  sameStages,
  takeLock,
  takeLockOnce,
  takePending,
  writeOwnVersion,
} from '../../../../functions/secret/lock.ts';
import type { SecretDescription } from '../../../../functions/secret/secret-store.ts';
import { versionIdOf, versionIdsOf } from '../../../../functions/secret/version-ids.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { newVersionId } from '../../../support/in-memory-secret-store.ts';
import { rightBefore, sentAgain } from '../../../support/meanwhile.ts';
import { count, PortCalls } from '../../../support/port-calls.ts';
import { executionArn } from '../../../support/rotation-machine.ts';
import { portsOf } from '../../../support/rotation-steps.ts';
import { RotationWorld, SECRET } from '../../../support/rotation-world.ts';

const ONE = executionArn('one');
const OTHER = executionArn('other');

const described = (world: RotationWorld): Promise<SecretDescription> => world.store.port().describe(SECRET);
const take = async (world: RotationWorld, execution: string, value = '{}'): Promise<string> =>
  await takeLock(portsOf(world), await described(world), execution, value);
const owner = (world: RotationWorld) => world.store.holder(SECRET, OWNER);

/** Every read answers what was true that long ago, and no write does. */
const answerLate = (world: RotationWorld, milliseconds: number): void => {
  const { now } = world.clock;
  world.store.staleReads = { monotonic: false, milliseconds, now, random: () => 0 };
};

describe('takeLock', () => {
  it('writes a version of the execution’s own, and puts the owner label on it', async () => {
    const world = new RotationWorld();
    expect(await take(world, ONE, '{"a":1}')).toBe(versionIdOf(ONE, 0));
    expect(world.store.labels(SECRET)).toEqual({
      AWSCURRENT: world.current,
      [CLAIM]: versionIdOf(ONE, 0),
      [OWNER]: versionIdOf(ONE, 0),
    });
    expect(world.store.valueOf(SECRET, versionIdOf(ONE, 0))).toBe('{"a":1}');
  });

  it('fails while another execution has it, and touches nothing of that one', async () => {
    const world = new RotationWorld();
    const held = await take(world, OTHER);
    await expect(take(world, ONE)).rejects.toThrow(RotationInProgressError);
    expect(owner(world)).toBe(held);
  });

  it('fails for the second of two that both saw it free', async () => {
    const world = new RotationWorld();
    const seen = await described(world);
    const first = await takeLock(portsOf(world), seen, ONE, '{}');
    await expect(takeLock(portsOf(world), seen, OTHER, '{}')).rejects.toThrow(RotationInProgressError);
    expect(owner(world)).toBe(first);
  });

  it('moves it on from an earlier version of the same execution', async () => {
    const world = new RotationWorld();
    await take(world, ONE);
    expect(await take(world, ONE, '{"a":1}')).toBe(versionIdOf(ONE, 1));
    expect(owner(world)).toBe(versionIdOf(ONE, 1));
  });

  it('moves it on where the look was too old to show that earlier version', async () => {
    const world = new RotationWorld();
    const old = await described(world);
    await take(world, ONE);
    expect(await takeLock(portsOf(world), old, ONE, '{"a":1}')).toBe(versionIdOf(ONE, 1));
    expect(owner(world)).toBe(versionIdOf(ONE, 1));
  });

  it('loses it to the one who took it from that earlier version meanwhile', async () => {
    const world = new RotationWorld();
    const from = await take(world, ONE);
    const seen = await described(world);
    const to = await writeOwnVersion(world.store.port(), world.secretArn, OTHER, '{}');
    world.store.move(SECRET, OWNER, { from, to });
    await expect(takeLock(portsOf(world), seen, ONE, '{"a":1}')).rejects.toThrow(RotationInProgressError);
    expect(owner(world)).toBe(to);
  });

  it.each([true, false])(
    'has it when a reply got lost and the SDK sent again (refused: %s)',
    async (refuses) => {
      const world = new RotationWorld();
      world.store.refusesMoveToHolder = refuses;
      const { secrets, clock } = portsOf(world);
      const ports = { secrets: sentAgain(secrets), clock };
      expect(await takeLock(ports, await described(world), ONE, '{}')).toBe(versionIdOf(ONE, 0));
      expect(await takeLock(ports, await described(world), ONE, '{"a":1}')).toBe(versionIdOf(ONE, 1));
      expect(owner(world)).toBe(versionIdOf(ONE, 1));
    },
  );

  it.each(['none', 'an earlier version'])(
    'has it when a reply got lost, and reads answer late (from %s)',
    async (from) => {
      const world = new RotationWorld();
      world.store.refusesMoveToHolder = true;
      if (from !== 'none') await take(world, ONE, '{"a":1}');
      const seen = await described(world);
      answerLate(world, OLDEST_ANSWER_MS - 1000);
      const { secrets, clock } = portsOf(world);
      const version = await takeLock({ secrets: sentAgain(secrets), clock }, seen, ONE, '{}');
      expect(owner(world)).toBe(version);
    },
  );

  it('does not give up because an old answer shows another who has released it', async () => {
    const world = new RotationWorld();
    world.store.refusesMoveToHolder = true;
    const free = await described(world);
    const from = await take(world, OTHER);
    answerLate(world, OLDEST_ANSWER_MS - 1000);
    world.store.move(SECRET, OWNER, { from });
    const { secrets, clock } = portsOf(world);
    const version = await takeLock({ secrets: sentAgain(secrets), clock }, free, ONE, '{}');
    expect(owner(world)).toBe(version);
  });

  it('takes it when the other who came first has ended meanwhile', async () => {
    const world = new RotationWorld();
    const free = await described(world);
    const from = await take(world, OTHER);
    const ends = rightBefore('describe', () => world.store.move(SECRET, OWNER, { from }));
    const version = await takeLock(portsOf(world, ends), free, ONE, '{}');
    expect(owner(world)).toBe(version);
  });
});

describe('inProgress', () => {
  it('names the label and the version that keep an execution from beginning', async () => {
    const world = new RotationWorld();
    expect(inProgress(await described(world)).message).toMatch(/another tool had the lock of shop\/app;/);
    const { token } = world.beginRotation();
    expect(inProgress(await described(world)).message).toContain(`has AWSPENDING (version ${token}) of`);
    const held = await take(world, ONE);
    expect(inProgress(await described(world)).message).toContain(`has the lock (version ${held}) of`);
  });
});

describe('takeLockOnce', () => {
  it('uses the lock that the execution has already, and writes nothing', async () => {
    const world = new RotationWorld();
    const held = await take(world, ONE);
    const calls = new PortCalls();
    expect(await takeLockOnce(portsOf(world, calls), await described(world), ONE, '{}')).toBe(held);
    expect(calls.recorded).toEqual([]);
  });

  it('takes it otherwise, but from no execution', async () => {
    const world = new RotationWorld();
    const held = await takeLockOnce(portsOf(world), await described(world), ONE, '{}');
    expect(owner(world)).toBe(held);
    const seen = await described(world);
    await expect(takeLockOnce(portsOf(world), seen, OTHER, '{}')).rejects.toThrow(RotationInProgressError);
  });
});

describe('writeOwnVersion', () => {
  it('passes over versions that exist already, the one who wrote them', async () => {
    const world = new RotationWorld();
    for (const number of [0, 1])
      world.store.addVersionWithId(SECRET, versionIdOf(ONE, number), [], 'someone else’s');
    const { secrets } = portsOf(world);
    expect(await writeOwnVersion(secrets, world.secretArn, ONE, '{}')).toBe(versionIdOf(ONE, 2));
  });

  it('gives up when each id is taken, in words that say what to do', async () => {
    const world = new RotationWorld();
    for (const id of versionIdsOf(ONE)) world.store.addVersionWithId(SECRET, id, [], 'planted');
    const attempt = writeOwnVersion(world.store.port(), world.secretArn, ONE, '{}');
    await expect(attempt).rejects.toThrow(SecretsManagerRefusedError);
    await expect(attempt).rejects.toThrow(/start a new execution/);
  });

  it('takes the claim label from the one who wrote last, and no other label', async () => {
    const world = new RotationWorld();
    const held = await take(world, OTHER);
    const version = await writeOwnVersion(world.store.port(), world.secretArn, ONE, '{}');
    expect(world.store.labels(SECRET)).toEqual({
      AWSCURRENT: world.current,
      [CLAIM]: version,
      [OWNER]: held,
    });
  });
});

describe('describeWhenFree', () => {
  it('takes one read where no one is at work', async () => {
    const world = new RotationWorld({ pendingOnCurrent: true });
    const calls = new PortCalls();
    await describeWhenFree(portsOf(world, calls), SECRET, ONE);
    expect(calls.recorded).toEqual(['describe']);
  });

  it('lets the execution go on that has the lock', async () => {
    const clock = new FakeClock();
    const world = new RotationWorld({ clock });
    const held = await take(world, ONE);
    world.store.move(SECRET, 'AWSPENDING', { to: held });
    const secret = await describeWhenFree(portsOf(world), SECRET, ONE);
    expect(secret.versions[held]).toContain(OWNER);
    expect(clock.slept).toEqual([]);
  });

  it('believes no old answer that shows a lock', async () => {
    const world = new RotationWorld();
    const from = await take(world, OTHER);
    answerLate(world, OLDEST_ANSWER_MS - 1000);
    world.store.move(SECRET, OWNER, { from });
    const secret = await describeWhenFree(portsOf(world), SECRET, ONE);
    expect(Object.values(secret.versions).flat()).not.toContain(OWNER);
  });

  it('fails when the lock is still there after that', async () => {
    const world = new RotationWorld();
    await take(world, OTHER);
    await expect(describeWhenFree(portsOf(world), SECRET, ONE)).rejects.toThrow(RotationInProgressError);
    expect(world.clock.now()).toBeGreaterThanOrEqual(OLDEST_ANSWER_MS);
  });
});

describe('describeAsOwner', () => {
  it('is one read where the lock is there', async () => {
    const world = new RotationWorld();
    const held = await take(world, ONE);
    const calls = new PortCalls();
    await describeAsOwner(portsOf(world, calls), world.secretArn, held);
    expect(calls.recorded).toEqual(['describe']);
  });

  it('waits for an answer that is as new as the taking', async () => {
    const world = new RotationWorld();
    answerLate(world, OLDEST_ANSWER_MS - 1000);
    const held = await take(world, ONE);
    const secret = await describeAsOwner(portsOf(world), world.secretArn, held);
    expect(secret.versions[held]).toContain(OWNER);
  });

  it.each([
    ['no execution', undefined],
    ['another version of the same execution', versionIdOf(ONE, 1)],
    ['a version of another execution', versionIdOf(OTHER, 0)],
  ])('fails when %s has the lock', async (_whose, to) => {
    const world = new RotationWorld();
    const from = await take(world, ONE);
    if (to !== undefined) world.store.addVersionWithId(SECRET, to, [], '{}');
    world.store.move(SECRET, OWNER, { from, ...(to === undefined ? {} : { to }) });
    const attempt = describeAsOwner(portsOf(world), world.secretArn, from);
    await expect(attempt).rejects.toThrow(RotationSupersededError);
    expect(world.clock.now()).toBeGreaterThanOrEqual(OLDEST_ANSWER_MS);
  });
});

describe('releaseLock', () => {
  it('takes the label off that version only', async () => {
    const world = new RotationWorld();
    const held = await take(world, ONE);
    expect(await releaseLock(world.store.port(), world.secretArn, newVersionId())).toBe(false);
    expect(owner(world)).toBe(held);
    expect(await releaseLock(world.store.port(), world.secretArn, held)).toBe(true);
    expect(owner(world)).toBeUndefined();
  });
});

describe('takePending', () => {
  const world = () => new RotationWorld({ previous: { username: 'app', state: 'locked' } });
  const pending = (of: RotationWorld) => of.store.holder(SECRET, 'AWSPENDING');

  it.each([
    ['no version', (): undefined => undefined],
    ['AWSCURRENT', (of: RotationWorld) => of.current],
    ['AWSPREVIOUS', (of: RotationWorld) => of.previous],
  ])('takes it from %s', async (_where, from) => {
    const of = world();
    const to = await take(of, ONE);
    const holder = from(of);
    if (holder !== undefined) of.store.move(SECRET, 'AWSPENDING', { to: holder });
    expect(await takePending(portsOf(of), await described(of), to)).toBe(true);
    expect(pending(of)).toBe(to);
  });

  it('takes it from an own earlier version, if it is told so', async () => {
    const of = world();
    const earlier = await take(of, ONE);
    of.store.move(SECRET, 'AWSPENDING', { to: earlier });
    const to = await take(of, ONE, '{"a":1}');
    expect(await takePending(portsOf(of), await described(of), to)).toBe(false);
    expect(await takePending(portsOf(of), await described(of), to, versionIdsOf(ONE))).toBe(true);
    expect(pending(of)).toBe(to);
  });

  it('moves nothing where the version has it', async () => {
    const of = world();
    const to = await take(of, ONE);
    of.store.move(SECRET, 'AWSPENDING', { to });
    const calls = new PortCalls();
    expect(await takePending(portsOf(of, calls), await described(of), to)).toBe(true);
    expect(count(calls, 'moveLabel')).toBe(0);
  });

  it('leaves it to another tool that has it, also if that took it since the look', async () => {
    const of = world();
    const to = await take(of, ONE);
    const late = rightBefore('moveLabel', () => of.beginRotation());
    expect(await takePending(portsOf(of, late), await described(of), to)).toBe(false);
    const token = pending(of);
    expect(token).not.toBe(to);
    expect(await takePending(portsOf(of), await described(of), to)).toBe(false);
    expect(pending(of)).toBe(token);
  });

  it.each([true, false])(
    'has it when a reply got lost, and reads answer late (from AWSCURRENT: %s)',
    async (parked) => {
      const of = new RotationWorld({ pendingOnCurrent: parked });
      of.store.refusesMoveToHolder = true;
      const to = await take(of, ONE);
      const seen = await described(of);
      answerLate(of, OLDEST_ANSWER_MS - 1000);
      const { secrets, clock } = portsOf(of);
      expect(await takePending({ secrets: sentAgain(secrets), clock }, seen, to)).toBe(true);
    },
  );

  it('has it when a reply got lost, though an old answer shows another tool that had it before', async () => {
    const of = new RotationWorld();
    of.store.refusesMoveToHolder = true;
    const to = await take(of, ONE);
    const seen = await described(of);
    const { token } = of.beginRotation();
    answerLate(of, OLDEST_ANSWER_MS - 1000);
    of.store.move(SECRET, 'AWSPENDING', { from: token });
    const { secrets, clock } = portsOf(of);
    expect(await takePending({ secrets: sentAgain(secrets), clock }, seen, to)).toBe(true);
  });
});

describe('sameStages', () => {
  const secret = (versions: SecretDescription['versions']): SecretDescription => ({
    arn: 'arn',
    name: 'name',
    versions,
    tags: {},
    markedForDeletion: false,
  });
  const seen = secret({ one: ['AWSCURRENT', 'AWSPENDING'], two: ['AWSPREVIOUS'] });

  it('minds neither AWSPENDING nor labels of the project', () => {
    expect(sameStages(seen, secret({ one: ['AWSCURRENT'], two: ['AWSPREVIOUS', OWNER] }))).toBe(true);
  });

  it.each([
    ['AWSCURRENT', { three: ['AWSCURRENT'], two: ['AWSPREVIOUS'] }],
    ['AWSPREVIOUS', { one: ['AWSCURRENT'], three: ['AWSPREVIOUS'] }],
    ['AWSPREVIOUS, to nowhere,', { one: ['AWSCURRENT'] }],
  ])('sees that %s was moved', (_label, versions) => {
    expect(sameStages(seen, secret(versions))).toBe(false);
    expect(sameStages(secret(versions), seen)).toBe(false);
  });
});
