import type { ClusterDescription, Clusters } from '../../functions/recover-secret/clusters.ts';
import { CLUSTER, type InMemoryDatabase, PORT } from './in-memory-database.ts';
import { type Gate, openGate } from './port-calls.ts';

/** The name by which AWS knows the cluster of the database in memory. */
export const CLUSTER_IDENTIFIER = 'demo';

/** AWS's side of the cluster in memory. A new password works only after the cluster was looked at some times. */
export class InMemoryClusters {
  /** The primary user that it names. */
  primaryUser = 'dbadmin';
  /** How many looks a change takes. */
  looksToChange = 2;
  /** What a test makes it say otherwise. */
  says: Partial<ClusterDescription> = {};
  /** How often it was asked for a password and took it. */
  asked = 0;
  readonly #database: InMemoryDatabase;
  #change: { readonly password: string; looksLeft: number } | undefined;

  constructor(database: InMemoryDatabase) {
    this.#database = database;
  }

  port(gate: Gate = openGate): Clusters {
    return {
      describe: (cluster) => gate('describeCluster', () => this.#describe(cluster)),
      askForPassword: (cluster, password) => gate('askForPassword', () => this.#ask(cluster, password)),
    };
  }

  #describe(cluster: string): ClusterDescription | undefined {
    if (cluster !== CLUSTER_IDENTIFIER) return undefined;
    const description = {
      engine: 'docdb',
      status: this.#change === undefined ? 'available' : 'resetting-master-credentials',
      host: CLUSTER,
      port: PORT,
      primaryUser: this.primaryUser,
      passwordManaged: false,
      ...this.says,
    };
    this.#goOn();
    return description;
  }

  #ask(cluster: string, password: string): boolean {
    if (cluster !== CLUSTER_IDENTIFIER) throw new Error(`no one may ask ${cluster}`);
    if (this.#change !== undefined) return false;
    this.asked += 1;
    this.#change = { password, looksLeft: this.looksToChange };
    return true;
  }

  #goOn(): void {
    if (this.#change === undefined) return;
    this.#change.looksLeft -= 1;
    if (this.#change.looksLeft > 0) return;
    const roles = this.#database.user(this.primaryUser)?.roles ?? [];
    this.#database.addUser(this.primaryUser, this.#change.password, roles, true);
    this.#change = undefined;
  }
}
