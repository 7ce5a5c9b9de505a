import { randomUUID } from 'node:crypto';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import {
  PutSecretValueCommand,
  RotateSecretCommand,
  TagResourceCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { executionOf } from '../../chaos/faults/rotate-secret.ts';
import type { LocalStack } from '../../local-stack/deployment/index.ts';
import type { CommandHook } from '../../local-stack/document-db/index.ts';
import { type Ended, ended, labelsOf, OWNER, recover, recoveryOf, run } from '../rotations/outside-judge.ts';
import { deployedNames } from './deployed-names.ts';
import type { FunctionName } from './permission-table.ts';
import {
  appSecret,
  pairSecret,
  powerfulSecret,
  rotatedBefore,
  type Subject,
  takePendingOff,
} from './subject.ts';

/** Something that people do with a rotation, or that happens to one. */
export interface Scenario {
  readonly name: string;
  /** How it ends if no permission is missing. */
  readonly ends: RegExp;
  /**
   * The only function whose part it is about.
   *
   * @default - all but ReportOutcome, which comes when all is over
   */
  readonly about?: FunctionName;
  /** What has to be there before. */
  prepare(stack: LocalStack): Promise<Subject>;
  /** @returns how it ended, with the errors that it told */
  act(stack: LocalStack, subject: Subject): Promise<string>;
  /** What an operator has to mend of what the scenario is about. */
  mend?(stack: LocalStack, subject: Subject): Promise<void>;
}

const told = ({ status, error, output, cause }: Ended): string =>
  `${status} ${error ?? output.outcome} ${cause}`.trim();

const onDemand =
  (input: Readonly<Record<string, unknown>> = {}): Scenario['act'] =>
  async (stack, { secret }) =>
    told(await run(stack, { secretId: secret.arn, ...input }));

/** With the retirement that it started. */
const withRetirement: Scenario['act'] = async (stack, { secret }) => {
  const rotation = await run(stack, { secretId: secret.arn });
  const arn = rotation.output.retirement;
  return arn
    ? `${told(rotation)}, then ${told(await ended(stack.retirements, String(arn)))}`
    : told(rotation);
};

/** With the execution that the trigger may have started: it runs on whatever becomes of the trigger. */
const bySecretsManager =
  (RotateImmediately = true): Scenario['act'] =>
  async (stack, { secret }) => {
    await stack.secretsManager.send(
      new RotateSecretCommand({
        SecretId: secret.arn,
        RotationLambdaARN: stack.triggerFunctionArn,
        RotationRules: { AutomaticallyAfterDays: 30 },
        RotateImmediately,
      }),
    );
    const rotation = await stack.secretsManagerStandIn.rotations.latest(secret.arn)?.ended;
    if (!rotation) throw new Error('there is no rotation');
    const execution = await executionOf(stack, rotation);
    if (execution) await stack.executions.waitFor(execution);
    const failures = rotation.failures.map(({ type, message }) => `${type} ${message}`);
    return [rotation.status, ...failures].join(' ');
  };

/** Fails when everything is done but the promotion, so that everything has to be put back. */
const failingAtPromotion: Scenario['act'] = async (stack, subject) => {
  const fault = stack.secretsManagerStandIn.faults.add({
    kind: 'error-before',
    type: 'InvalidRequestException',
    operation: 'UpdateSecretVersionStage',
    secretId: subject.secret.arn,
    when: ({ input }) => input.VersionStage === 'AWSCURRENT',
    times: 1,
  });
  const end = await onDemand()(stack, subject);
  fault.remove();
  return end;
};

/** Does something when the database has changed a user of the secret, and breaks the connection if that says so. */
const onceChanged = (stack: LocalStack, { secret }: Subject, act: () => ReturnType<CommandHook>): void => {
  const users = [secret.username, `${secret.username}_clone`];
  const stop = stack.documentDb.onCommand(async ({ when, command, target }) => {
    if (when !== 'after' || command !== 'updateUser' || !users.includes(target ?? '')) return;
    stop();
    return await act();
  });
};

/** Ends the function that has made the change: a recovery waits for less here than it might take. */
const CUT = { kind: 'cut-after' } as const;

const abortedOnceChanged: Scenario['act'] = async (stack, subject) => {
  const execution = Promise.withResolvers<string>();
  const aborted = Promise.withResolvers<void>();
  onceChanged(stack, subject, async () => {
    await stack.executions.abort(await execution.promise);
    aborted.resolve();
    return CUT;
  });
  const arn = await stack.executions.start({ secretId: subject.secret.arn });
  execution.resolve(arn);
  await aborted.promise;
  return told(await recoveryOf(stack, arn));
};

const byHand =
  (input: Readonly<Record<string, unknown>> = {}): Scenario['act'] =>
  async (stack, { secret }) =>
    told(await recover(stack, { secretId: secret.arn, ...input }));

/** Loses AWSPENDING while CheckBefore looks, as by a value that someone writes. */
const losingPending: Scenario['act'] = async (stack, subject) => {
  const { arn, username } = subject.secret;
  const stop = stack.documentDb.onCommand(async ({ when, command, user }) => {
    if (when !== 'after' || command !== 'connectionStatus' || user !== username) return;
    stop();
    const { pending = '' } = await labelsOf(stack, arn);
    await takePendingOff(stack, arn, pending);
  });
  return await onDemand()(stack, subject);
};

/** Leaves the owner label, as someone may who moves labels by hand. */
const leaveOwner = async (stack: LocalStack, { secret }: Subject): Promise<void> => {
  const { current = '' } = await labelsOf(stack, secret.arn);
  await stack.secretsManager.send(
    new UpdateSecretVersionStageCommand({
      SecretId: secret.arn,
      VersionStage: OWNER,
      MoveToVersionId: current,
    }),
  );
};

/** Leaves an AWSPENDING, as a tool may that was stopped. */
const leaveLock = async (stack: LocalStack, { secret }: Subject): Promise<void> => {
  const value = { ...secret, host: stack.documentDb.host, port: stack.documentDb.port, engine: 'mongo' };
  await stack.secretsManager.send(
    new PutSecretValueCommand({
      SecretId: secret.arn,
      SecretString: JSON.stringify({ ...value, password: randomUUID() }),
      VersionStages: ['AWSPENDING'],
    }),
  );
};

const setTag = async (stack: LocalStack, { secret }: Subject, strategy: string): Promise<void> => {
  const Tags = [{ Key: 'docdb-rotation:strategy', Value: strategy }];
  await stack.secretsManager.send(new TagResourceCommand({ SecretId: secret.arn, Tags }));
};

/** Calls one of the functions as EventBridge does, and gives what it answered and what it wrote about the subject. */
const call = async (stack: LocalStack, name: FunctionName, event: object, about: string): Promise<string> => {
  const functionName = (await deployedNames(stack)).get(name)?.functionName;
  // Line by line: they come from several files, of which any may grow meanwhile.
  const before = new Set(stack.logs().split('\n'));
  const { FunctionError = 'no error', Payload } = await stack.lambda.send(
    new InvokeCommand({ FunctionName: functionName, Payload: JSON.stringify(event) }),
  );
  const lines = stack.logs().split('\n');
  return [
    FunctionError,
    Buffer.from(Payload ?? []).toString(),
    ...lines.filter((line) => line.includes(about) && !before.has(line)),
  ].join(' ');
};

const LOCKED = { 'retirement-policy': 'lock', grace: '0' };

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'a single user is rotated through its admin secret',
    ends: /^SUCCEEDED rotated$/,
    prepare: appSecret,
    act: onDemand(),
  },
  {
    name: 'a single user is rotated by its own power',
    ends: /^SUCCEEDED rotated$/,
    prepare: powerfulSecret,
    act: onDemand(),
  },
  {
    name: 'Secrets Manager rotates',
    ends: /^succeeded$/,
    prepare: appSecret,
    act: bySecretsManager(),
  },
  {
    name: 'Secrets Manager only tests',
    ends: /^succeeded$/,
    prepare: appSecret,
    act: bySecretsManager(false),
  },
  {
    name: 'an operator verifies',
    ends: /^SUCCEEDED verified$/,
    prepare: appSecret,
    act: onDemand({ mode: 'verify' }),
  },
  {
    name: 'an operator reverts',
    ends: /^SUCCEEDED reverted$/,
    prepare: async (stack) => rotatedBefore(stack, await appSecret(stack)),
    act: onDemand({ mode: 'revert' }),
  },
  {
    name: 'two users take turns, and the predecessor is locked',
    ends: /^SUCCEEDED rotated, then SUCCEEDED locked$/,
    prepare: (stack) => pairSecret(stack, LOCKED),
    act: withRetirement,
  },
  {
    name: 'an admin is replaced by its clone, and dropped',
    ends: /^SUCCEEDED rotated, then SUCCEEDED deleted$/,
    prepare: (stack) =>
      powerfulSecret(stack, { strategy: 'admin-clone', 'retirement-policy': 'delete', grace: '0' }),
    act: withRetirement,
  },
  {
    name: 'a single user is put back',
    ends: /^FAILED RolledBack FinishSecret failed/,
    prepare: appSecret,
    act: failingAtPromotion,
  },
  {
    name: 'the locked user of a pair is put back',
    ends: /^FAILED RolledBack FinishSecret failed/,
    prepare: async (stack) => rotatedBefore(stack, await pairSecret(stack, LOCKED)),
    act: failingAtPromotion,
  },
  {
    name: 'a pair is recovered by the rule, after an abort',
    ends: /^SUCCEEDED recovered$/,
    prepare: async (stack) => rotatedBefore(stack, await pairSecret(stack)),
    act: abortedOnceChanged,
  },
  {
    name: 'a single user is recovered by the rule, after an abort',
    ends: /^SUCCEEDED recovered$/,
    prepare: appSecret,
    act: abortedOnceChanged,
  },
  {
    name: 'an operator clears the lock of another tool',
    ends: /^SUCCEEDED recovered$/,
    prepare: async (stack) => {
      const subject = await appSecret(stack);
      await leaveLock(stack, subject);
      return subject;
    },
    act: byHand(),
  },
  {
    name: 'an operator has a lost password reset through the admin secret',
    ends: /^SUCCEEDED recovered$/,
    prepare: async (stack) => {
      // Whose deployment allows that.
      const subject = { secret: stack.appSecret, admin: stack.adminSecret };
      await stack.documentDb.admin.putUser(subject.secret.username, randomUUID(), ['readWrite']);
      return subject;
    },
    act: byHand({ resetThroughAdmin: true }),
  },
  {
    name: 'a rotation loses AWSPENDING before it changes the user, and puts it back',
    ends: /^SUCCEEDED rotated$/,
    prepare: appSecret,
    act: losingPending,
  },
  {
    name: 'the trigger refuses a secret with a wrong tag',
    ends: /^failed InvalidSecretError /,
    prepare: (stack) => appSecret(stack, { strategy: 'none' }),
    act: bySecretsManager(),
    mend: (stack, subject) => setTag(stack, subject, 'single-user'),
  },
  {
    name: 'the trigger is called with a token that no one knows',
    ends: /UnknownTokenError/,
    prepare: appSecret,
    act: async (stack, { secret }) => {
      const event = { Step: 'createSecret', SecretId: secret.arn, ClientRequestToken: randomUUID() };
      return (await stack.invokeTrigger(event)).payload;
    },
  },
  {
    name: 'an execution is started with a token that no one knows',
    ends: /^FAILED UnknownTokenError /,
    prepare: appSecret,
    act: (stack, subject) => onDemand({ token: randomUUID() })(stack, subject),
  },
  {
    name: 'the age of the credential is measured',
    ends: /CredentialAge/,
    prepare: appSecret,
    act: (stack, { secret }) => call(stack, 'CheckCredentials', { secrets: [secret.arn] }, secret.arn),
  },
  {
    name: 'a lock is found whose execution does not run',
    ends: /LockWithoutExecution/,
    prepare: async (stack) => {
      const subject = await appSecret(stack);
      await leaveOwner(stack, subject);
      return subject;
    },
    act: (stack, { secret }) =>
      call(stack, 'CheckCredentials', { locksOf: [secret.arn] }, 'LockWithoutExecution'),
    mend: async (stack, { secret }) => void (await recover(stack, { secretId: secret.arn })),
  },
  {
    name: 'the end of an execution is reported',
    about: 'ReportOutcome',
    ends: /^no error null/,
    prepare: appSecret,
    act: async (stack, { secret }) => {
      const { arn } = await run(stack, { secretId: secret.arn, mode: 'verify' });
      const { status, input, output } = await stack.executions.describe(arn);
      const detail = { executionArn: arn, stateMachineArn: stack.stateMachineArn, status, input, output };
      return await call(stack, 'ReportOutcome', { detail }, arn);
    },
  },
  {
    name: 'an end that an alarm rings for is told to the operators',
    about: 'ReportOutcome',
    ends: /^no error null/,
    prepare: appSecret,
    act: async (stack, { secret }) => {
      const { arn } = await run(stack, { secretId: secret.arn, mode: 'verify' });
      const input = JSON.stringify({ secretId: secret.arn });
      const detail = { executionArn: arn, stateMachineArn: stack.stateMachineArn, status: 'ABORTED', input };
      return await call(stack, 'ReportOutcome', { detail }, arn);
    },
  },
  {
    name: 'the end of an execution is reported, of which the event tells nothing more',
    about: 'ReportOutcome',
    ends: /^no error null/,
    prepare: appSecret,
    act: async (stack, { secret }) => {
      const { arn, status } = await run(stack, { secretId: secret.arn, mode: 'verify' });
      const detail = { executionArn: arn, stateMachineArn: stack.stateMachineArn, status };
      return await call(stack, 'ReportOutcome', { detail }, arn);
    },
  },
  {
    name: 'the end of a recovery is reported, of which the event tells nothing more',
    about: 'ReportOutcome',
    ends: /^no error null/,
    prepare: appSecret,
    act: async (stack) => {
      const arn = await stack.recoveries.start({});
      const { status } = await stack.recoveries.waitFor(arn);
      const detail = { executionArn: arn, stateMachineArn: stack.recoveries.stateMachineArn, status };
      return await call(stack, 'ReportOutcome', { detail }, arn);
    },
  },
  {
    name: 'the end of a retirement is reported, of which the event tells nothing more',
    about: 'ReportOutcome',
    ends: /^no error null/,
    prepare: appSecret,
    act: async (stack) => {
      const arn = await stack.retirements.start({});
      const { status } = await stack.retirements.waitFor(arn);
      const detail = { executionArn: arn, stateMachineArn: stack.retirementStateMachineArn, status };
      return await call(stack, 'ReportOutcome', { detail }, arn);
    },
  },
];
