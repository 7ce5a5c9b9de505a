import { z } from 'zod';
import { nextWindow } from './rotation-schedule.ts';
import type { Rotation, RotationFailure, RotationStep, Rotations } from './rotations.ts';
import type { Secret, SecretVersion } from './secret.ts';
import { invalidRequest } from './service-error.ts';
import { attachLabel, CURRENT, holderOf, PENDING, pendingElsewhere } from './version-labels.ts';

const STEPS: readonly RotationStep[] = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'];

export interface RotationEvent {
  readonly Step: RotationStep;
  readonly SecretId: string;
  readonly ClientRequestToken: string;
  readonly RotationToken: string;
}

export type InvokeRotationFunction = (
  functionArn: string,
  event: RotationEvent,
) => Promise<{ functionError?: string; payload: string }>;

/** What AWS does not document about rotations, so that a test can choose. */
export interface RotationBehaviour {
  /**
   * AWS says that it "retries the entire rotation process multiple times", not how often or when.
   * Retries here follow at once. With `reuseToken` a retry keeps the token and so the pending version;
   * without, it makes a new version.
   *
   * @default { times: 0, reuseToken: true }
   */
  readonly retryFailedRotation?: { readonly times: number; readonly reuseToken: boolean };
  /**
   * Whether AWSPENDING is taken off the version that became AWSCURRENT: at once, never, or some time later. AWS documents the first two
   * ends as success, and not when the first one comes.
   *
   * @default 'remove'
   */
  readonly pendingAfterSuccess?: 'remove' | 'keep' | { readonly removedAfterMs: number };
}

export interface RotationServiceOptions {
  readonly behaviour: () => RotationBehaviour;
  readonly invoke: InvokeRotationFunction;
  readonly rotations: Rotations;
  readonly now: () => Date;
  readonly newToken: () => string;
  /** Told when labels and versions have changed that no request changes. */
  readonly changed: () => void;
}

interface RunningRotation {
  readonly rotation: Rotation;
  readonly secret: Secret;
  readonly functionArn: string;
}

/**
 * Calls the rotation function as Secrets Manager does: step by step, always with the same token.
 *
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html
 */
export class RotationService {
  private readonly options: RotationServiceOptions;
  private readonly running = new Map<Secret, RunningRotation>();
  private readonly timers = new Set<NodeJS.Timeout>();
  private stopped = false;

  constructor(options: RotationServiceOptions) {
    this.options = options;
  }

  /**
   * Makes the pending version and calls the function later: the request is answered first.
   *
   * @throws ServiceError (InvalidRequestException) if AWSPENDING is on a version that is not AWSCURRENT.
   */
  start(secret: Secret, token: string, mode: Rotation['mode']): void {
    const functionArn = secret.rotation?.lambdaArn;
    if (!functionArn) throw noFunction();
    // The same request again, after its answer was lost: the rotation that it began is the answer.
    if (this.running.get(secret)?.rotation.versionId === token) return;
    if (this.running.has(secret) || pendingElsewhere(secret)) {
      throw invalidRequest("A previous rotation isn't complete. That rotation will be reattempted.");
    }
    if (secret.versions.has(token)) {
      throw invalidRequest(`A version with the ClientRequestToken ${token} already exists.`);
    }
    this.makePendingVersion(secret, token, mode);
    this.run({ secret, functionArn, rotation: this.record(secret, token, mode) });
  }

  /** Stops calling the function. A call under way goes on, and the labels stay. Returns the version it was making. */
  cancel(secret: Secret): string | undefined {
    const running = this.running.get(secret);
    if (!running) return undefined;
    running.rotation.status = 'cancelled';
    return running.rotation.versionId;
  }

  /** Starts what the schedules make due. Nothing else does: time passes only when a test says so. */
  startDue(secrets: readonly Secret[]): Rotation[] {
    const now = this.options.now();
    const due = secrets.filter(
      (secret) => isDue(secret, now) && !this.running.has(secret) && !pendingElsewhere(secret),
    );
    for (const secret of due) this.start(secret, this.options.newToken(), 'rotate');
    return due.flatMap((secret) => this.running.get(secret)?.rotation ?? []);
  }

  /** No function is called from now on. */
  stop(): void {
    this.stopped = true;
    for (const timer of this.timers) clearTimeout(timer);
    for (const secret of this.running.keys()) this.cancel(secret);
  }

  private makePendingVersion(secret: Secret, token: string, mode: Rotation['mode']): SecretVersion {
    const version: SecretVersion = {
      id: token,
      labels: new Set(),
      createdDate: this.options.now(),
      rotationToken: this.options.newToken(),
    };
    const current = holderOf(secret, CURRENT);
    // The test of the configuration logs in with a copy of the current value.
    if (mode === 'test' && current?.value) version.value = current.value;
    secret.versions.set(token, version);
    attachLabel(secret, version, PENDING);
    return version;
  }

  private record(secret: Secret, versionId: string, mode: Rotation['mode']): Rotation & { end: () => void } {
    const { promise, resolve } = Promise.withResolvers<Rotation>();
    const rotation: Rotation & { end: () => void } = {
      secretArn: secret.arn,
      versionId,
      mode,
      status: 'running',
      attempts: 0,
      steps: [],
      failures: [],
      ended: promise,
      end: () => resolve(rotation),
    };
    return rotation;
  }

