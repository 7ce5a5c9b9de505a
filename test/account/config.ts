import { z } from 'zod';
import { DEFAULT_NAME } from './names.ts';

/** The one context key of the kit's app. */
export const KIT_CONTEXT = 'docdb-rotation:conformance';

const Arn = z.string().startsWith('arn:');

/** A cluster that is there already, as the local stack has it. */
const ExistingCluster = z.strictObject({
  adminSecretArn: Arn,
  /** By the ids of the secrets. */
  secretArns: z.record(z.string(), Arn),
  certificateAuthorityFile: z.string(),
});

/** What the kit's app is made with. */
const KitConfig = z.strictObject({
  name: z
    .string()
    .regex(/^[a-zA-Z][a-zA-Z0-9-]{0,60}$/)
    .default(DEFAULT_NAME),
  engineVersion: z.string().default('5.0.0'),
  existing: ExistingCluster.optional(),
  propagationTimeoutSeconds: z.number().default(120),
  drainSeconds: z.number().default(90),
  /** Types of CloudFormation that the local stack does not know. */
  leaveOut: z.array(z.string()).default([]),
});

export type KitConfig = z.output<typeof KitConfig>;

/** @param context JSON, as the CDK's command line passes it, or what it is */
export const readKitConfig = (context: unknown): KitConfig =>
  KitConfig.parse(typeof context === 'string' ? JSON.parse(context) : context);
