import { Duration } from 'aws-cdk-lib';

/**
 * What a step may do with a secret that it rotates. The row of the permissions table in infra/README.md follows from it.
 *
 * - `read`: DescribeSecret and GetSecretValue, with the secret's key
 * - `write`: the same, and PutSecretValue and UpdateSecretVersionStage, with the key for what it writes
 * - `move labels`: DescribeSecret and UpdateSecretVersionStage, no value
 * - `put AWSPENDING back`: UpdateSecretVersionStage
 * - `list versions`: ListSecretVersionIds
 * - `record proven`, `record promoted`, `record begun`, `record dropped`: TagResource, only for the tag with the proven versions; for it and the one with
 *   the name of the secret's user and its cluster, with the day on which a rotation began, or with the last retirement that dropped a user
 */
export type SecretGrant =
  | 'read'
  | 'write'
  | 'move labels'
  | 'put AWSPENDING back'
  | 'list versions'
  | 'record proven'
  | 'record promoted'
  | 'record begun'
  | 'record dropped';

/** A function that states call. */
export interface Step {
  /** The function's folder under `functions/`. */
  readonly folder: string;
  /** What it does, for people who find it in the console. */
  readonly description: string;
  /** Whether it logs in to the database. */
  readonly usesDatabase: boolean;
  /** The machines that call it. Their placeholder is the step's name and `FunctionArn`. */
  readonly machines: readonly ('rotation' | 'recovery' | 'retirement')[];
  readonly grants: readonly SecretGrant[];
  /** Whether it logs in with the admin secret too. */
  readonly readsAdminSecret?: boolean;
  readonly makesPasswords?: boolean;
  /** Whether its errors are retried for hours: by each state that calls it, or only in compensation. Then an alarm tells of them meanwhile. */
  readonly retriedForHours?: 'always' | 'in compensation';
  /** @default Duration.seconds(60) */
  readonly timeout?: Duration;
}

/** Every function that acts on a secret, by its construct's id: a new step is a new row. */
export const STEPS = {
  CreateSecret: {
    folder: 'create-secret',
    description: 'Writes the new version of the secret and takes the lock',
    usesDatabase: false,
    machines: ['rotation'],
    grants: ['write', 'record proven'],
    makesPasswords: true,
  },
  SetSecret: {
    folder: 'set-secret',
    description: 'Makes the database accept the new credential',
    usesDatabase: true,
    machines: ['rotation'],
    grants: ['read', 'put AWSPENDING back'],
    readsAdminSecret: true,
  },
  TestSecret: {
    folder: 'test-secret',
    description: 'Logs in with a version of the secret on every instance',
    usesDatabase: true,
    machines: ['rotation', 'recovery'],
    grants: ['read'],
    readsAdminSecret: true,
    retriedForHours: 'in compensation',
  },
  FinishSecret: {
    folder: 'finish-secret',
    description: 'Promotes the new version of the secret',
    usesDatabase: false,
    machines: ['rotation'],
    grants: ['move labels', 'record proven'],
  },
  RestoreCredential: {
    folder: 'restore-credential',
    description: 'Makes the database accept the last good credential again',
    usesDatabase: true,
    machines: ['rotation'],
    grants: ['read'],
    readsAdminSecret: true,
    // To lock a user.
    makesPasswords: true,
    retriedForHours: 'always',
  },
  RestoreLabels: {
    folder: 'restore-labels',
    description: 'Puts the labels of the secret back where they were',
    usesDatabase: false,
    machines: ['rotation'],
    grants: ['move labels'],
    retriedForHours: 'always',
  },
  ReleaseLock: {
    folder: 'release-lock',
    description: 'Ends an execution: settles AWSPENDING and releases the lock',
    usesDatabase: false,
    machines: ['rotation'],
    grants: ['move labels', 'record promoted'],
    retriedForHours: 'always',
  },
  RecoverSecret: {
    folder: 'recover-secret',
    description: 'Reconciles the secret and the database after a rotation that was cut off',
    usesDatabase: true,
    machines: ['recovery'],
    grants: ['write', 'record proven'],
    readsAdminSecret: true,
    makesPasswords: true,
    retriedForHours: 'always',
  },
  RetireUser: {
    folder: 'retire-user',
    description: 'Takes the power from the user that a rotation has replaced',
    usesDatabase: true,
    machines: ['retirement'],
    grants: ['write', 'record dropped'],
    readsAdminSecret: true,
    makesPasswords: true,
  },
  Trigger: {
    folder: 'rotation-trigger',
    description: 'Called by Secrets Manager: starts the rotation and waits for its end',
    usesDatabase: false,
    machines: [],
    grants: ['write', 'record begun', 'list versions'],
    makesPasswords: true,
    // It waits for a whole rotation, as long as Lambda lets it.
    timeout: Duration.minutes(15),
  },
} as const satisfies Record<string, Step>;

export type StepName = keyof typeof STEPS;

/** The table's rows, in its order. */
export const stepRows = (): readonly (readonly [StepName, Step])[] =>
  Object.entries<Step>(STEPS) as [StepName, Step][];
