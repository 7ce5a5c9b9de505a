import { describe, expect, it } from 'vitest';
import {
  ClusterMismatchError,
  NoUsableCredentialsError,
  PasswordResetUnderWayError,
  ResetNotAllowedError,
  RotationSupersededError,
} from '../../../../functions/contract/errors.ts';
import { RecoverSecretInput } from '../../../../functions/contract/steps.ts';
import type { ClusterDescription } from '../../../../functions/recover-secret/clusters.ts';
import { namedByDeployment } from '../../../../functions/recover-secret/named-by-deployment.ts';
import { recoverSecret } from '../../../../functions/recover-secret/recover-secret.ts';
import { recoverSecretConfig } from '../../../../functions/runtime/config.ts';
import { CLUSTER_IDENTIFIER } from '../../../support/in-memory-clusters.ts';
import { CLUSTER, ROOT } from '../../../support/in-memory-database.ts';
import { newPassword } from '../../../support/in-memory-secret-store.ts';
import { count, PortCalls } from '../../../support/port-calls.ts';
import { executionArn, RecoveryMachine, stoppedEvent } from '../../../support/rotation-machine.ts';
import { checked, portsOf } from '../../../support/rotation-steps.ts';
import { RotationWorld, SECRET, type WorldOptions } from '../../../support/rotation-world.ts';

const OWNER = 'docdb-rotation-owner';

/** The primary user's secret, of whose password someone has set another one. */
const lockedOut = (options: WorldOptions = {}): RotationWorld => {
  const world = new RotationWorld({
    username: 'dbadmin',
    roles: ROOT,
    cluster: CLUSTER_IDENTIFIER,
    ...options,
  });
  world.database.addUser('dbadmin', newPassword(), ROOT, true);
  return world;
};

const input = {
  action: 'reconcile',
  execution: executionArn('of-it', 'recovery'),
  secretId: SECRET,
  lockVersion: 'v'.repeat(32),
  suspects: [],
  resetThroughAdmin: false,
  resetThroughCluster: true,
};

/** By hand, as the machine does it, but for its waits. It takes the lock once. */
const recover = async (world: RotationWorld, calls = new PortCalls(), more: Partial<typeof input> = {}) => {
  const { execution } = input;
  const taken = await recoverSecret(portsOf(world), { action: 'take-lock', execution, secretId: SECRET });
  if (taken.outcome !== 'taken') throw new Error(`it ended as ${taken.outcome}`);
  const { lockVersion, suspects } = taken;
  return await recoverSecret(
    portsOf(world, calls),
    RecoverSecretInput.parse({ ...input, lockVersion, suspects, ...more }),
  );
};

/** Looks again until it is done, and releases the lock, as the state machine does. */
const recoverPatiently = async (world: RotationWorld) => {
  for (let looks = 1; looks < 10; looks++) {
    try {
      const result = await recover(world);
      world.store.move(SECRET, OWNER, { from: world.store.holder(SECRET, OWNER) ?? '' });
      return result;
    } catch (error) {
      if (!(error instanceof PasswordResetUnderWayError)) throw error;
    }
  }
  throw new Error('it came to no end');
};

describe('RecoverSecret through the cluster', () => {
  it('asks once for the password of AWSCURRENT, and looks again until that logs in', async () => {
    const world = lockedOut();
    expect(await recoverPatiently(world)).toMatchObject({ kept: 'AWSCURRENT' });
    expect(world.clusters.asked).toBe(1);
    expect(world.endProblems()).toEqual([]);
    expect(world.restoredProblems()).toEqual([]);
  });

  it('says what is under way, and no password', async () => {
    const world = lockedOut();
    const asked = await recover(world).catch(String);
    const again = await recover(world).catch(String);
    expect(asked).toMatch(/the cluster demo was asked to give its primary user "dbadmin" the password/);
    expect(again).toMatch(
      /the cluster demo takes no change now \(its status was "resetting-master-credentials"\)/,
    );
    expect(world.leaks(`${asked}${again}`)).toEqual([]);
  });

  it('takes a dangling AWSPENDING off only once AWSCURRENT logs in', async () => {
    const world = lockedOut();
    world.database.addUser('dbadmin', world.credentialOf(world.current)?.password ?? '', ROOT, true);
    const { plan } = await checked(world);
    world.database.addUser('dbadmin', newPassword(), ROOT, true);
    await expect(recover(world)).rejects.toThrow(PasswordResetUnderWayError);
    expect(world.store.holder(SECRET, 'AWSPENDING')).toBe(plan.pendingVersion);
    await recoverPatiently(world);
    expect(world.endProblems()).toEqual([]);
  });

  it.each(['maintenance', 'modifying', 'resetting-master-credentials'])(
    'does not ask a cluster that is %s',
    async (status) => {
      const world = lockedOut();
      world.clusters.says = { status };
      await expect(recover(world)).rejects.toThrow(PasswordResetUnderWayError);
      expect(world.clusters.asked).toBe(0);
    },
  );

  it('takes the refusal of a cluster that began to change meanwhile for a change under way', async () => {
    const world = lockedOut();
    await recover(world).catch(() => {});
    world.clusters.says = { status: 'available' };
    await expect(recover(world)).rejects.toThrow(PasswordResetUnderWayError);
    expect(world.clusters.asked).toBe(1);
  });
});