  private run(running: RunningRotation & { readonly rotation: Rotation & { end: () => void } }): void {
    this.running.set(running.secret, running);
    this.options.rotations.all.push(running.rotation);
    setImmediate(async () => {
      await this.attemptUntilOver(running);
      if (running.rotation.mode === 'test') removeVersion(running.secret, running.rotation.versionId);
      this.options.changed();
      this.running.delete(running.secret);
      running.rotation.end();
    });
  }

  private async attemptUntilOver(running: RunningRotation): Promise<void> {
    const { rotation, secret } = running;
    const retries = this.options.behaviour().retryFailedRotation ?? { times: 0, reuseToken: true };
    for (let retry = 0; !this.isOver(rotation); retry++) {
      const failure = await this.attempt(running);
      if (this.isOver(rotation)) return;
      if (!failure) return this.succeed(running);
      rotation.failures.push(failure);
      if (retry >= retries.times || !this.prepareRetry(running, retries.reuseToken))
        rotation.status = 'failed';
      this.options.changed();
    }
    secret.lastChangedDate = this.options.now();
  }

  private isOver(rotation: Rotation): boolean {
    return rotation.status !== 'running';
  }

  /** One pass through the steps; the failure, or nothing. */
  private async attempt(running: RunningRotation): Promise<RotationFailure | undefined> {
    const { rotation, secret } = running;
    rotation.attempts++;
    const steps = rotation.mode === 'test' ? (['testSecret'] as const) : STEPS;
    for (const step of steps) {
      if (this.stopped || this.isOver(rotation)) return undefined;
      rotation.steps.push(step);
      const failure = await this.invokeStep(running, step);
      if (failure) return failure;
    }
    if (rotation.mode === 'test' || secret.versions.get(rotation.versionId)?.labels.has(CURRENT))
      return undefined;
    return {
      step: 'finishSecret',
      type: 'RotationIncomplete',
      message: `finishSecret has returned, but AWSCURRENT is not on version ${rotation.versionId}`,
    };
  }

  private async invokeStep(
    { rotation, secret, functionArn }: RunningRotation,
    step: RotationStep,
  ): Promise<RotationFailure | undefined> {
    const event: RotationEvent = {
      Step: step,
      SecretId: secret.arn,
      ClientRequestToken: rotation.versionId,
      RotationToken: secret.versions.get(rotation.versionId)?.rotationToken ?? this.options.newToken(),
    };
    try {
      const { functionError, payload } = await this.options.invoke(functionArn, event);
      return functionError === undefined ? undefined : { step, ...errorIn(payload, functionError) };
    } catch (error) {
      return { step, type: 'InvokeFailed', message: error instanceof Error ? error.message : String(error) };
    }
  }

  /** Whether a retry is possible: not if another version holds AWSPENDING by now. */
  private prepareRetry({ rotation, secret }: RunningRotation, reuseToken: boolean): boolean {
    const holder = pendingElsewhere(secret);
    if (holder && holder.id !== rotation.versionId) return false;
    const version = secret.versions.get(rotation.versionId);
    if (reuseToken && version) {
      attachLabel(secret, version, PENDING);
      return true;
    }
    if (rotation.mode === 'test') removeVersion(secret, rotation.versionId);
    rotation.versionId = this.options.newToken();
    this.makePendingVersion(secret, rotation.versionId, rotation.mode);
    return true;
  }

  private succeed({ rotation, secret }: RunningRotation): void {
    rotation.status = 'succeeded';
    if (rotation.mode === 'test') return;
    const now = this.options.now();
    const version = secret.versions.get(rotation.versionId);
    delete version?.rotationToken;
    if (version) this.takePendingOff(version);
    secret.lastChangedDate = now;
    if (secret.rotation) Object.assign(secret.rotation, { lastRotatedDate: now, countedFrom: now });
  }

  /** Of this version only: by the time, the label may be on that of another rotation. */
  private takePendingOff(version: SecretVersion): void {
    const when = this.options.behaviour().pendingAfterSuccess ?? 'remove';
    if (when === 'remove') version.labels.delete(PENDING);
    if (typeof when === 'string') return;
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      version.labels.delete(PENDING);
      this.options.changed();
    }, when.removedAfterMs);
    this.timers.add(timer);
  }
}

/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html, InvalidRequestException */
export const noFunction = () =>
  invalidRequest('No Lambda rotation function ARN is associated with this secret.');

const isDue = ({ rotation, deletedDate }: Secret, now: Date): boolean => {
  if (!rotation?.enabled || !rotation.rules || deletedDate) return false;
  const window = nextWindow(rotation.rules, rotation.countedFrom);
  return window !== undefined && window.start <= now;
};

const removeVersion = (secret: Secret, versionId: string): void => {
  secret.versions.delete(versionId);
};

const LambdaError = z.object({ errorType: z.string().optional(), errorMessage: z.string().optional() });

const errorIn = (payload: string, functionError: string): { type: string; message: string } => {
  const { errorType, errorMessage } = parseError(payload);
  return { type: errorType ?? functionError, message: errorMessage ?? '' };
};

const parseError = (payload: string): z.infer<typeof LambdaError> => {
  try {
    return LambdaError.safeParse(JSON.parse(payload)).data ?? {};
  } catch {
    return {};
  }
};
