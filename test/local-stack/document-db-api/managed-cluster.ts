import { passwordProblem } from '../document-db/user-rules.ts';
import { ApiError } from './api-error.ts';

const AVAILABLE = 'available';

/** What a cluster is known by when the stand-in starts. */
export interface ClusterFacts {
  readonly identifier: string;
  readonly endpoint: string;
  readonly port: number;
  readonly primaryUser: string;
  /** Gives the primary user a password, in the database itself. */
  readonly setPassword: (password: string) => Promise<void>;
}

/** The parameters of ModifyDBCluster that the stand-in knows. */
export interface Modification {
  readonly password?: string;
  readonly applyImmediately: boolean;
}

/** A cluster as AWS manages it. Tests may have it say otherwise. */
export class ManagedCluster {
  readonly identifier: string;
  endpoint: string;
  port: number;
  primaryUser: string;
  engine = 'docdb';
  /** The secret in which AWS keeps the primary user's password, if it does. */
  managedSecretArn: string | undefined;
  /** Set it to make the cluster busy with something else. */
  status = AVAILABLE;
  /** How long a new password takes; Infinity never comes to an end. */
  resetMs = 0;
  /** Whether `status` tells of a reset that is under way. AWS does not say how soon it does. */
  tellsOfReset = true;
  /** How many changes of the password were accepted. */
  resets = 0;
  readonly #setPassword: (password: string) => Promise<void>;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(facts: ClusterFacts) {
    this.identifier = facts.identifier;
    this.endpoint = facts.endpoint;
    this.port = facts.port;
    this.primaryUser = facts.primaryUser;
    this.#setPassword = facts.setPassword;
  }

  /** @throws ApiError */
  modify({ password, applyImmediately }: Modification): void {
    if (this.status !== AVAILABLE) {
      throw new ApiError('InvalidDBClusterStateFault', `The cluster is in the status ${this.status}.`);
    }
    if (password === undefined) return;
    if (this.managedSecretArn !== undefined) {
      throw new ApiError('InvalidParameterCombination', 'The password of this cluster is managed by AWS.');
    }
    const problem = passwordProblem(password);
    if (problem !== undefined) throw new ApiError('InvalidParameterValue', `MasterUserPassword: ${problem}.`);
    // Kept for a maintenance window, which does not come here.
    if (!applyImmediately) return;
    this.#beginReset(password);
  }

  /** Whatever is under way is never going to happen. */
  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #beginReset(password: string): void {
    this.resets += 1;
    if (this.tellsOfReset) this.status = 'resetting-master-credentials';
    if (!Number.isFinite(this.resetMs)) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      void this.#setPassword(password).then(() => {
        if (this.tellsOfReset) this.status = AVAILABLE;
      });
    }, this.resetMs);
    this.#timers.add(timer);
  }
}
