import type { Strategy } from '../../functions/contract/strategy.ts';

export type Keys = Readonly<Record<string, unknown>>;

/** How an execution ended, and what it said. */
export interface End {
  readonly status?: string | undefined;
  readonly error?: string | undefined;
  readonly cause?: string | undefined;
  readonly output?: unknown;
}

/** What someone finds: a secret of a user that exists, rotated before or not. */
export interface Place {
  readonly strategy?: Strategy;
  /** How often it was rotated on demand before. */
  readonly rotations?: number;
  readonly tags?: Readonly<Record<string, string>>;
  /** Whether what is done to the admin secret must not be done to that of others. */
  readonly ownAdminSecret?: boolean;
  /** What becomes of AWSPENDING when a value is written by hand: AWS may do either. */
  readonly pendingOfLastCurrent?: 'remove' | 'keep';
}

type Soon<T> = T | Promise<T>;

/** What people do with a secret, its user and the machines: in memory, or with the clients of AWS and of the database. */
export interface Person {
  /** The user of the secret, and the other one of its pair. */
  readonly user: string;
  readonly otherUser: string;
  readonly host: string;
  /** GetSecretValue, of the version with a label. */
  text(label?: string): Soon<string>;
  /** PutSecretValue. */
  write(text: string, label?: string): Soon<void>;
  /** DescribeSecret: the version of each label. */
  labels(): Soon<Readonly<Record<string, string>>>;
  /** UpdateSecretVersionStage. */
  move(label: string, move: { readonly from?: string; readonly to?: string }): Soon<void>;
  /** TagResource. */
  tag(key: string, value: string): Soon<void>;
  /** UntagResource. */
  untag(key: string): Soon<void>;
  /** In the database, as its admin. */
  setPassword(username: string, password: string): Soon<void>;
  createUser(username: string, password: string): Soon<void>;
  dropUser(username: string): Soon<void>;
  /** Whether it exists, once the retirements that were started have ended. */
  hasUser(username: string): Soon<boolean>;
  /** PutSecretValue of the admin secret. */
  writeAdminSecret(change: (text: string) => string): Soon<void>;
  rotate(input?: object): Promise<End>;
  recover(input?: object): Promise<End>;
  /** What is wrong at the end of an execution, by the invariants. */
  problems(): Soon<readonly string[]>;
}
