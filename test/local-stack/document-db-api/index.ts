import { setTimeout as delay } from 'node:timers/promises';
import { type Fault, Faults } from '../secrets-manager/faults.ts';
import { ApiError } from './api-error.ts';
import { type ClusterFacts, ManagedCluster } from './managed-cluster.ts';
import { OPERATIONS, type Parameters } from './operations.ts';
import { errorAnswer, listen, type QueryAnswer, type QueryRequest, resultOf } from './query-protocol.ts';

export type { ManagedCluster } from './managed-cluster.ts';

export interface DocumentDbApiOptions {
  readonly clusters: readonly ClusterFacts[];
  /** @default - a free port */
  readonly port?: number;
}

/** A request as others may see it: without the password. */
export interface LoggedRequest {
  readonly action: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** `succeeded`, or what went wrong: an error's code or a fault's kind. */
  readonly outcome: string;
}

export interface DocumentDbApiStandIn {
  readonly url: string;
  /** Each strikes the requests of the operation that it names. */
  readonly faults: Faults;
  /** Every request since the start, in the order of their ends. */
  readonly requests: readonly LoggedRequest[];
  /** @throws Error if there is no such cluster */
  cluster(identifier: string): ManagedCluster;
  /** Closes everything; a reset that is under way does not come to its end. */
  stop(): Promise<void>;
}

/** Starts the API by which AWS's customers manage DocumentDB clusters, as far as a recovery needs it, on 127.0.0.1. */
export const startDocumentDbApi = async (options: DocumentDbApiOptions): Promise<DocumentDbApiStandIn> => {
  const clusters = new Map(options.clusters.map((facts) => [facts.identifier, new ManagedCluster(facts)]));
  // No secret is named in these requests.
  const faults = new Faults(() => false);
  const requests: LoggedRequest[] = [];
  const perform = ({ action, parameters }: QueryRequest): QueryAnswer => {
    const operation = OPERATIONS.get(action);
    if (operation === undefined) throw new ApiError('InvalidAction', `${action} is not known.`);
    return resultOf(action, operation(clusters, parameters));
  };
  const endpoint = await listen(options.port ?? 0, async (request) => {
    const { action } = request;
    const log = (outcome: string) =>
      void requests.push({ action, parameters: redact(request.parameters), outcome });
    const struck = faults.strike({ operation: action, input: redact(request.parameters) });
    const early = await strikeBefore(struck);
    if (early !== undefined) {
      log(early.outcome);
      return early.answer;
    }
    try {
      const answer = perform(request);
      const lost = struck.some(({ kind }) => kind === 'reply-lost');
      log(lost ? 'reply-lost' : 'succeeded');
      return lost ? 'cut' : answer;
    } catch (error) {
      log(error instanceof ApiError ? error.code : 'InternalFailure');
      throw error;
    }
  });
  return {
    url: endpoint.url,
    faults,
    requests,
    cluster: (identifier) => {
      const cluster = clusters.get(identifier);
      if (cluster === undefined) throw new Error(`there is no cluster ${identifier}`);
      return cluster;
    },
    stop: async () => {
      for (const cluster of clusters.values()) cluster.stop();
      await endpoint.close();
    },
  };
};

const strikeBefore = async (
  faults: readonly Fault[],
): Promise<{ outcome: string; answer: QueryAnswer } | undefined> => {
  for (const fault of faults) {
    if (fault.kind === 'delay') await delay(fault.milliseconds);
    if (fault.kind === 'connection-cut-before') return { outcome: fault.kind, answer: 'cut' };
    if (fault.kind === 'error-before') {
      const error = new ApiError(fault.type, fault.message ?? 'a fault on demand', fault.status);
      return { outcome: fault.type, answer: errorAnswer(error) };
    }
  }
  return undefined;
};

const redact = (parameters: Parameters): Record<string, string> =>
  Object.fromEntries([...parameters].filter(([name]) => name !== 'MasterUserPassword'));
