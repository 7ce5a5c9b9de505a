import * as z from 'zod';
import { LONGEST_USERNAME } from './limits.ts';
import { type Declaration, RETIREMENT_POLICIES, STRATEGIES } from './strategy.ts';

/**
 * What the states hand to the functions and get from them: ARNs, version ids, user names, roles and outcomes.
 * Never a password, nor a RotationToken.
 */

const secretId = z.string().min(1).max(2048);

/** Secrets Manager takes 32 to 64 characters: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html */
export const Token = z.string().min(32).max(64);

export const Role = z.object({ role: z.string(), db: z.string() });

/** Null where the server does not tell them: only for a single user, whose roles stay as they are. */
const ToldRoles = z.array(Role).nullable();

/** The ARN of the execution that calls: the state machine adds it to every input. Which version ids are its own follows from it. */
const execution = z.string().min(1).max(2048);

const Declared = z.object({
  secret: z.string().min(1),
  strategy: z.enum(STRATEGIES),
  adminSecret: z.string().optional(),
  retirementPolicy: z.enum(RETIREMENT_POLICIES).optional(),
  graceSeconds: z.number().optional(),
}) satisfies z.ZodType<Declaration>;

export const CreateSecretInput = z.strictObject({
  execution,
  secretId,
  mode: z.enum(['rotate', 'revert']),
  /** The version that Secrets Manager made: only where its own rotation started the execution. */
  token: Token.optional(),
  /** What the deployment says of this secret, perhaps among others. Of an execution from before an upgrade it is missing. */
  declared: z.array(Declared).optional(),
});
export type CreateSecretInput = z.infer<typeof CreateSecretInput>;

/** What CreateSecret decided, and what it found: all that the other steps need to go on, or back. */
export const Plan = z.object({
  /** `created`: no step can have used the pending value yet. `already-there`: the database may have it. */
  outcome: z.enum(['created', 'already-there']),
  secretArn: secretId,
  secretName: z.string(),
  /** The version that carries the owner label while this execution has the lock. */
  lockVersion: Token,
  /** The version that is to become AWSCURRENT: a new one, Secrets Manager's, or to go back the one with AWSPREVIOUS. */
  pendingVersion: z.string().min(1),
  strategy: z.enum(STRATEGIES),
  adminSecret: z.string().optional(),
  retirementPolicy: z.enum(RETIREMENT_POLICIES),
  graceSeconds: z.number().int().min(0),
  /** Which versions held the labels before this rotation touched any. */
  labelsBefore: z.object({
    current: z.string(),
    previous: z.string().optional(),
    /** Only if AWSPENDING was parked on the version that is AWSCURRENT. */
    pending: z.string().optional(),
  }),
  users: z.object({ current: z.string(), pending: z.string() }),
  host: z.string(),
  /** The versions that this project wrote or saw log in, before this rotation. */
  proven: z.array(z.string()),
  /** Whether no tag names the secret's user yet, or only the pair that was switched to single-user: the end of this rotation does. */
  namesUser: z.boolean().optional(),
  /** Whether the tag does not have this rotation's cluster yet: its end says it. */
  tellsCluster: z.boolean().optional(),
  /** Whether a single user is one of a pair that was switched: it stays on record as such. */
  isOfPair: z.boolean().optional(),
  /** Whether a retirement has dropped one of the name that AWSCURRENT has, and nothing on record shows that a rotation has made it again. */
  wasDropped: z.boolean().optional(),
  /**
   * Whether nothing but a login can show that AWSCURRENT's user is the secret's: of a pair no tag names it, and no rotation on record has left it as one of the two;
   * a revert finds it there for someone else than AWSPREVIOUS.
   */
  unknownCurrent: z.boolean().optional(),
  /** Whether a retirement has dropped the other user of the pair, as `wasDropped` says it of AWSCURRENT's. */
  otherWasDropped: z.boolean().optional(),
});
export type Plan = z.infer<typeof Plan>;

/** What CheckBefore saw in the database before anything changed. */
export const Before = z.object({
  /** Which of the labels logged in. */
  logsIn: z.array(z.enum(['AWSCURRENT', 'AWSPENDING', 'AWSPREVIOUS'])),
  /** The roles of the current user. */
  roles: ToldRoles,
  /** The other user of a pair, which SetSecret is going to make or change. */
  otherUser: z
    .object({
      existed: z.boolean(),
      roles: z.array(Role),
      /** Whether AWSPREVIOUS, or the version that is named here, logged in as it. Otherwise it was locked. */
      previousLoggedIn: z.boolean(),
      /** The proven version that holds it, where that is not AWSPREVIOUS: someone wrote AWSCURRENT since. */
      version: z.string().optional(),
    })
    .optional(),
  /** The other user of a pair that was switched to single-user, and the version with whose password it still logs in. */
  leftBehind: z.object({ user: z.string(), version: z.string() }).optional(),
});
export type Before = z.infer<typeof Before>;

/** What every function of the rotation is asked by a check: what would it lack in a rotation of that secret? */
export const ReadinessInput = z.strictObject({
  execution,
  check: z.literal('readiness'),
  secretId,
  /** The version that Secrets Manager made for its test of a deployment: AWSPENDING is on it. */
  token: Token.optional(),
  /** The machine's clock, in milliseconds. */
  askedAt: z.number(),
  /** What the deployment says of this secret, perhaps among others. */
  declared: z.array(Declared).optional(),
});
export type ReadinessInput = z.infer<typeof ReadinessInput>;

