import type { EngineVersion } from '../document-db/index.ts';
import type { Behaviour, SecretsManagerOptions } from '../secrets-manager/index.ts';
import type { Assembly, SynthesizeOptions } from './synthesize.ts';

/** What a local stack can be made like. */
export interface LocalStackOptions {
  /** @default 'eu-central-1' */
  readonly region?: string;
  /** @default - free ports */
  readonly ports?: { readonly aws?: number; readonly secretsManager?: number; readonly documentDb?: number };
  /**
   * Multiplies the delays of Wait states and retries; 0 leaves none.
   *
   * @default 1
   */
  readonly waitScale?: number;
  /**
   * How many ended executions, events and streams of a log group the emulator keeps, for a stack that runs for hours.
   *
   * @default - all
   */
  readonly keepNewest?: number;
  /** @default 15 */
  readonly propagationTimeoutSeconds?: number;
  /** @default 5 */
  readonly drainSeconds?: number;
  /**
   * Instances of the database cluster.
   *
   * @default 1
   */
  readonly instances?: number;
  /** @default '5.0' */
  readonly engineVersion?: EngineVersion;
  /** @default - Secrets Manager does not retry, and takes AWSPENDING off after a success; its clock is the machine's */
  readonly rotationBehaviour?: Behaviour & Pick<SecretsManagerOptions, 'now'>;
  /**
   * Makes what is deployed. The stack's outputs must be those of the project's own app.
   *
   * @default - runs the project's own CDK app
   */
  readonly synthesize?: (options: SynthesizeOptions) => Promise<Assembly>;
  /**
   * What takes CPU. `real`, for who measures, has logins as dear as MongoDB's defaults make them, and each process of a function
   * compiles its code anew.
   *
   * @default 'least'
   */
  readonly costs?: 'least' | 'real';
  /**
   * Whether a recovery may reset the primary user, whose secret `demo/admin` is, through the cluster.
   *
   * @default false
   */
  readonly breakGlass?: boolean;
  /**
   * Whether the machine knows what the deployment says of the demo secrets, as in an account. Then their tags have to agree.
   *
   * @default false - a test chooses a strategy by tags
   */
  readonly declared?: boolean;
  /** Environment variables to add to every function. */
  readonly functionEnvironment?: Readonly<Record<string, string>>;
  /**
   * Secrets of applications to make beside the demo ones.
   *
   * @default 0
   */
  readonly extraSecrets?: number;
}

/** Told what is being started, for the one who waits. */
export type OnProgress = (what: string) => void;
