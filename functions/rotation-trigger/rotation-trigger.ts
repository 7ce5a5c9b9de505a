import * as z from 'zod';
import {
  InvalidInputError,
  RotationFailedError,
  RotationStillRunningError,
  UnknownTokenError,
} from '../contract/errors.ts';
import { Token } from '../contract/steps.ts';
import type { Clock } from '../runtime/clock.ts';
import { readUntil } from '../runtime/read-again.ts';
import { asBegun, dayOf, dayOnRecord } from '../secret/begun.ts';
import { executionName, executionNameBefore02, type RotationId } from '../secret/execution-name.ts';
import { CURRENT, hasLabel, holderOf, OWNER } from '../secret/labels.ts';
import { releaseLock } from '../secret/lock.ts';
import { assertRotatable } from '../secret/rotatable.ts';
import type { SecretDescription, SecretStore } from '../secret/secret-store.ts';
import type { Execution, Executions } from './executions.ts';
import { lockFor, writePendingVersion } from './pending-version.ts';

export interface TriggerPorts {
  readonly secrets: SecretStore;
  readonly executions: Executions;
  readonly clock: Clock;
  /** On which day a rotation began, by its token and the secret's ARN: what this process knows, it does not ask for. */
  readonly days: Map<string, string>;
}

/** What Secrets Manager sends; SecretId is the ARN: https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets-lambda-function-overview.html */
export const RotationEvent = z.object({
  Step: z.enum(['createSecret', 'setSecret', 'testSecret', 'finishSecret']),
  SecretId: z.string().min(1),
  ClientRequestToken: Token,
  RotationToken: z.string().optional(),
});
export type RotationEvent = z.infer<typeof RotationEvent>;

/** Gentle: DescribeExecution refills at 10 a second for the whole account. https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html */
const POLL_MS = { first: 500, longest: 5000, growth: 1.5 };

/**
 * Secrets Manager's rotation function, kept thin: it starts the state machine, waits for it, and says how it ended.
 * The four steps are called in turn, with the same token, and any of them may come again.
 *
 * @param deadline the clock's time at which this call must have answered
 * @throws RotationFailedError with the execution's own error, cause and link
 * @throws RotationStillRunningError at the deadline; the execution goes on, and the next call finds it
 */
export const rotationTrigger = async (
  ports: TriggerPorts,
  event: RotationEvent,
  deadline: number,
): Promise<void> => {
  switch (event.Step) {
    case 'createSecret':
      return await startRotation(ports, event, deadline);
    case 'setSecret':
      return await reportRotation(ports, event, deadline);
    case 'testSecret':
      return await ((await isLoneTest(ports, event))
        ? check(ports, event, deadline)
        : reportRotation(ports, event, deadline));
    case 'finishSecret':
      return await reportRotation(ports, event, deadline);
  }
};

/**
 * Only the rotation function may write the version of Secrets Manager, so that much happens here: the lock for the execution
 * that is about to start, then the value of the pending version.
 *
 * A rotation whose earlier attempt was cut off may have been finished by a recovery: then only the check is left to do.
 */
const startRotation = async (ports: TriggerPorts, event: RotationEvent, deadline: number): Promise<void> => {
  const { executions } = ports;
  const { ClientRequestToken: token } = event;
  const secret = await knownSecret(ports, event);
  const rotation = { ...rotationOf(event), day: dayToBeginOn(ports, event, secret) };
  const { latest, next } = await attemptsOf(ports, rotation);
  if (latest?.execution.status === 'RUNNING' || isDone(latest, secret, token)) return;
  const name = executionName('rotate', rotation, next);
  const execution = executions.arnOf(name);
  const locked = await lockFor(ports, secret, { execution, token, deadline });
  if (hasLabel(locked, token, CURRENT)) {
    await releaseLock(ports.secrets, secret.arn, holderOf(locked, OWNER) ?? '');
    await executions.start(name, { secretId: secret.arn, token, mode: 'verify' });
    return;
  }
  await writePendingVersion(ports, locked, event, asBegun(rotation));
  ports.days.set(keyOf(event), rotation.day);
  const started = await executions.start(name, { secretId: secret.arn, token });
  if (isOf(started, rotation) && isARotation(started)) return;
  await releaseLock(ports.secrets, secret.arn, holderOf(locked, OWNER) ?? '');
  throw new RotationFailedError(
    `someone else has started an execution of the name that this rotation was about to get, ${name}; Secrets Manager tries again, under another one`,
  );
};

