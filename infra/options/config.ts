import { z } from 'zod';
import { LONGEST_USERNAME } from '../../functions/contract/limits.ts';
import { RETIREMENT_POLICIES, STRATEGIES } from '../../functions/contract/strategy.ts';
import { ConfigurationError } from './configuration-error.ts';
import { renaming } from './renamed.ts';
import { RUNBOOK } from './runbook.ts';

/** `--context key=value` on the command line gives text, cdk.json gives values. */
const json = (value: unknown): unknown => {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
};

const seconds = z.preprocess(json, z.number().int().positive());

/** The ARN of a secret, with the six characters that Secrets Manager appended to its name. */
export const SECRET_ARN = /^arn:[^:]+:secretsmanager:[^:]+:\d{12}:secret:.+-\w{6}$/;

/** The ARN of a KMS key. */
export const KEY_ARN = /^arn:[^:]+:kms:[^:]+:\d{12}:key\/.+$/;

/** A secret that exists already and is to be rotated. */
const ManagedSecret = z
  .strictObject({
    arn: z.string().regex(SECRET_ARN, 'must be the whole ARN of a secret'),
    strategy: z.enum(STRATEGIES).default('single-user'),
    /** The ARN of the secret whose user may change this one's. */
    adminSecretArn: z.string().optional(),
    /** The ARN of the KMS key that encrypts it, if that is a key of the user's own. */
    keyArn: z.string().regex(KEY_ARN, 'must be the whole ARN of a key').optional(),
    /** The same of the admin secret. */
    adminSecretKeyArn: z.string().regex(KEY_ARN, 'must be the whole ARN of a key').optional(),
    /** A rate or cron expression. */
    schedule: z.string().default('rate(30 days)'),
    rotateImmediately: z.boolean().default(false),
    retirementPolicy: z.enum(RETIREMENT_POLICIES).optional(),
    graceSeconds: z.number().int().min(0).optional(),
    /** The identifier of the cluster whose primary user's secret this is: a recovery may reset that user through it. */
    resetThroughCluster: z.string().optional(),
    /** The secret's user in the database: a recovery may set its password through the admin secret. */
    resetThroughAdmin: z.string().min(1).max(LONGEST_USERNAME).optional(),
  })
  .refine((secret) => secret.strategy !== 'alternating-users' || secret.adminSecretArn !== undefined, {
    message: 'alternating-users needs adminSecretArn',
  });

const Config = z.strictObject({
  stackName: z.string().default('docdb-rotation'),
  /** The VPC of the clusters. Without it the functions reach no cluster, unless the stack is a local one. */
  vpcId: z.string().optional(),
  /** @default - the VPC's private subnets with egress */
  subnetIds: z.preprocess(json, z.array(z.string()).min(1)).optional(),
  /** Whether interface endpoints are made; false: isolated subnets have another way to AWS. */
  vpcEndpoints: z.preprocess(json, z.boolean()).optional(),
  /** The clusters' security group, into which the functions are let. */
  clusterSecurityGroupId: z.string().optional(),
  clusterPort: z.preprocess(json, z.number().int().min(1).max(65535)).default(27017),
  secrets: z.preprocess(json, z.array(ManagedSecret)).default([]),
  /** A PEM file with the certificate authorities of the database. */
  certificateAuthorityFile: z.string().optional(),
  propagationTimeoutSeconds: seconds.default(600),
  drainSeconds: seconds.default(90),
  runbookUrl: z.string().default(RUNBOOK),
  /** CloudFormation types that the target does not have, as an emulator of AWS. */
  leaveOut: z.preprocess(json, z.array(z.string())).default([]),
});

export type Config = z.infer<typeof Config>;
export type ManagedSecret = z.infer<typeof ManagedSecret>;

/** Names each key that is called otherwise now. */
const toldByName: z.core.$ZodErrorMap = (issue) => {
  if (issue.code !== 'unrecognized_keys') return undefined;
  return issue.keys.map((key) => renaming(key) ?? `${key} is not known`).join('; ');
};

/**
 * Reads the configuration from CDK's context, where each key is prefixed by `docdb-rotation:`.
 *
 * @throws ConfigurationError that names each key which is wrong, and why
 */
export const readConfig = (context: Readonly<Record<string, unknown>>): Config => {
  const prefix = 'docdb-rotation:';
  const own = Object.entries(context).filter(([key]) => key.startsWith(prefix));
  const parsed = Config.safeParse(
    Object.fromEntries(own.map(([key, value]) => [key.slice(prefix.length), value])),
    { error: toldByName },
  );
  if (parsed.success) return parsed.data;
  throw new ConfigurationError(
    `the configuration in CDK's context (${prefix}…) is wrong:\n${z.prettifyError(parsed.error)}`,
  );
};
