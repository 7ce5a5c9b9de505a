import type { z } from 'zod';
import type { RotationService } from '../rotation-service.ts';
import type { Secret } from '../secret.ts';
import type { SecretStore } from '../secret-store.ts';
import { invalidParameter, ServiceError } from '../service-error.ts';
import type { LabelBehaviour } from '../version-labels.ts';

/** Who sends a request, as far as the stand-in can know: it does not check signatures. */
export interface Caller {
  /** From the Authorization header. */
  readonly accessKeyId?: string;
  readonly userAgent?: string;
}

/** What operations work with. */
export interface OperationContext {
  readonly store: SecretStore;
  readonly rotations: RotationService;
  readonly labels: () => LabelBehaviour;
  readonly now: () => Date;
  readonly random: (bound: number) => number;
  /** Whether a function exists, and its policy lets Secrets Manager invoke it. */
  readonly mayInvoke: (functionArn: string) => Promise<boolean>;
  /** Whether a caller without RotationToken may write the version that a rotation is making. */
  readonly isRotationFunction: (caller: Caller, secret: Secret) => boolean;
}

/** One operation of the API: all of it happens at once, so that no other request comes between. */
export type Operation = (context: OperationContext, input: unknown, caller: Caller) => object;

/** Makes an operation whose input is parsed before it runs. */
export const operation =
  <Input extends z.ZodType>(
    schema: Input,
    run: (context: OperationContext, input: z.output<Input>, caller: Caller) => object,
  ): Operation =>
  (context, input, caller) => {
    const parsed = schema.safeParse(input);
    if (!parsed.success) throw refusalOf(parsed.error);
    return run(context, parsed.data, caller);
  };

/** A name that no secret can have is told as such: https://github.com/localstack/localstack/blob/8181a8e972403fe42c6fba8b1b5c6ae60c7bcf45/tests/aws/services/secretsmanager/test_secretsmanager.snapshot.json, test_invalid_secret_name. */
const refusalOf = (error: z.ZodError): ServiceError => {
  const isName = error.issues.some(
    ({ path, code }) => code === 'invalid_format' && (path[0] === 'SecretId' || path[0] === 'Name'),
  );
  return isName
    ? new ServiceError('ValidationException', 'The name has a character that no name of a secret can have.')
    : invalidParameter(explain(error));
};

/** Names the parameters and the constraints, never the values: they may be secret. */
const explain = ({ issues }: z.ZodError): string =>
  issues.map(({ path, code }) => `The parameter ${path.join('.') || 'body'} is invalid: ${code}.`).join(' ');

/** AWS JSON 1.1 writes times as seconds since the epoch. */
export const seconds = (date: Date | undefined): number | undefined =>
  date === undefined ? undefined : date.getTime() / 1000;

/** LastAccessedDate knows the day only. */
export const startOfDay = (date: Date): Date =>
  new Date(Math.floor(date.getTime() / 86_400_000) * 86_400_000);