/** What has another name than it says, a check for example, may have succeeded too, and has promoted nothing. */
const isDone = (latest: Attempt | undefined, secret: SecretDescription, token: string): boolean =>
  latest?.execution.status === 'SUCCEEDED' && hasLabel(secret, token, CURRENT);

const reportRotation = async (ports: TriggerPorts, event: RotationEvent, deadline: number): Promise<void> => {
  const latest = await startedAttempt(ports, event);
  if (latest === undefined) {
    const secret = await knownSecret(ports, event);
    throw new RotationFailedError(
      `${event.Step} came for ${secret.name}, but no execution was ever started for version ${event.ClientRequestToken}; rotate the secret again`,
    );
  }
  // Once one has succeeded, and its version is AWSCURRENT, the trigger begins no other: who may start executions has begun that.
  const isOver = latest.hasSucceeded && (await isPromoted(ports, event));
  if (!isOver) await succeeded(ports, latest.execution, deadline);
  if (event.Step !== 'setSecret') await assertPromoted(ports, event);
};

const isPromoted = async ({ secrets }: TriggerPorts, event: RotationEvent): Promise<boolean> =>
  hasLabel(await secrets.describe(event.SecretId), event.ClientRequestToken, CURRENT);

/** What Secrets Manager is told has to be true: someone may have moved AWSCURRENT since the execution ended. */
const assertPromoted = async ({ secrets, clock }: TriggerPorts, event: RotationEvent): Promise<void> => {
  const isPromoted = (secret: SecretDescription): boolean =>
    hasLabel(secret, event.ClientRequestToken, CURRENT);
  const now = await readUntil(clock, () => secrets.describe(event.SecretId), isPromoted);
  if (isPromoted(now)) return;
  throw new RotationFailedError(
    `the execution of this rotation succeeded, but AWSCURRENT of ${now.name} is not on its version any more; someone else moved it`,
  );
};

/**
 * Right after its start an execution may not be found yet, neither the first one nor that of a retry, before which one has failed:
 * https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html
 */
const startedAttempt = async (ports: TriggerPorts, event: RotationEvent): Promise<Attempt | undefined> =>
  await readUntil(
    ports.clock,
    async () => (await attemptsOf(ports, await begunRotation(ports, event))).latest,
    (attempt) => attempt?.execution.status === 'RUNNING' || attempt?.execution.status === 'SUCCEEDED',
  );

/**
 * RotateImmediately=false: Secrets Manager only tests, on a pending version that holds a copy of the current value. No
 * createSecret came before, so no execution can have been started.
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html
 */
const isLoneTest = async (ports: TriggerPorts, event: RotationEvent): Promise<boolean> => {
  // An old answer may not show yet that a rotation began.
  const attempt = await readUntil(
    ports.clock,
    async () => (await attemptsOf(ports, await begunRotation(ports, event))).latest,
    (answer) => answer !== undefined,
  );
  return attempt === undefined;
};

/** A deployment hears now what the first rotation would fail by, and not on the night when it comes. */
const check = async (ports: TriggerPorts, event: RotationEvent, deadline: number): Promise<void> => {
  const secret = await knownSecret(ports, event);
  const rotation = { ...rotationOf(event), day: dayToBeginOn(ports, event, secret) };
  const name = executionName('check', rotation, 1);
  const earlier = await ports.executions.find(name);
  const execution =
    earlier ??
    (await ports.executions.start(name, {
      secretId: secret.arn,
      token: event.ClientRequestToken,
      mode: 'check',
    }));
  await succeeded(ports, execution, deadline);
};

/** @throws InvalidInputError, UnknownTokenError, SecretNotRotatableError */
const knownSecret = async ({ secrets }: TriggerPorts, event: RotationEvent): Promise<SecretDescription> => {
  const secret = await secrets.describe(event.SecretId);
  assertRotatable(secret);
  if (secret.versions[event.ClientRequestToken] !== undefined) return secret;
  if ((await secrets.listVersions(secret.arn)).includes(event.ClientRequestToken)) return secret;
  throw new UnknownTokenError(
    `${secret.name} has no version ${event.ClientRequestToken}; this function is called by Secrets Manager only`,
  );
};

const rotationOf = ({ SecretId, ClientRequestToken }: RotationEvent): Omit<RotationId, 'day'> => ({
  secretArn: SecretId,
  token: ClientRequestToken,
});

/** On record, or today. */
const dayToBeginOn = (
  { executions, clock }: TriggerPorts,
  event: RotationEvent,
  secret: SecretDescription,
): string => dayOf(secret, rotationOf(event), { executions, now: clock.now() });

