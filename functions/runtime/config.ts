import * as z from 'zod';

/** What the functions read from their environment. Nothing here is secret: a Lambda's environment can be read. */
const schema = z.object({
  /** Name of a PEM file beside the handler, for a database whose certificate is not Amazon's. */
  CERTIFICATE_AUTHORITY_FILE: z.string().optional(),
  /** Lambda sets it. */
  AWS_REGION: z.string().optional(),
});

/** JSON: something that the deployment names for a secret, by the secret's ARN. */
const namedForSecrets = z
  .string()
  .default('{}')
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue('is not JSON');
      return z.NEVER;
    }
  })
  .pipe(z.record(z.string(), z.string().min(1)));

/**
 * What the recovery reads. Only a deployment can write here: a tag or the secret's value would let those who may write it
 * choose whose password is reset.
 */
const recoverSecretSchema = z.object({
  /** The cluster whose primary user a secret is for. */
  RESET_THROUGH_CLUSTER: namedForSecrets,
  /** The user of a secret whose password may be set through its admin secret. */
  RESET_THROUGH_ADMIN: namedForSecrets,
});

const stateMachineArn = z.string().regex(/^arn:[^:]+:states:[^:]+:\d{12}:stateMachine:\S+$/);

/** What the trigger reads. */
const triggerSchema = z.object({
  STATE_MACHINE_ARN: stateMachineArn,
});

/** What the reporter of ends reads. */
const reportOutcomeSchema = z.object({
  RECOVERY_STATE_MACHINE_ARN: stateMachineArn,
  RETIREMENT_STATE_MACHINE_ARN: stateMachineArn,
  RUNBOOK_URL: z.string().min(1),
  OPERATORS_TOPIC_ARN: z.string().startsWith('arn:'),
});

/** What the check of credentials and locks reads. */
const checkCredentialsSchema = schema.extend({
  AWS_REGION: z.string().min(1),
  /** The dimension of what is measured for all secrets of one rotation together. */
  STATE_MACHINE_NAME: z.string().min(1),
  /** Those whose executions may have the lock of a secret, with a space between. */
  STATE_MACHINE_ARNS: z
    .string()
    .transform((text) => text.split(' '))
    .pipe(z.array(stateMachineArn)),
});

/** @throws an Error that names the variable, when the function starts and not in the middle of a rotation */
const read = <T>(config: z.ZodType<T>, environment: NodeJS.ProcessEnv): T => {
  const result = config.safeParse(environment);
  if (result.success) return result.data;
  const names = result.error.issues.map((issue) => issue.path.join('.')).join(', ');
  throw new Error(`the function's environment lacks a usable ${names}`);
};

export const databaseConfig = (environment: NodeJS.ProcessEnv = process.env) => read(schema, environment);

export const recoverSecretConfig = (environment: NodeJS.ProcessEnv = process.env) =>
  read(recoverSecretSchema, environment);

export const triggerConfig = (environment: NodeJS.ProcessEnv = process.env) =>
  read(triggerSchema, environment);

export const reportOutcomeConfig = (environment: NodeJS.ProcessEnv = process.env) =>
  read(reportOutcomeSchema, environment);

export const checkCredentialsConfig = (environment: NodeJS.ProcessEnv = process.env) =>
  read(checkCredentialsSchema, environment);