export const SetSecretInput = z.strictObject({ execution, plan: Plan, before: Before });

/** Of a pair: the version that is replaced, whose user has to have these roles still; null where CheckBefore did not compare the two. */
const replaced = z.string().nullable().optional();

export const TestSecretInput = z.discriminatedUnion('check', [
  /** Before anything changes: which labels log in, and what the database has. */
  z.strictObject({ execution, check: z.literal('before'), plan: Plan }),
  /** The pending credential, on every instance. */
  z.strictObject({ execution, check: z.literal('pending'), plan: Plan, roles: ToldRoles, replaced }),
  /** AWSCURRENT as an application reads it, on every instance; or the version of a token, before it is in use. */
  z.strictObject({
    execution,
    check: z.literal('current'),
    secretId,
    /** A version to test in place of AWSCURRENT. */
    version: z.string().optional(),
    /** The version that AWSCURRENT has to be. */
    promoted: z.string().optional(),
    replaced,
    roles: ToldRoles.optional(),
  }),
]);
export type TestSecretInput = z.infer<typeof TestSecretInput>;

export const FinishSecretInput = z.strictObject({
  execution,
  plan: Plan,
  /** What CheckBefore saw; missing in an execution that began before 0.2. */
  before: Before.nullable().default(null),
});

export const RestoreCredentialInput = z.strictObject({
  execution,
  plan: Plan,
  /** Null where CheckBefore did not get to its end: then the database was not touched, but perhaps by an earlier attempt. */
  before: Before.nullable(),
});

export const RestoreLabelsInput = z.strictObject({
  execution,
  plan: Plan,
  /** Whether FinishSecret may have moved AWSCURRENT. */
  promoted: z.boolean(),
  /** Only what FinishSecret did is undone; an AWSCURRENT that someone wrote meanwhile is left for later. */
  promotionOnly: z.boolean().default(false),
  /** An AWSCURRENT that someone wrote meanwhile, and that logs in: it stays. */
  currentStays: z.string().optional(),
});
export type RestoreLabelsInput = z.infer<typeof RestoreLabelsInput>;

export const ReleaseLockInput = z.strictObject({
  execution,
  secretId,
  /** Null where CreateSecret did not get to its end. */
  plan: Plan.nullable(),
  /** Only without a plan: Secrets Manager's version, where its own rotation started the execution. */
  token: Token.optional(),
  /** `promoted`: AWSPENDING is parked on AWSCURRENT. Otherwise it goes back to where it was. */
  ended: z.enum(['promoted', 'restored']),
  /** What CheckBefore saw; null if it did not get to its end. */
  before: Before.nullable(),
  /** Whether a change that was repeated may still come, so that nothing is done yet. */
  keepLock: z.boolean().optional(),
});
export type ReleaseLockInput = z.infer<typeof ReleaseLockInput>;

const TakeOverInput = z.strictObject({
  action: z.literal('take-lock'),
  execution,
  secretId,
  /** The executions that ended without releasing it, the latest first; without any, the execution that has the lock loses it. */
  stopped: z.array(z.string()).optional(),
  /** Secrets Manager's version, where the first of them was started by its rotation. */
  token: Token.optional(),
});
export type TakeOverInput = z.infer<typeof TakeOverInput>;

/** What is stuck, and how far a recovery may go. */
const ReconcileInput = z
  .strictObject({
    action: z.literal('reconcile'),
    execution,
    secretId,
    lockVersion: Token,
    /** Versions whose password the database may have. */
    suspects: z.array(z.string()),
    resetThroughAdmin: z.boolean().default(false),
    /** For the cluster's primary user: AWS sets its password. */
    resetThroughCluster: z.boolean().default(false),
  })
  .refine((input) => !(input.resetThroughAdmin && input.resetThroughCluster), {
    message: 'resetThroughAdmin and resetThroughCluster are two ways to one end; choose one',
  });
export type ReconcileInput = z.infer<typeof ReconcileInput>;

const FinishRecoveryInput = z.strictObject({
  action: z.literal('release-lock'),
  execution,
  secretId,
  lockVersion: Token,
});
export type FinishRecoveryInput = z.infer<typeof FinishRecoveryInput>;

export const RecoverSecretInput = z.discriminatedUnion('action', [
  TakeOverInput,
  ReconcileInput,
  FinishRecoveryInput,
]);
export type RecoverSecretInput = z.infer<typeof RecoverSecretInput>;

export const RetireUserInput = z.strictObject({
  execution,
  secretId,
  /** The version that was promoted. If it is no longer AWSCURRENT, no user is retired. */
  version: z.string().min(1),
  strategy: z.enum(STRATEGIES).exclude(['single-user']),
  /** Not used any more: the secret's tag names it. Who may start an execution would choose it here. */
  adminSecret: z.string().max(2048).optional(),
  /** The user that the promoted one replaced. */
  predecessor: z.string().min(1).max(LONGEST_USERNAME),
  policy: z.enum(RETIREMENT_POLICIES).exclude(['keep']),
});
export type RetireUserInput = z.infer<typeof RetireUserInput>;
