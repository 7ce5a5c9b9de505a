import { DescribeSecretCommand, RotateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import { SECRETS, type SecretId } from '../names.ts';
import type { Ports } from '../ports.ts';
import type { Group, Question } from '../question.ts';
import { endOf, execute, judge, recoveryOf, start, statesOf, toldEnd, toldVerdict } from './executions.ts';
import { call, toldCall } from './own-secret.ts';

/** An execution may be over before it is cut off. */
const MOST_ATTEMPTS = 5;

const currentOf = async (ports: Ports, SecretId: string) => {
  const { VersionIdsToStages = {} } = await ports.clients.secretsManager.send(
    new DescribeSecretCommand({ SecretId }),
  );
  const holder = (label: string) =>
    Object.entries(VersionIdsToStages).find(([, labels]) => labels.includes(label))?.[0];
  const own = Object.values(VersionIdsToStages)
    .flat()
    .filter((label) => label === 'docdb-rotation-owner');
  return { current: holder('AWSCURRENT'), pending: holder('AWSPENDING'), isLocked: own.length > 0 };
};

const onDemand = (id: SecretId, strategy: string): Question => ({
  id: `${strategy}-on-demand`,
  question: `Does a rotation on demand succeed: ${strategy}?`,
  ask: async (ports) => {
    const ended = await execute(ports, { secretId: ports.secretArn(id) });
    const verdict = await judge(ports, id);
    return { seen: `${toldEnd(ended)}; ${toldVerdict(verdict)}`, facts: { ended, ...verdict } };
  },
});

const bySecretsManager = (id: SecretId, strategy: string): Question => ({
  id: `${strategy}-by-secrets-manager`,
  question: `Does a rotation succeed that Secrets Manager starts: ${strategy}?`,
  ask: async (ports) => {
    const SecretId = ports.secretArn(id);
    // The retirement of the rotation before may have the lock for a moment.
    await ports.until('the lock to be free', 180, async () =>
      (await currentOf(ports, SecretId)).isLocked ? undefined : true,
    );
    const before = await currentOf(ports, SecretId);
    const started = performance.now();
    const rotate = await call(
      ports.clients.secretsManager.send(
        new RotateSecretCommand({
          SecretId,
          RotationLambdaARN: ports.outputs.TriggerFunctionArn,
          RotationRules: { ScheduleExpression: 'rate(30 days)' },
          RotateImmediately: true,
        }),
      ),
    );
    if (!rotate.ok) return { seen: `RotateSecret ${toldCall(rotate)}`, facts: { rotate } };
    const after = await ports.until('AWSCURRENT to move', 600, async () => {
      const now = await currentOf(ports, SecretId);
      return now.current !== before.current && !now.isLocked ? now : undefined;
    });
    const seconds = Math.round((performance.now() - started) / 1000);
    const verdict = await judge(ports, id);
    const pending = after.pending === undefined ? 'gone' : 'still there';
    return {
      seen: `in ${seconds} s; ${toldVerdict(verdict)}; AWSPENDING ${pending} by then`,
      facts: { seconds, pending, ...verdict },
    };
  },
});

const inMode = (mode: 'verify' | 'check' | 'revert', id: SecretId): Question => ({
  id: `mode-${mode}`,
  question: `Does mode ${mode} succeed?`,
  ask: async (ports) => {
    const ended = await execute(ports, { secretId: ports.secretArn(id), mode });
    const verdict = await judge(ports, id);
    return {
      seen: `${toldEnd(ended)}; ${toldVerdict(verdict)}`,
      facts: { ended, ...verdict },
    };
  },
});

/** Cuts an execution off when it is about to change the database, or has. */
const cutOff = async (ports: Ports, id: SecretId): Promise<string> => {
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    const execution = await start(ports, { secretId: ports.secretArn(id) });
    await ports.until('the execution to reach SetSecret', 300, async () =>
      (await statesOf(ports, execution)).includes('SetSecret') ? true : undefined,
    );
    await call(
      ports.clients.stepFunctions.send(
        new StopExecutionCommand({ executionArn: execution, error: 'Aborted', cause: 'by the account kit' }),
      ),
    );
    if ((await endOf(ports, execution)).status === 'ABORTED') return execution;
  }
  throw new Error(`${MOST_ATTEMPTS} executions were over before they could be cut off`);
};

/** Rotations as an account has them: each strategy, each way in. */
export const rotations: Group = {
  name: 'rotations',
  questions: [
    ...SECRETS.flatMap(({ id, strategy }) => [onDemand(id, strategy), bySecretsManager(id, strategy)]),
    inMode('verify', 'Pair'),
    inMode('check', 'Single'),
    inMode('revert', 'Single'),
    {
      id: 'aborted-and-recovered',
      question: 'Is an execution that someone aborts recovered by itself, and how soon?',
      ask: async (ports) => {
        const execution = await cutOff(ports, 'Single');
        const stopped = performance.now();
        const recovery = await recoveryOf(ports, execution);
        const startedAfter = Math.round((performance.now() - stopped) / 1000);
        const ended = await endOf(ports, recovery);
        const states = await statesOf(ports, execution);
        const verdict = await judge(ports, 'Single');
        return {
          seen: `aborted in ${states.at(-1)}; a recovery began within ${startedAfter} s and ended ${toldEnd(ended)}; ${toldVerdict(verdict)}`,
          facts: { states, startedAfter, ended, ...verdict },
        };
      },
    },
  ],
};
