import { describe, expect, it } from 'vitest';
import {
  SecretsManagerRefusedError,
  SecretsManagerUnavailableError,
} from '../../../../functions/contract/errors.ts';
import type { ReleaseLockInput } from '../../../../functions/contract/steps.ts';
import { CLUSTER_TAG, DROPPED_TAG, PROVEN_TAG } from '../../../../functions/contract/tags.ts';
import { createSecret } from '../../../../functions/create-secret/create-secret.ts';
import { finishSecret } from '../../../../functions/finish-secret/finish-secret.ts';
import { endExecution } from '../../../../functions/release-lock/release-lock.ts';
import { restoreLabels } from '../../../../functions/restore-labels/restore-labels.ts';
import { OLDEST_ANSWER_MS } from '../../../../functions/runtime/read-again.ts';
import { CLAIM, OWNER } from '../../../../functions/secret/labels.ts';
import { pairedIn, recordOf } from '../../../../functions/secret/proven.ts';
import { setSecret } from '../../../../functions/set-secret/set-secret.ts';
import { checkBefore } from '../../../../functions/test-secret/check-before.ts';
import { ROOT } from '../../../support/in-memory-database.ts';
import { newPassword, newVersionId } from '../../../support/in-memory-secret-store.ts';
import { rightBefore } from '../../../support/meanwhile.ts';
import { count, PortCalls } from '../../../support/port-calls.ts';
import { executionArn } from '../../../support/rotation-machine.ts';
import { begunByService, checked, created, finished, portsOf } from '../../../support/rotation-steps.ts';
import { RotationWorld, SECRET, secretText } from '../../../support/rotation-world.ts';

const ONE = executionArn('one');
const boss = () =>
  new RotationWorld({ username: 'boss', roles: ROOT, previous: { username: 'boss', state: 'locked' } });

const pair = () =>
  new RotationWorld({
    strategy: 'alternating-users',
    admin: true,
    previous: { username: 'app_clone', state: 'logs in' },
  });

const ending = (over: Partial<ReleaseLockInput>): ReleaseLockInput => ({
  execution: ONE,
  secretId: SECRET,
  plan: null,
  ended: 'restored',
  before: null,
  ...over,
});
const stages = (world: RotationWorld) => {
  const { [CLAIM]: _, ...labels } = world.store.labels(SECRET);
  return labels;
};
const proven = async (world: RotationWorld) => recordOf(await world.store.port().describe(SECRET));

