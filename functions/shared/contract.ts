import { z } from 'zod';
import { Predecessor, Strategy } from './strategy.ts';

/**
 * What the states hand to the functions and get from them: ARNs, version ids, user names, roles and outcomes.
 * Never a password, nor a RotationToken.
 */

const secretId = z.string().min(1).max(2048);

/** Secrets Manager takes 32 to 64 characters: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html */
export const Token = z.string().min(32).max(64);

export const Role = z.object({ role: z.string(), db: z.string() });

export const StartedBy = z.enum(['secrets-manager', 'on-demand']);

export const CreateSecretInput = z.strictObject({
  secretId,
  /** The id of the pending version: Secrets Manager's, or on demand the execution's own. */
  token: Token,
  mode: z.enum(['rotate', 'rollback']),
  startedBy: StartedBy,
});
export type CreateSecretInput = z.infer<typeof CreateSecretInput>;

/** What CreateSecret decided, and what it found: all that the other steps need to go on, or back. */
export const Plan = z.object({
  outcome: z.enum(['created', 'already-there', 'already-promoted']),
  secretArn: secretId,
  secretName: z.string(),
  /** The id of the pending version. */
  token: Token,
  /** The version that is to become AWSCURRENT: the pending one, or for a rollback the AWSPREVIOUS that it is a copy of. */
  target: z.string().min(1),
  strategy: Strategy,
  adminSecret: z.string().optional(),
  predecessor: Predecessor,
  graceSeconds: z.number().int().min(0),
  /** Which versions held the labels before this rotation touched any. */
  labelsBefore: z.object({
    current: z.string(),
    previous: z.string().optional(),
    /** Only if AWSPENDING rested on the version that is AWSCURRENT. */
    pending: z.string().optional(),
  }),
  users: z.object({ current: z.string(), pending: z.string() }),
  host: z.string(),
});
export type Plan = z.infer<typeof Plan>;

/** The two steps that write a version and take the lock with it: on the way forward, and back. */
export const LockInput = z.discriminatedUnion('mode', [
  CreateSecretInput,
  z.strictObject({ mode: z.literal('way-back'), plan: Plan }),
]);
export type LockInput = z.infer<typeof LockInput>;

/** What CheckBefore saw in the database before anything changed. */
export const Before = z.object({
  /** Which of the labels logged in. */
  logsIn: z.array(z.enum(['AWSCURRENT', 'AWSPENDING', 'AWSPREVIOUS'])),
  /** The roles of the current user. */
  roles: z.array(Role),
  /** The other user of a pair, which SetSecret is going to make or change. */
  otherUser: z
    .object({
      existed: z.boolean(),
      roles: z.array(Role),
      /** Whether AWSPREVIOUS logged in as it. Otherwise it was locked. */
      previousLoggedIn: z.boolean(),
    })
    .optional(),
});
export type Before = z.infer<typeof Before>;

export const SetSecretInput = z.strictObject({ plan: Plan, before: Before });

export const TestSecretInput = z.discriminatedUnion('check', [
  /** Before anything changes: which labels log in, and what the database has. */
  z.strictObject({ check: z.literal('before'), plan: Plan }),
  /** The pending credential, on every instance. */
  z.strictObject({ check: z.literal('pending'), plan: Plan, roles: z.array(Role) }),
  /** AWSCURRENT as an application reads it, on every instance; or the version of a token, before it is in use. */
  z.strictObject({
    check: z.literal('current'),
    secretId,
    version: z.string().optional(),
    roles: z.array(Role).optional(),
  }),
]);
export type TestSecretInput = z.infer<typeof TestSecretInput>;

export const FinishSecretInput = z.strictObject({ plan: Plan });

export const RestoreCredentialInput = z.strictObject({ plan: Plan, before: Before });

/** Without a plan CreateSecret did not get to its end: only its label and AWSPENDING can have been touched. */
export const RestoreLabelsInput = z.strictObject({
  secretId,
  token: Token,
  plan: Plan.optional(),
  /** Only AWSCURRENT and AWSPREVIOUS go back; AWSPENDING holds the lock, and the record, until the user is put back. */
  keepLock: z.boolean().default(false),
});
export type RestoreLabelsInput = z.infer<typeof RestoreLabelsInput>;

const StopRotationInput = z.strictObject({
  action: z.literal('stop'),
  secretId,
  /** Only this rotation; without it, whichever holds the lock. */
  token: Token.optional(),
});
export type StopRotationInput = z.infer<typeof StopRotationInput>;

/** What is stuck, and how far a recovery may go. */
const RecoveryInput = z
  .strictObject({
    action: z.literal('recover'),
    secretId,
    /** The rotation whose remains are cleared. A lock that another one holds is left alone. */
    token: Token.optional(),
    /** Whether the labels of this project's own are taken off every version, or only off that of the token. */
    everyTicket: z.boolean().default(false),
    resetThroughAdmin: z.boolean().default(false),
    /** For the cluster's primary user: AWS sets its password. */
    resetThroughCluster: z.boolean().default(false),
  })
  .refine((input) => !(input.resetThroughAdmin && input.resetThroughCluster), {
    message: 'resetThroughAdmin and resetThroughCluster are two ways to one end; choose one',
  });
export type RecoveryInput = z.infer<typeof RecoveryInput>;

export const RecoverSecretInput = z.discriminatedUnion('action', [
  /** Before a recovery: a rotation that still runs is told to go no further. */
  StopRotationInput,
  RecoveryInput,
]);
export type RecoverSecretInput = z.infer<typeof RecoverSecretInput>;

export const RetireUserInput = z.strictObject({
  secretId,
  /** The version that was promoted. If it is no longer AWSCURRENT, nobody is retired. */
  version: z.string().min(1),
  strategy: Strategy.exclude(['single-user']),
  adminSecret: z.string().optional(),
  /** The user that the promoted one replaced. */
  predecessor: z.string().min(1),
  policy: Predecessor.exclude(['keep']),
});
export type RetireUserInput = z.infer<typeof RetireUserInput>;