describe('RecoverSecret asks no cluster', () => {
  const expectNothingAsked = async (world: RotationWorld, calls: PortCalls) => {
    expect(count(calls, 'askForPassword')).toBe(0);
    const { labels, ...left } = world.snapshot();
    expect(left).toEqual({ users: world.before.users, logsIn: [] });
    // It keeps the lock: the one who was told to act has to look first.
    expect(Object.keys(labels).sort()).toEqual([
      ...['AWSCURRENT', 'docdb-rotation-claim', 'docdb-rotation-owner'],
    ]);
  };

  it('as long as some version logs in, even when it is told to', async () => {
    const world = new RotationWorld({ username: 'dbadmin', roles: ROOT, cluster: CLUSTER_IDENTIFIER });
    const calls = new PortCalls();
    expect(await recover(world, calls)).toMatchObject({ outcome: 'nothing-to-do' });
    expect([count(calls, 'describeCluster'), count(calls, 'askForPassword')]).toEqual([0, 0]);
  });

  it('by itself, and says that it could', async () => {
    const world = lockedOut();
    const calls = new PortCalls();
    const failure = recover(world, calls, { resetThroughCluster: false });
    await expect(failure).rejects.toThrow(NoUsableCredentialsError);
    await expect(failure).rejects.toThrow(/"resetThroughCluster": true/);
    await expectNothingAsked(world, calls);
  });

  it('if the deployment did not allow it, and says how to', async () => {
    const world = lockedOut({ cluster: undefined });
    const calls = new PortCalls();
    const failure = recover(world, calls);
    await expect(failure).rejects.toThrow(ResetNotAllowedError);
    await expect(failure).rejects.toThrow(
      /name that cluster by resetThroughCluster in manage\(\).*and deploy/,
    );
    expect(count(calls, 'describeCluster')).toBe(0);
    await expectNothingAsked(world, calls);
  });

  it('that the secret names by itself', async () => {
    const world = lockedOut({ cluster: undefined });
    const value = { ...world.credentialOf(world.current), dbClusterIdentifier: CLUSTER_IDENTIFIER };
    world.store.addVersion(
      SECRET,
      ['AWSCURRENT'],
      JSON.stringify({ engine: 'mongo', host: CLUSTER, ...value }),
    );
    await expect(recover(world)).rejects.toThrow(ResetNotAllowedError);
  });

  it.each<[string, Partial<ClusterDescription>, RegExp]>([
    [
      'has another endpoint',
      { host: 'other.cluster-abc.docdb.amazonaws.com' },
      /the cluster's endpoint is other/,
    ],
    ['has another port', { port: 27018 }, /the cluster's endpoint is .*:27018/],
    ['has no endpoint', { host: undefined, port: undefined }, /the cluster's endpoint is undefined/],
    [
      'has another primary user',
      { primaryUser: 'root' },
      /AWSCURRENT is for "dbadmin".*primary user is "root"/,
    ],
    ['has a primary user of another case', { primaryUser: 'DbAdmin' }, /primary user is "DbAdmin"/],
    ['has a password that AWS manages', { passwordManaged: true }, /managed by AWS/],
    ['is no DocumentDB', { engine: 'aurora-mysql' }, /its engine is aurora-mysql/],
  ])('that %s', async (_what, says, words) => {
    const world = lockedOut();
    world.clusters.says = says;
    const calls = new PortCalls();
    const failure = recover(world, calls);
    await expect(failure).rejects.toThrow(ClusterMismatchError);
    await expect(failure).rejects.toThrow(words);
    await expect(failure).rejects.toThrow(/nothing was changed/);
    await expectNothingAsked(world, calls);
  });

  it('that does not exist', async () => {
    const world = lockedOut({ cluster: 'another' });
    const calls = new PortCalls();
    await expect(recover(world, calls)).rejects.toThrow(/there is no such cluster/);
    await expectNothingAsked(world, calls);
  });

  it('for the clone of the primary user', async () => {
    const world = lockedOut({ strategy: 'admin-clone', username: 'dbadmin_clone' });
    world.database.addUser('dbadmin_clone', newPassword(), ROOT);
    await expect(recover(world)).rejects.toThrow(ClusterMismatchError);
  });

  it('once another recovery has the lock', async () => {
    const world = lockedOut();
    const calls = new PortCalls({
      turn: async (method) => {
        const execution = executionArn('next', 'recovery');
        if (method === 'describe')
          await recoverSecret(portsOf(world), { action: 'take-lock', execution, secretId: SECRET });
      },
    });
    await expect(recover(world, calls)).rejects.toThrow(RotationSupersededError);
    expect(count(calls, 'describeCluster')).toBe(0);
  });
});

describe('The recovery through the cluster, as an execution', () => {
  const byHand = { secretId: SECRET, resetThroughCluster: true };

  it('waits until AWSCURRENT logs in, and says that the password was reset', async () => {
    const world = lockedOut();
    const ending = await new RecoveryMachine(world, { calls: new PortCalls() }).run(
      executionArn('one', 'recovery'),
      byHand,
    );
    expect(ending).toMatchObject({
      status: 'SUCCEEDED',
      output: { outcome: 'recovered', recovery: { outcome: 'recovered', passwordReset: true } },
    });
    expect(ending.path).toContain('WaitForNextAttempt');
    expect(world.endProblems()).toEqual([]);
    expect(world.leaks(ending.trail)).toEqual([]);
  });

  it('says nothing of a reset that was not needed', async () => {
    const world = new RotationWorld({ username: 'dbadmin', roles: ROOT, cluster: CLUSTER_IDENTIFIER });
    const ending = await new RecoveryMachine(world, { calls: new PortCalls() }).run(
      executionArn('one', 'recovery'),
      byHand,
    );
    expect(ending).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'nothing-to-do' } });
    expect(ending.output).not.toHaveProperty('recovery.passwordReset');
  });

  it('gives up after thirty looks, and tells the operators', async () => {
    const world = lockedOut();
    world.clusters.looksToChange = Number.POSITIVE_INFINITY;
    const machine = new RecoveryMachine(world, { calls: new PortCalls() });
    const ending = await machine.run(executionArn('one', 'recovery'), byHand);
    expect(ending).toMatchObject({ status: 'FAILED', error: 'RecoveryFailed' });
    expect(ending.cause).toContain('PasswordResetUnderWayError');
    expect(ending.path.filter((state) => state === 'RecoverSecret')).toHaveLength(30);
    expect(machine.notices).toHaveLength(1);
    expect(world.clusters.asked).toBe(1);
  });

  it('never begins by itself, whatever the stopped execution was started with', async () => {
    const world = lockedOut();
    const calls = new PortCalls();
    world.executions.set(executionArn('one', 'recovery'), byHand);
    const stopped = stoppedEvent(executionArn('one', 'recovery'), byHand);
    const ending = await new RecoveryMachine(world, { calls }).run(executionArn('two', 'recovery'), stopped);
    expect(ending).toMatchObject({ status: 'FAILED', error: 'RecoveryFailed' });
    expect(ending.cause).toContain('NoUsableCredentialsError');
    expect(count(calls, 'describeCluster')).toBe(0);
  });
});

