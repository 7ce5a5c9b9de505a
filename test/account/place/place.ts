import type { Clients } from '../clients.ts';
import type { KitConfig } from '../config.ts';

/** Where the kit runs: an account of AWS, or the local stack. */
export interface Place {
  readonly kind: 'aws' | 'local';
  readonly region: string;
  readonly clients: Clients;
  /** How often something is looked at that takes its time. */
  readonly pollMilliseconds: number;
  /** Gets ready what is deployed: bundles, templates, and what is there before the first stack. */
  prepare(config: KitConfig, signal: AbortSignal): Promise<void>;
  /** Deploys one stack of the app, and returns once it is there. */
  deploy(stackName: string, signal: AbortSignal): Promise<void>;
  /** Ends a deployment that goes on though the kit that began it was killed. */
  endDeployment(): Promise<void>;
}