/** The rotation that a later call is for: without a day where no call has begun one yet, or where that was before an upgrade. */
const begunRotation = async ({ secrets, days }: TriggerPorts, event: RotationEvent): Promise<Begun> => {
  const rotation = rotationOf(event);
  const day = days.get(keyOf(event)) ?? dayOnRecord(await secrets.describe(event.SecretId), rotation);
  if (day === undefined) return rotation;
  days.set(keyOf(event), day);
  return { ...rotation, day };
};

type Begun = RotationId | (Omit<RotationId, 'day'> & { readonly day?: never });

const keyOf = ({ SecretId, ClientRequestToken }: RotationEvent): string =>
  `${ClientRequestToken} ${SecretId}`;

interface Attempt {
  readonly execution: Execution;
  /** Whether an earlier one has succeeded. */
  readonly hasSucceeded: boolean;
}

interface Attempts {
  readonly latest: Attempt | undefined;
  /** The number that is free. */
  readonly next: number;
}

/** Far more than Secrets Manager makes: who may start executions can take the names of those to come. */
const MOST_ATTEMPTS = 50;

/**
 * Secrets Manager retries a failed rotation with the same token; each retry is an execution of its own. An upgrade may come between two
 * calls of one rotation: what was started before it has another name, and is never followed by more of those.
 *
 * @throws RotationFailedError if all names are taken
 */
const attemptsOf = async ({ executions }: TriggerPorts, rotation: Begun): Promise<Attempts> => {
  let latest: Attempt | undefined;
  let mayBeOld = true;
  for (let number = 1; number <= MOST_ATTEMPTS; number++) {
    let execution =
      rotation.day === undefined
        ? undefined
        : await executions.find(executionName('rotate', rotation, number));
    mayBeOld &&= execution === undefined;
    if (mayBeOld) execution = await executions.find(executionNameBefore02(rotation, number));
    if (execution === undefined) return { latest, next: number };
    if (!isOf(execution, rotation)) continue;
    const hasSucceeded =
      latest !== undefined && (latest.hasSucceeded || latest.execution.status === 'SUCCEEDED');
    latest = { execution, hasSucceeded };
  }
  throw new RotationFailedError(
    `${MOST_ATTEMPTS} executions have the names of this rotation; see who starts them, and rotate the secret again under another version`,
  );
};

const Started = z.object({ secretId: z.string(), token: z.string() });

/** Whether it is one of this rotation, and not only by its name. */
const isOf = ({ input }: Execution, { secretArn, token }: Begun): boolean => {
  const started = Started.safeParse(JSON.parse(input));
  return started.success && started.data.secretId === secretArn && started.data.token === token;
};

/** One of another mode, or one that is refused for a key, would leave the lock behind that was taken for it. */
const isARotation = ({ input }: Execution): boolean => Started.strict().safeParse(JSON.parse(input)).success;

const succeeded = async (
  { executions, clock }: TriggerPorts,
  execution: Execution,
  deadline: number,
): Promise<void> => {
  let seen = execution;
  for (
    let wait = POLL_MS.first;
    seen.status === 'RUNNING';
    wait = Math.min(wait * POLL_MS.growth, POLL_MS.longest)
  ) {
    if (clock.now() + wait > deadline) {
      throw new RotationStillRunningError(
        `the execution is still running, and goes on; Secrets Manager calls again. See ${executions.link(seen.arn)}`,
      );
    }
    await clock.sleep(wait);
    seen = (await executions.find(seen.name)) ?? seen;
  }
  if (seen.status === 'SUCCEEDED') return;
  throw new RotationFailedError(
    `the execution ended as ${seen.status}: ${seen.error ?? 'no error'}: ${seen.cause ?? 'no cause'} See ${executions.link(seen.arn)}`,
  );
};

/** @throws InvalidInputError for an unknown step, or an event that Secrets Manager would not send */
export const parseRotationEvent = (event: unknown): RotationEvent => {
  const result = RotationEvent.safeParse(event);
  if (result.success) return result.data;
  const keys = [...new Set(result.error.issues.map((issue) => issue.path.join('.') || 'the event'))].join(
    ', ',
  );
  throw new InvalidInputError(
    `not an event of a rotation by Secrets Manager: ${keys} is missing or unusable; it has Step (createSecret, setSecret, testSecret, finishSecret), SecretId, ClientRequestToken. To rotate by hand, start the state machine with {"secretId": "…"}`,
  );
};