describe('ReleaseLock after a promotion', () => {
  it.each(['rotate', 'revert'] as const)(
    'takes the owner label off a %s, and leaves AWSPENDING parked',
    async (mode) => {
      const world = boss();
      const { plan, before } = await finished(world, mode, ONE);
      const result = await endExecution(portsOf(world), ending({ plan, before, ended: 'promoted' }));
      expect(result).toEqual({ outcome: 'released', pendingMoved: false });
      expect(stages(world)).toEqual({
        AWSCURRENT: plan.pendingVersion,
        AWSPENDING: plan.pendingVersion,
        AWSPREVIOUS: world.current,
      });
    },
  );

  it('records what was promoted, and what logged in before', async () => {
    const world = new RotationWorld({ username: 'boss', roles: ROOT });
    const { plan, before } = await finished(world);
    await endExecution(portsOf(world), ending({ plan, before, ended: 'promoted' }));
    expect(await proven(world)).toEqual([plan.pendingVersion, world.current]);
  });

  it('says where the cluster is, by the call that records what was promoted', async () => {
    const world = boss();
    const { plan, before } = await finished(world);
    const calls = new PortCalls();
    await endExecution(portsOf(world, calls), ending({ plan, before, ended: 'promoted' }));
    expect((await world.store.port().describe(SECRET)).tags[CLUSTER_TAG]).toBe(plan.host);
    expect(count(calls, 'setTags')).toBe(1);
  });

  it('records both of a pair as such: CheckBefore saw that neither gets more than it had', async () => {
    const world = pair();
    world.store.setTag(SECRET, PROVEN_TAG, `${world.current} ${world.previous}`);
    const { plan, before } = await finished(world);
    await endExecution(portsOf(world), ending({ plan, before, ended: 'promoted' }));
    expect(await proven(world)).toEqual([`=${plan.pendingVersion}`, `=${world.current}`]);
  });

  it('but not where CheckBefore could not look at the other user', async () => {
    const world = pair();
    world.store.setTag(SECRET, PROVEN_TAG, `${world.current} ${world.previous}`);
    const { plan, before } = await finished(world, 'revert');
    const { otherUser: _, ...without } = before;
    await endExecution(portsOf(world), ending({ plan, before: without, ended: 'promoted' }));
    expect((await proven(world)).sort()).toEqual([world.previous, world.current].sort());
  });

  it('records that before it releases: only who has the lock writes the tag', async () => {
    for (const [world, asked] of [
      [boss(), ['setTags', 'moveLabel']],
      [pair(), ['describe', 'setTags', 'moveLabel']],
    ] as const) {
      const { plan, before } = await finished(world);
      const calls = new PortCalls();
      await endExecution(portsOf(world, calls), ending({ plan, before, ended: 'promoted' }));
      expect(calls.recorded).toEqual(asked);
    }
  });

  it.each(['promoted', 'restored'] as const)(
    'records nothing once another execution has the lock, though it was %s: what is there is newer',
    async (ended) => {
      const world = pair();
      const { plan, before } = await finished(world);
      const input = ending({ plan, before, ended });
      await endExecution(portsOf(world), input);
      const next = await created(world);
      const record = await proven(world);
      expect(record).toContain(`+${next.pendingVersion}`);
      expect(await endExecution(portsOf(world), input)).toEqual({
        outcome: 'nothing-to-release',
        pendingMoved: false,
      });
      expect(await proven(world)).toEqual(record);
    },
  );

  it('records that a revert has made a user again that a retirement had dropped', async () => {
    const world = pair();
    const dropped = world.previous ?? '';
    world.store.setTag(SECRET, PROVEN_TAG, `=${world.current} -${dropped} /drop`);
    world.store.setTag(SECRET, DROPPED_TAG, 'drop');
    world.database.removeUser('app_clone');
    const { plan, before } = await finished(world, 'revert');
    await endExecution(portsOf(world), ending({ plan, before, ended: 'promoted' }));
    expect(recordOf(await portsOf(world).secrets.describe(SECRET))).toEqual([
      `=${dropped}`,
      `=${world.current}`,
      '/drop',
    ]);
  });

  it('releases nothing when it comes again, and harms no one who has the lock by then', async () => {
    const world = boss();
    const { plan, before } = await finished(world);
    const input = ending({ plan, before, ended: 'promoted' });
    await endExecution(portsOf(world), input);
    const next = await created(world);
    const labels = stages(world);
    expect((await endExecution(portsOf(world), input)).outcome).toBe('nothing-to-release');
    expect(stages(world)).toEqual(labels);
    expect(world.store.holder(SECRET, OWNER)).toBe(next.lockVersion);
  });

  it('releases all the same where it may not write the tag, and says so', async () => {
    const world = boss();
    const { plan, before } = await finished(world);
    const { secrets, clock } = portsOf(world);
    const setTags = () => Promise.reject(new SecretsManagerRefusedError('no permission'));
    const attempt = endExecution(
      { secrets: { ...secrets, setTags }, clock },
      ending({ plan, before, ended: 'promoted' }),
    );
    await expect(attempt).rejects.toThrow(SecretsManagerRefusedError);
    expect(world.store.holder(SECRET, OWNER)).toBeUndefined();
  });

  it('keeps the lock while Secrets Manager can not be reached: it is tried again', async () => {
    const world = boss();
    const { plan, before } = await finished(world);
    const { secrets, clock } = portsOf(world);
    const setTags = () => Promise.reject(new SecretsManagerUnavailableError('throttled'));
    const attempt = endExecution(
      { secrets: { ...secrets, setTags }, clock },
      ending({ plan, before, ended: 'promoted' }),
    );
    await expect(attempt).rejects.toThrow(SecretsManagerUnavailableError);
    expect(world.store.holder(SECRET, OWNER)).toBe(plan.lockVersion);
  });
});

