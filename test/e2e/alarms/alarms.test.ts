import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { RotateSecretCommand, UpdateSecretVersionStageCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { OWNER } from '../../../functions/secret/labels.ts';
import {
  type DatabaseSecret,
  type Executions,
  type LocalStack,
  startLocalStack,
} from '../../local-stack/deployment/index.ts';
import type { Fault } from '../../local-stack/secrets-manager/index.ts';
import { expectNoPasswordAnywhere, labelsOf, recover, run } from '../rotations/outside-judge.ts';
import { CloudWatch, type DeployedAlarm } from './cloud-watch.ts';
import { type DeployedRule, dashboardOf, functionOfState, nameIn, rulesOf } from './deployed.ts';
import { type CausedOutcome, denyPromotion, endsOn } from './ends.ts';
import { type End, listenForEnds } from './ends-on-the-bus.ts';
import { errorOf, failedInvocationOf, type Metric } from './metric.ts';
import { subscribeAsOperator, type Told } from './operators.ts';
import type { Queue } from './queue.ts';

/**
 * The whole way: something happens, Step Functions tells EventBridge, the deployed rule calls the deployed function,
 * that writes a metric and an event, the deployed alarm looks at that metric, and the one who has subscribed to the topic
 * gets a message whose link leads somewhere. Where the emulator has a gap, cloud-watch.ts says how it is bridged.
 */
const DAY_MS = 24 * 3600 * 1000;
const RUNBOOK = readFileSync(join(import.meta.dirname, '../../../statemachine/RUNBOOK.md'), 'utf8');

let stack: LocalStack;
let cloudWatch: CloudWatch;
let alarms: DeployedAlarm[];
let rules: DeployedRule[];
let operators: Queue<Told>;
let ends: Queue<End>;
/** What has been published, by the whole file. */
const published: Metric[] = [];
const told = new Set<string>();

/** How far the clock of Secrets Manager is behind. */
let behindMs = 0;

beforeAll(async () => {
  stack = await startLocalStack({
    propagationTimeoutSeconds: 6,
    drainSeconds: 1,
    waitScale: 0,
    rotationBehaviour: { now: () => new Date(Date.now() - behindMs) },
  });
  cloudWatch = new CloudWatch(stack);
  [alarms, rules] = await Promise.all([cloudWatch.alarms(), rulesOf(stack)]);
  operators = await subscribeAsOperator(stack);
  ends = await listenForEnds(stack);
});
afterEach(() => {
  stack.documentDb.faults.clear();
  stack.secretsManagerStandIn.faults.removeAll();
});
afterAll(async () => {
  await stack?.stop();
});

const isLookedAt = ({ looksAt }: DeployedAlarm, metric: Metric): boolean =>
  looksAt.namespace === metric.namespace &&
  looksAt.name === metric.name &&
  JSON.stringify(Object.entries(looksAt.dimensions).sort()) ===
    JSON.stringify(Object.entries(metric.dimensions).sort());

/** @returns which alarms tell the operators when CloudWatch gets these numbers */
const toldOf = async (metrics: readonly Metric[]): Promise<string[]> => {
  const possible = alarms.filter((alarm) => metrics.some((metric) => isLookedAt(alarm, metric)));
  await cloudWatch.calmDown(alarms);
  await operators.drain();
  await cloudWatch.publish(metrics);
  published.push(...metrics);
  const messages = (await operators.drain()).flatMap(({ alarm }) => alarm ?? []);
  const telling = possible.filter(({ name, description }) =>
    messages.some(
      (message) =>
        message.AlarmName === name &&
        message.NewStateValue === 'ALARM' &&
        message.AlarmDescription === description,
    ),
  );
  for (const { id } of telling) told.add(id);
  return telling.map(({ id }) => id).sort();
};

const invoke = async (functionName: string, event: unknown): Promise<string | undefined> => {
  const { FunctionError } = await stack.lambda.send(
    new InvokeCommand({ FunctionName: functionName, Payload: JSON.stringify(event) }),
  );
  return FunctionError;
};

const ruleFor = (isMeant: (rule: DeployedRule) => boolean): DeployedRule => {
  const rule = rules.find(isMeant);
  if (rule === undefined) throw new Error('the stack has no such rule');
  return rule;
};
const reportRule = () => ruleFor(({ statuses }) => statuses.includes('SUCCEEDED'));
const dailyRule = () =>
  ruleFor(({ schedule, target }) => schedule === 'rate(1 day)' && !!target.input?.includes('"secrets"'));
const hourlyRule = () => ruleFor(({ schedule }) => schedule === 'rate(1 hour)');

/** An alarm looks at all secrets together, so a message beside it says which one it was, and in which execution. */
const expectNamed = async ({ detail: { executionArn, secret = '' } }: End): Promise<void> => {
  const name =
    secret
      .split(':secret:')
      .at(-1)
      ?.replace(/-\w{6}$/, '') ?? '';
  expect(name).not.toBe('');
  await operators.waitFor(
    `${name} by ${executionArn}`,
    ({ alarm, text }) => alarm === undefined && text.includes(name) && text.includes(executionArn),
  );
};

describe('An execution that ends', () => {
  const OUTCOMES = Object.keys(endsOn({} as LocalStack)) as CausedOutcome[];

  test.each(OUTCOMES)(
    'as %s is told on the bus and measured, and the operators are told if they have to be',
    async (outcome) => {
      const { cause, alarms: expected } = endsOn(stack)[outcome];
      cloudWatch.newlyWritten();
      const execution = await cause();
      const end = await ends.waitFor(
        `${outcome} of ${execution}`,
        ({ detail }) => detail.executionArn === execution,
      );

      expect(end.detail.outcome).toBe(outcome);
      expect(end.resources[0]).toBe(execution);
      const machine = execution.split(':').at(-2);
      const metrics = cloudWatch.newlyWritten();
      expect(metrics).toContainEqual({
        namespace: 'DocDbRotation',
        name: outcome,
        dimensions: { StateMachine: machine },
        unit: 'Count',
        value: 1,
      });
      expect(await toldOf(metrics)).toEqual(expected);
      if (expected.length > 0) await expectNamed(end);
    },
  );

  /** Only Step Functions itself may put such an event on the bus, so the function gets it by hand. */
  test.each([
    [
      'a rotation timed out',
      () => stack.executions,
      'TIMED_OUT',
      'TimedOut',
      ['RecoveryStarted', 'TimedOut'],
    ],
    [
      'a recovery timed out',
      () => stack.recoveries,
      'TIMED_OUT',
      'TimedOut',
      ['RecoveryStarted', 'RecoveryTimedOut'],
    ],
    [
      'a retirement timed out',
      () => stack.retirements,
      'TIMED_OUT',
      'TimedOut',
      ['RecoveryStarted', 'RetirementTimedOut'],
    ],
    [
      'a recovery was stopped',
      () => stack.recoveries,
      'ABORTED',
      'Stopped',
      ['RecoveryStarted', 'RecoveryStopped'],
    ],
    [
      'a retirement was stopped',
      () => stack.retirements,
      'ABORTED',
      'Stopped',
      ['RecoveryStarted', 'RetirementStopped'],
    ],
    [
      'its retirement may not have started',
      () => stack.executions,
      'SUCCEEDED',
      'Rotated',
      ['RetirementUnknown'],
    ],
  ] satisfies [string, () => Executions, string, string, string[]][])(
    'is told and measured: %s',
    async (_what, executions, status, outcome, expected) => {
      const [executionArn = ''] = await executions().list();
      const { stateMachineArn } = executions();
      const input = JSON.stringify({ secretId: stack.appSecret.arn });
      const output =
        status === 'SUCCEEDED' ? JSON.stringify({ outcome: 'rotated', retirement: 'unknown' }) : null;
      cloudWatch.newlyWritten();
      // https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
      const detail = { executionArn, stateMachineArn, status, input, output, error: null };

      expect(await invoke(nameIn(reportRule().target.arn), { detail })).toBeUndefined();

      const end = await ends.waitFor(
        outcome,
        ({ detail: { executionArn: ended, outcome: as, secret } }) =>
          ended === executionArn && as === outcome && secret === stack.appSecret.arn,
      );
      expect(await toldOf(cloudWatch.newlyWritten())).toEqual(expected);
      await expectNamed(end);
    },
  );
});

/** How often a state of an execution has failed before it succeeded. */
const failuresOf = async (executions: Executions, execution: string, state: string): Promise<number> => {
  let current = '';
  let failures = 0;
  for (const { type, stateEnteredEventDetails } of await executions.history(execution)) {
    current = stateEnteredEventDetails?.name ?? current;
    if (type === 'TaskFailed' && current === state) failures++;
  }
  return failures;
};

describe('Compensation that waits tells the operators, though nothing has ended', () => {
  const expectTold = async (
    execution: string,
    state: string,
    alarm: string,
    executions = stack.executions,
  ) => {
    const failures = await failuresOf(executions, execution, state);
    expect(failures).toBeGreaterThan(1);
    const error = errorOf(await functionOfState(stack, executions.stateMachineArn, state));
    expect(await toldOf(Array(failures).fill(error))).toEqual([alarm]);
  };

  const rotateRolledBack = async (trouble: (secret: DatabaseSecret) => void): Promise<string> => {
    const secret = await stack.makeSecret();
    void denyPromotion(stack, secret).hit.then(() => trouble(secret));
    const execution = await run(stack, { secretId: secret.arn });
    expect(execution).toMatchObject({ error: 'RolledBack' });
    return execution.arn;
  };

  /** Secrets Manager fails inside, for more than two calls of a function: the SDK makes each request three times. */
  const beAway = (requests: Pick<Fault, 'operation' | 'secretId' | 'when'>) =>
    stack.secretsManagerStandIn.faults.add({
      kind: 'error-before',
      type: 'InternalServiceError',
      status: 500,
      times: 8,
      ...requests,
    });

  test('for the database, in RestoreCredential', async () => {
    const execution = await rotateRolledBack(({ username }) =>
      stack.documentDb.faults.add({ kind: 'cut-before', command: 'updateUser', target: username, times: 3 }),
    );
    await expectTold(execution, 'RestoreCredential', 'RestoreCredentialErrors');
  });

  test('for Secrets Manager, in ReleaseLock', async () => {
    const execution = await rotateRolledBack(({ arn }) =>
      beAway({
        operation: 'UpdateSecretVersionStage',
        secretId: arn,
        when: ({ input }) => input.VersionStage === 'AWSPENDING',
      }),
    );
    await expectTold(execution, 'ReleaseLock', 'ReleaseLockErrors');
  });

  test('for Secrets Manager, in RestoreLabels', async () => {
    const secret = await stack.makeSecret();
    void denyPromotion(stack, secret).hit.then(() =>
      stack.documentDb.onCommand(async ({ when, command, target }) => {
        if (when !== 'after' || command !== 'updateUser' || target !== secret.username || isAway) return;
        isAway = true;
        beAway({ operation: 'DescribeSecret', secretId: secret.arn });
      }),
    );
    let isAway = false;
    const execution = await run(stack, { secretId: secret.arn });
    expect(execution).toMatchObject({ error: 'RolledBack' });
    await expectTold(execution.arn, 'RestoreLabels', 'RestoreLabelsErrors');
  });

  test('for an instance, in CheckRestored', async () => {
    const execution = await rotateRolledBack(() =>
      stack.documentDb.faults.add({ kind: 'cut-before', command: 'connectionStatus', times: 3 }),
    );
    await expectTold(execution, 'CheckRestored', 'TestSecretErrors');
  });

  test('for Secrets Manager, in a recovery', async () => {
    const secret = await stack.makeSecret();
    beAway({ operation: 'DescribeSecret', secretId: secret.arn });
    const execution = await recover(stack, { secretId: secret.arn });
    expect(execution).toMatchObject({ status: 'SUCCEEDED' });
    await expectTold(execution.arn, 'TakeLock', 'RecoverSecretErrors', stack.recoveries);
  });
});

describe('A function that fails tells the operators', () => {
  test.each([
    ['the trigger', () => stack.triggerFunctionName, 'TriggerErrors'],
    ['the one that reports ends', () => nameIn(reportRule().target.arn), 'ReportOutcomeErrors'],
    ['the one that checks credentials', () => nameIn(dailyRule().target.arn), 'CheckCredentialsErrors'],
  ] as const)('%s', async (_which, name, alarm) => {
    expect(await invoke(name(), { unknown: 'key' })).toBe('Unhandled');
    expect(await toldOf([errorOf(name())])).toEqual([alarm]);
  });
});

test('Every function that a rotation may need answers the call that keeps it ready, FinishSecret also the one at its start', async () => {
  const calls = rules.flatMap(({ targets }) => targets).filter(({ input }) => input?.includes('keepActive'));
  expect(calls.map(({ arn }) => arn)).toContain(stack.triggerFunctionArn);
  expect(calls).toHaveLength(11);
  for (const { arn, input = '' } of calls)
    expect(await invoke(nameIn(arn), JSON.parse(input)), arn).toBeUndefined();
});

/** The emulator does not give up: what AWS measures then is published as it is documented. */
describe('A rule whose target can not be called tells the operators', () => {
  test.each([
    ['after an abort or a time-out', 'ABORTED', 'CutOffNotRecovered'],
    ['after an error of Step Functions', 'FAILED', 'BrokenNotRecovered'],
  ])('%s', async (_when, status, alarm) => {
    const { name, target } = ruleFor(
      ({ statuses }) => statuses.includes(status) && !statuses.includes('SUCCEEDED'),
    );
    expect(target.arn).toBe(stack.recoveries.stateMachineArn);
    expect(await toldOf([failedInvocationOf(name)])).toEqual([alarm]);
  });

  test('for the report of an end', async () => {
    expect(await toldOf([failedInvocationOf(reportRule().name)])).toEqual(['EndNotReported']);
  });
});

describe('The daily check', () => {
  /** With the input that the deployed rule has for it. */
  const check = async (): Promise<Metric[]> => {
    const { arn, input = '' } = dailyRule().target;
    cloudWatch.newlyWritten();
    expect(await invoke(nameIn(arn), JSON.parse(input))).toBeUndefined();
    return cloudWatch.newlyWritten();
  };

  const schedule = async (SecretId: string, RotateImmediately: boolean): Promise<void> => {
    await stack.secretsManager.send(
      new RotateSecretCommand({
        SecretId,
        RotationLambdaARN: stack.triggerFunctionArn,
        RotationRules: { AutomaticallyAfterDays: 30 },
        RotateImmediately,
      }),
    );
    const rotation = await stack.secretsManagerStandIn.rotations.latest(SecretId)?.ended;
    expect(rotation).toMatchObject({ status: 'succeeded' });
  };
  const rotate = () => schedule(stack.appSecret.arn, true);
  // The emulator makes no schedules: one that is missing would be told.
  beforeAll(() => schedule(stack.adminSecret.arn, false));
  const numberIn = (metrics: Metric[], name: string) => metrics.find((metric) => metric.name === name)?.value;

  test('tells of an authority that lasts a week, and not of a credential that was just rotated', async () => {
    await rotate();
    const metrics = await check();
    expect(numberIn(metrics, 'OverdueCredentials')).toBe(0);
    expect(await toldOf(metrics)).toEqual(['CertificateAuthority']);
  });

  test('tells of a credential that was rotated forty days ago, though its schedule allows thirty', async () => {
    behindMs = 40 * DAY_MS;
    await rotate();
    const metrics = await check();
    expect(numberIn(metrics, 'CredentialAge')).toBe(40);
    expect(await toldOf(metrics)).toEqual(['CertificateAuthority', 'CredentialOverdue']);
  });
});

test('The hourly check tells of a lock whose execution does not run', async () => {
  const { arn, credential } = await lockedByNobody();
  const check = async (): Promise<Metric[]> => {
    const { input = '', arn: functionArn } = hourlyRule().target;
    cloudWatch.newlyWritten();
    expect(await invoke(nameIn(functionArn), JSON.parse(input))).toBeUndefined();
    // An end of before may be reported meanwhile.
    return cloudWatch.newlyWritten().filter(({ name }) => name === 'LockWithoutExecution');
  };
  const measured = await check();
  expect(measured).toMatchObject([{ value: 1 }]);
  // For two hours.
  expect(await toldOf([...measured, ...measured])).toEqual(['LockWithoutExecution']);

  expect(await recover(stack, { secretId: arn })).toMatchObject({ status: 'SUCCEEDED' });
  expect(await stack.credentialOf(arn)).toEqual(credential);
  expect(await check()).toMatchObject([{ value: 0 }]);
});

/** As someone may leave it who moves labels by hand. */
const lockedByNobody = async () => {
  const { arn } = stack.appSecret;
  const { current = '' } = await labelsOf(stack, arn);
  const label = { SecretId: arn, VersionStage: OWNER, MoveToVersionId: current };
  await stack.secretsManager.send(new UpdateSecretVersionStageCommand(label));
  return { arn, credential: await stack.credentialOf(arn) };
};

test('the first verify without a way to Secrets Manager says what is missing', async () => {
  const secret = await stack.makeSecret();
  stack.secretsManagerStandIn.faults.add({
    kind: 'connection-cut-before',
    operation: 'DescribeSecret',
    secretId: secret.arn,
  });
  const { error, cause } = await run(stack, { secretId: secret.arn, mode: 'verify' });
  expect(error).toBe('SecretsManagerUnavailableError');
  expect(cause).toMatch(
    /is there a route to Secrets Manager from this VPC\?.*Nothing was changed.*#secretsmanagerunavailableerror$/,
  );
});

describe('All in all', () => {
  test('each alarm of the template has told', () => {
    expect(alarms.map(({ id }) => id).sort()).toEqual([...told].sort());
  });

  test('each link that anybody was told leads to a section of the runbook', async () => {
    await Promise.all([operators.drain(), ends.drain()]);
    const links = `${JSON.stringify(operators.received)} ${JSON.stringify(ends.received)}`.matchAll(
      /statemachine\/RUNBOOK\.md#([a-z.-]*[a-z])/g,
    );
    const anchors = new Set([...links].map(([, anchor = '']) => anchor));
    expect([...anchors].filter((anchor) => !isSection(anchor))).toEqual([]);
    expect(anchors.size).toBeGreaterThan(10);
  });

  test('the machines themselves have told that manual action is required, and of the other ends a function', () => {
    const texts = operators.received.filter(({ alarm }) => alarm === undefined).map(({ subject }) => subject);
    expect([...new Set(texts)].sort()).toEqual([
      'docdb-rotation: CutOff',
      'docdb-rotation: RolledBack',
      'docdb-rotation: Rotated',
      'docdb-rotation: Stopped',
      'docdb-rotation: Superseded',
      'docdb-rotation: TimedOut',
      'docdb-rotation: manual action required',
      'docdb-rotation: the replaced user was not retired',
    ]);
  });

  test('the dashboard shows metrics that were really written, and every alarm', async () => {
    const widgets = z.array(Widget).parse(await cloudWatch.widgets(await dashboardOf(stack)));
    const shown = widgets.flatMap(({ properties }) => (properties.metrics ?? []).map(metricIn));
    const written = new Set(published.map(kindOf));
    expect(shown.length).toBeGreaterThan(10);
    expect(shown.filter((kind) => !written.has(kind))).toEqual([]);
    expect(widgets.flatMap(({ properties }) => properties.alarms ?? []).sort()).toEqual(
      alarms.map(({ arn }) => arn).sort(),
    );
  });

  test('no password is in any event, message, history or log', async () => {
    await expectNoPasswordAnywhere(
      stack,
      `${JSON.stringify(operators.received)} ${JSON.stringify(ends.received)} ${JSON.stringify(published)}`,
    );
  });
});

const isSection = (anchor: string): boolean =>
  RUNBOOK.includes(`<a id="${anchor}">`) ||
  [...RUNBOOK.matchAll(/^#+ (.+)$/gm)].some(
    ([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^a-z0-9 -]/g, '')
        .replaceAll(' ', '-') === anchor,
  );

/** Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html */
const Widget = z.object({
  properties: z.object({
    metrics: z.array(z.array(z.unknown())).optional(),
    alarms: z.array(z.string()).optional(),
  }),
});

/** A metric by its namespace, its name and the keys of its dimensions; of a state machine with its value too. */
const kindOf = ({ namespace, name, dimensions }: Metric): string => {
  const { StateMachine, Secret } = dimensions;
  return Secret === undefined
    ? `${namespace} ${name} ${StateMachine}`
    : `${namespace} ${name} by ${Object.keys(dimensions).sort()}`;
};

const metricIn = (row: unknown[]): string => {
  const [first, name, key, value] = row;
  if (typeof first === 'string') return `${first} ${name} ${key === 'StateMachine' ? value : key}`;
  const { expression } = z.object({ expression: z.string() }).parse(first);
  const [, namespace, keys = '', metric] =
    /^SEARCH\('\{(\w+),([\w,]+)\} MetricName="(\w+)"'/.exec(expression) ?? [];
  return `${namespace} ${metric} by ${keys.split(',').sort()}`;
};
