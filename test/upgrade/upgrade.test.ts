import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RotationError } from '../../functions/contract/errors.ts';
import {
  CreateSecretInput,
  FinishSecretInput,
  RestoreCredentialInput,
  RestoreLabelsInput,
  SetSecretInput,
  TestSecretInput,
} from '../../functions/contract/steps.ts';
import { restoreCredential } from '../../functions/restore-credential/restore-credential.ts';
import { stepHandler } from '../../functions/runtime/step-handler.ts';
import { testSecret } from '../../functions/test-secret/test-secret.ts';
import { ROOT } from '../support/in-memory-database.ts';
import { newPassword } from '../support/in-memory-secret-store.ts';
import { PortCalls } from '../support/port-calls.ts';
import { executionArn, RecoveryMachine, stoppedEvent } from '../support/rotation-machine.ts';
import { portsOf } from '../support/rotation-steps.ts';
import { RotationWorld, SECRET, secretText } from '../support/rotation-world.ts';
import { type Definition, type Ending, StateMachine } from '../support/state-machine.ts';

/*
 * A deployment over a rotation that runs: it began with the definition of before, under which AWSPENDING on its token's version
 * was the lock, and its next step is a function of now.
 */

const OLD: Definition = JSON.parse(
  readFileSync(join(import.meta.dirname, 'rotation-0.1.asl.json'), 'utf8')
    .replaceAll(/\$\{(\w+)Seconds\}/g, '600')
    .replaceAll(/\$\{(\w+)\}/g, '$1'),
);

const execution = executionArn('before');
const oldToken = createHash('sha256').update(execution).digest('hex');

const neverRuns = async (): Promise<never> => {
  throw new Error('a step of now was run with a plan of before');
};

/** How far the old execution had come when the functions were replaced. */
type Held = 'CreateSecret' | 'SetSecret' | 'TestSecret' | 'FinishSecret' | 'CheckAfter';
const ORDER: readonly Held[] = ['CreateSecret', 'SetSecret', 'TestSecret', 'FinishSecret', 'CheckAfter'];

/** What the functions of before did up to there: the version with AWSPENDING, the password, AWSCURRENT. */
const oldStep = (world: RotationWorld, step: Held): object => {
  const { secretArn, current } = world;
  const pending = { username: 'boss', password: newPassword() };
  switch (step) {
    case 'CreateSecret':
      world.store.passwords.push(pending.password);
      world.store.addVersionWithId(SECRET, oldToken, ['AWSPENDING'], secretText(pending));
      return {
        outcome: 'created',
        secretArn,
        secretName: SECRET,
        token: oldToken,
        target: oldToken,
        strategy: 'single-user',
        retirementPolicy: 'keep',
        graceSeconds: 0,
        labelsBefore: { current },
        users: { current: 'boss', pending: 'boss' },
        host: 'somewhere:27017',
      };
    case 'SetSecret':
      world.database.addUser('boss', world.credentialOf(oldToken)?.password ?? '', ROOT);
      return { outcome: 'changed', roles: ROOT };
    case 'FinishSecret':
      world.store.move(SECRET, 'AWSCURRENT', { from: current, to: oldToken });
      return { outcome: 'promoted' };
    default:
      return { outcome: 'accepted', username: 'boss', instances: 3, roles: ROOT };
  }
};

const runOld = async (world: RotationWorld, held: Held): Promise<Ending> => {
  const ports = () => portsOf(world);
  const now = {
    CreateSecret: stepHandler('CreateSecret', CreateSecretInput, neverRuns),
    SetSecret: stepHandler('SetSecret', SetSecretInput, neverRuns),
    TestSecret: stepHandler('TestSecret', TestSecretInput, (input) => testSecret(ports(), input)),
    FinishSecret: stepHandler('FinishSecret', FinishSecretInput, neverRuns),
    RestoreCredential: stepHandler('RestoreCredential', RestoreCredentialInput, (input) =>
      restoreCredential(ports(), input.plan, input.before),
    ),
    RestoreLabels: stepHandler('RestoreLabels', RestoreLabelsInput, neverRuns),
  };
  const upTo = ORDER.indexOf(held);
  const task = (step: keyof typeof now) => async (input: unknown) => {
    const { check, mode } = input as { check?: string; mode?: string };
    const name = check === 'current' ? 'CheckAfter' : step;
    if (check === 'before') return { logsIn: ['AWSCURRENT'], roles: ROOT };
    const place = ORDER.indexOf(name as Held);
    // TakeLockAgain was a call of CreateSecret too.
    return place !== -1 && place < upTo && mode !== 'way-back'
      ? oldStep(world, name as Held)
      : await now[step](input);
  };
  const tasks = {
    ...Object.fromEntries(
      (Object.keys(now) as (keyof typeof now)[]).map((step) => [`${step}FunctionArn`, task(step)]),
    ),
    'arn:Partition:states:::sns:publish': async () => ({}),
  };
  world.executions.set(execution, { secretId: SECRET });
  return await new StateMachine(OLD, tasks).run(execution, { secretId: SECRET });
};

const boss = (): RotationWorld => new RotationWorld({ username: 'boss', roles: ROOT });

describe('a rotation that began before the upgrade', () => {
  it.each(ORDER.slice(0, -1))(
    'held before %s: ends as superseded, and the recovery answers',
    async (held) => {
      const world = boss();
      const ending = await runOld(world, held);
      expect(ending.error).toBe('RotationSupersededError' satisfies RotationError['name']);

      const event = { ...stoppedEvent(execution, { secretId: SECRET }, 'FAILED'), error: ending.error };
      const recovery = new RecoveryMachine(world, { calls: new PortCalls() });
      const recovered = await recovery.run(executionArn('by-rule', 'recovery'), event);
      expect(recovered.status).toBe('SUCCEEDED');
      expect(world.endProblems()).toEqual([]);
      const isChanged = ['TestSecret', 'FinishSecret'].includes(held);
      expect(world.store.holder(SECRET, 'AWSCURRENT')).toBe(isChanged ? oldToken : world.current);
    },
  );

  it('held before CheckAfter: ends well', async () => {
    const world = boss();
    expect((await runOld(world, 'CheckAfter')).status).toBe('SUCCEEDED');
    expect(world.endProblems()).toEqual([]);
  });
});

describe('labels of the kind of before', () => {
  it('are taken off by a recovery', async () => {
    const world = boss();
    const old = ['docdb-rotation-', 'docdb-rotation-stop-'].map((prefix) => `${prefix}${oldToken}`);
    world.store.addVersionWithId(
      SECRET,
      oldToken,
      old,
      secretText({ username: 'boss', password: newPassword() }),
    );
    const machine = new RecoveryMachine(world, { calls: new PortCalls() });
    expect(await machine.run(executionArn('by-hand', 'recovery'), { secretId: SECRET })).toMatchObject({
      status: 'SUCCEEDED',
      output: { outcome: 'recovered' },
    });
    expect(Object.keys(world.store.labels(SECRET)).filter((label) => old.includes(label))).toEqual([]);
  });
});