describe('ReleaseLock after compensation', () => {
  it.each(['rotate', 'revert'] as const)('takes AWSPENDING and the owner label off a %s', async (mode) => {
    const world = boss();
    const { plan, before } = await checked(world, mode);
    const result = await endExecution(portsOf(world), ending({ plan, before }));
    expect(result).toEqual({ outcome: 'released', pendingMoved: true });
    expect(stages(world)).toEqual(world.before.labels);
  });

  it('parks AWSPENDING where it was before', async () => {
    const world = new RotationWorld({ pendingOnCurrent: true });
    const { plan, before } = await checked(world);
    await endExecution(portsOf(world), ending({ plan, before }));
    expect(stages(world)).toEqual(world.before.labels);
  });

  // A stopped rotation that had slept through a recovery once left it there: on what was AWSCURRENT no more.
  it('leaves AWSPENDING off where AWSCURRENT has moved meanwhile', async () => {
    const world = new RotationWorld({ pendingOnCurrent: true });
    const { plan, before } = await checked(world);
    world.store.putByHand(SECRET, secretText({ username: 'app', password: newPassword() }));
    await endExecution(portsOf(world), ending({ plan, before }));
    expect(world.store.holder(SECRET, 'AWSPENDING')).toBeUndefined();
  });

  it('leaves an AWSPENDING that another tool has taken', async () => {
    const world = boss();
    const { plan, before } = await checked(world);
    const { token } = world.beginRotation();
    const result = await endExecution(portsOf(world), ending({ plan, before }));
    expect(result).toEqual({ outcome: 'released', pendingMoved: false });
    expect(world.store.holder(SECRET, 'AWSPENDING')).toBe(token);
  });

  it('records AWSCURRENT if it logged in, but not the version that was not tested', async () => {
    const world = new RotationWorld({ username: 'boss', roles: ROOT });
    const { plan, before } = await finished(world, 'rotate', ONE);
    await restoreLabels(portsOf(world), { execution: ONE, plan, promoted: true, promotionOnly: false });
    await endExecution(portsOf(world), ending({ plan, before }));
    expect(await proven(world)).toEqual([world.current]);
  });

  it('keeps what the record says of versions that were there before', async () => {
    const world = pair();
    const { plan, before } = await checked(world);
    await endExecution(portsOf(world), ending({ plan, before }));
    expect(await proven(world)).toEqual([`=${world.current}`, `=${world.previous}`]);
  });

  it('takes what was to be promoted off the record, though an old answer does not show that it was', async () => {
    const world = pair();
    const token = await begunByService(world, ONE);
    const input = { execution: ONE, secretId: SECRET, mode: 'rotate', token } as const;
    const plan = await createSecret(portsOf(world), input);
    const before = await checkBefore(portsOf(world), plan);
    await setSecret(portsOf(world), plan, before);
    world.store.staleReads = { monotonic: false, milliseconds: 3000, now: world.clock.now, random: () => 0 };
    await finishSecret(portsOf(world), plan, before);
    await endExecution(portsOf(world), ending({ plan, before }));
    world.store.staleReads = undefined;
    expect(pairedIn(await proven(world))).not.toContain(token);
    expect(await proven(world)).toContain(`+${token}`);
  });

  it('keeps the version of Secrets Manager’s rotation on record as written: its retry can’t write it again', async () => {
    const world = boss();
    const token = await begunByService(world, ONE);
    const joined = await createSecret(portsOf(world), {
      execution: ONE,
      secretId: SECRET,
      mode: 'rotate',
      token,
    });
    await endExecution(
      portsOf(world),
      ending({ plan: joined, before: { logsIn: ['AWSCURRENT'], roles: [] } }),
    );
    expect(await proven(world)).toContain(`+${token}`);
  });

  it.each([
    ['CheckBefore came to no end', null],
    ['it did not log in', { logsIn: [], roles: [] }],
  ])('records nothing of AWSCURRENT where %s', async (_why, before) => {
    const world = new RotationWorld();
    const plan = await created(world);
    const calls = new PortCalls();
    await endExecution(portsOf(world, calls), ending({ plan, before }));
    expect(count(calls, 'setTags')).toBe(0);
  });
});

describe('ReleaseLock where CreateSecret came to no end', () => {
  const died = () => Promise.reject(new Error('died'));

  it.each([
    ['before it took the lock', 1, 'nothing-to-release'],
    ['before it took AWSPENDING', 2, 'released'],
  ] as const)('leaves no label behind that it took, %s', async (_when, move, outcome) => {
    const world = new RotationWorld({ pendingOnCurrent: true });
    const input = { execution: ONE, secretId: SECRET, mode: 'rotate' } as const;
    await createSecret(portsOf(world, rightBefore('moveLabel', died, move)), input).catch(() => undefined);
    expect((await endExecution(portsOf(world), ending({}))).outcome).toBe(outcome);
    expect(stages(world)).toEqual(world.before.labels);
  });

  it.each(['rotate', 'revert'] as const)('takes AWSPENDING and the lock off a whole %s', async (mode) => {
    const world = boss();
    await created(world, mode, ONE);
    expect(await endExecution(portsOf(world), ending({}))).toEqual({
      outcome: 'released',
      pendingMoved: true,
    });
    expect(stages(world)).toEqual(world.before.labels);
  });

  it('takes AWSPENDING off Secrets Manager’s version, where its rotation began the execution', async () => {
    const world = boss();
    const token = await begunByService(world, ONE);
    expect(await endExecution(portsOf(world), ending({ token }))).toEqual({
      outcome: 'released',
      pendingMoved: true,
    });
    expect(stages(world)).toEqual(world.before.labels);
  });

  it('leaves AWSPENDING on any version that is not its own', async () => {
    const world = boss();
    await begunByService(world, ONE);
    const pending = world.store.holder(SECRET, 'AWSPENDING');
    await endExecution(portsOf(world), ending({ token: newVersionId() }));
    expect(stages(world)).toEqual({ ...world.before.labels, AWSPENDING: pending });
  });

  it('leaves everything of another execution alone, whatever an old answer shows', async () => {
    const world = boss();
    await created(world);
    const labels = world.store.labels(SECRET);
    const result = await endExecution(portsOf(world), ending({}));
    expect(result).toEqual({ outcome: 'nothing-to-release', pendingMoved: false });
    expect(world.store.labels(SECRET)).toEqual(labels);
    expect(world.clock.now()).toBeGreaterThanOrEqual(OLDEST_ANSWER_MS);
  });

  it('finds the lock that an old answer does not show yet', async () => {
    const world = boss();
    const { now } = world.clock;
    world.store.staleReads = {
      monotonic: false,
      milliseconds: OLDEST_ANSWER_MS - 1000,
      now,
      random: () => 0,
    };
    await createSecret(portsOf(world), { execution: ONE, secretId: SECRET, mode: 'rotate' });
    expect((await endExecution(portsOf(world), ending({}))).outcome).toBe('released');
    expect(stages(world)).toEqual(world.before.labels);
  });
});