describe('What a recovery is told', () => {
  it('is one way to reset at the most', () => {
    expect(RecoverSecretInput.safeParse(input).success).toBe(true);
    expect(RecoverSecretInput.safeParse({ ...input, resetThroughAdmin: true }).success).toBe(false);
  });
});

describe('The clusters that a deployment allows', () => {
  const arn = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:my/admin-AbCdEf';

  it.each([
    ['the same ARN', arn, 'one'],
    ['a secret that is known by its name', arn.replace('AbCdEf', '??????'), 'one'],
    ['another secret', arn.replace('admin', 'other'), undefined],
    ['another secret whose name begins in the same way', arn.replace('-AbCdEf', ''), undefined],
    ['a secret whose name goes on', arn.replace('AbCdEf', 'more-??????'), undefined],
  ])('are found by %s', (_what, pattern, cluster) => {
    expect(namedByDeployment({ [pattern]: 'one' })(arn)).toBe(cluster);
  });

  it('are none without configuration', () => {
    expect(recoverSecretConfig({}).RESET_THROUGH_CLUSTER).toEqual({});
  });

  it('are read from the environment', () => {
    expect(recoverSecretConfig({ RESET_THROUGH_CLUSTER: `{"${arn}":"one"}` }).RESET_THROUGH_CLUSTER).toEqual({
      [arn]: 'one',
    });
  });

  it.each(['{', '[]', '7', '{"arn": 7}', '{"arn": ""}'])('are refused, by name, if they are %s', (text) => {
    expect(() => recoverSecretConfig({ RESET_THROUGH_CLUSTER: text })).toThrow(/RESET_THROUGH_CLUSTER/);
  });
});
