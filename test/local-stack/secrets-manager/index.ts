import { randomInt, randomUUID } from 'node:crypto';
import type { StaleReads } from '../../support/stale-reads.ts';
import type { Authorize } from './authorization.ts';
import { Faults } from './faults.ts';
import { listen } from './http-server.ts';
import type { Caller, OperationContext } from './operations/operation.ts';
import type { LoggedRequest, RequestHook } from './request-log.ts';
import { answerRequest } from './request-pipeline.ts';
import { type InvokeRotationFunction, type RotationBehaviour, RotationService } from './rotation-service.ts';
import { type Rotation, Rotations } from './rotations.ts';
import { SecretStore } from './secret-store.ts';
import { type ManagedSeed, type ReplicaSeed, seedSecret } from './seed-secret.ts';
import { StaleAnswers } from './stale-answers.ts';
import type { LabelBehaviour } from './version-labels.ts';

export type { StaleReads } from '../../support/stale-reads.ts';
export type { Authorize } from './authorization.ts';
export type { Fault, FaultHandle, SeenRequest } from './faults.ts';
export type { Caller } from './operations/operation.ts';
export type { LoggedRequest, RequestHook, RequestMoment } from './request-log.ts';
export type { InvokeRotationFunction, RotationBehaviour, RotationEvent } from './rotation-service.ts';
export type { Rotation, RotationFailure, RotationStep, Rotations } from './rotations.ts';
export type { ManagedSeed, ReplicaSeed } from './seed-secret.ts';
export type { LabelBehaviour } from './version-labels.ts';

/** What AWS does not document, so that a test can choose. */
export interface Behaviour extends RotationBehaviour, LabelBehaviour {
  /**
   * Whether a caller runs under the rotation function's own role, and so may write the version in rotation
   * without its RotationToken. AWS requires the token for an assumed role or another account.
   *
   * @default - no one: the RotationToken is required
   */
  readonly isRotationFunction?: (caller: Caller) => boolean;
}

export interface SecretsManagerOptions extends Behaviour {
  /** @default - a free port */
  readonly port?: number;
  readonly region: string;
  readonly accountId: string;
  readonly invokeRotationFunction: InvokeRotationFunction;
  /**
   * Whether a function exists and lets Secrets Manager invoke it: RotateSecret is refused otherwise, and keeps nothing.
   *
   * @default - every one does
   */
  readonly mayInvoke?: (functionArn: string) => Promise<boolean>;
  /**
   * Says why a caller may not do a thing, or nothing if it may.
   *
   * @default - everybody may do everything
   */
  readonly authorize?: Authorize;
  /**
   * A whole number from 0 up to, not including, the bound.
   *
   * @default - cryptographically strong
   */
  readonly random?: (bound: number) => number;
  /** @default - the clock of the machine */
  readonly now?: () => Date;
}

export interface SecretsManagerStandIn {
  readonly url: string;
  readonly faults: Faults;
  /**
   * Whether DescribeSecret, GetSecretValue and ListSecretVersionIds answer what may be old, from when this is set: what
   * is there then, everybody knows. A reader, for whom reads may be monotonic, is who signs with an access key.
   */
  staleReads: StaleReads | undefined;
  /** Counts for requests and rotations that begin after it is set. */
  behaviour: Behaviour;
  /** Every request since the start, in the order of arrival. */
  readonly requests: readonly LoggedRequest[];
  readonly rotations: Rotations;
  /** Has a function called before and after each operation; returns how to end that. */
  onRequest(hook: RequestHook): () => void;
  /** Starts the rotations that are due by the clock. */
  tick(): readonly Rotation[];
  /** Makes a secret that is the replica of one in another Region, and returns its ARN. */
  seedReplica(seed: ReplicaSeed): string;
  /** Makes a secret that a service of AWS manages, and returns its ARN. */
  seedManaged(seed: ManagedSeed): string;
  /** Closes everything, connections that clients keep alive included. */
  stop(): Promise<void>;
}

/** Starts a Secrets Manager with AWS's documented rules on 127.0.0.1, empty and in memory. */
export const startSecretsManager = async (options: SecretsManagerOptions): Promise<SecretsManagerStandIn> => {
  const { region, accountId, now = () => new Date(), random = (bound: number) => randomInt(bound) } = options;
  const store = new SecretStore({ region, accountId, now, random });
  const staleAnswers = new StaleAnswers(store);
  const rotations = new Rotations((secretId) => store.get(secretId));
  let behaviour: Behaviour = options;
  const service = new RotationService({
    behaviour: () => behaviour,
    invoke: options.invokeRotationFunction,
    rotations,
    now,
    newToken: randomUUID,
    changed: () => staleAnswers.changed(),
  });
  const context: OperationContext = {
    store,
    rotations: service,
    labels: () => behaviour,
    now,
    random,
    mayInvoke: options.mayInvoke ?? (async () => true),
    isRotationFunction: (caller) => behaviour.isRotationFunction?.(caller) ?? false,
  };
  const faults = new Faults(
    (one, other) => one === other || store.find(one)?.arn === (store.find(other)?.arn ?? ''),
  );
  const authorize = options.authorize ?? (async () => undefined);
  const requests: LoggedRequest[] = [];
  const hooks = new Set<RequestHook>();
  const endpoint = await listen(options.port ?? 0, (request) =>
    answerRequest({ authorize, context, faults, staleAnswers, requests, hooks }, request),
  );
  return {
    url: endpoint.url,
    faults,
    get staleReads() {
      return staleAnswers.settings;
    },
    set staleReads(settings) {
      staleAnswers.settings = settings;
    },
    get behaviour() {
      return behaviour;
    },
    set behaviour(chosen) {
      behaviour = chosen;
    },
    requests,
    rotations,
    onRequest: (hook) => {
      hooks.add(hook);
      return () => void hooks.delete(hook);
    },
    tick: () => {
      const started = service.startDue(store.all());
      staleAnswers.changed();
      return started;
    },
    seedReplica: (seed) => seedSecret(store, seed, now()),
    seedManaged: (seed) => seedSecret(store, seed, now()),
    stop: async () => {
      service.stop();
      await endpoint.close();
    },
  };
};
