import { Logger } from '@aws-lambda-powertools/logger';
import type * as z from 'zod';
import { answerBefore02 } from '../contract/before-upgrade.ts';
import { InvalidInputError, RotationError, UnexpectedError } from '../contract/errors.ts';
import type { Answer } from '../contract/findings.ts';
import { ReadinessInput } from '../contract/steps.ts';
import { isKeepActive } from './keep-active.ts';

/** What a log line says of a step, beside its outcome. */
interface Subject {
  readonly secret: string | undefined;
  readonly token: string | undefined;
}

/**
 * The frame around every step: parses what comes in, writes one log line of what came out, and lets no error
 * leave whose message was not written in this project.
 *
 * The state machine adds `execution`, its execution's ARN, to every input.
 *
 * @param answer what the step's function says to a check, where the rotation machine asks it
 */
export const stepHandler = <Input, Output>(
  step: string,
  schema: z.ZodType<Input>,
  run: (input: Input) => Promise<Output>,
  answer?: (input: ReadinessInput) => Promise<Answer>,
): ((event: unknown) => Promise<Output | Answer | undefined>) => {
  const logger = new Logger({ serviceName: 'docdb-rotation' });
  return async (event) => {
    if (isKeepActive(event)) return undefined;
    const started = performance.now();
    const input = asObject(event);
    const about = { step, execution: input.execution, ...subject(input) };
    try {
      const output =
        answer !== undefined && input.check === 'readiness'
          ? await answer(parse(step, ReadinessInput, input))
          : ((answerBefore02(step, input) as Output | undefined) ?? (await run(parse(step, schema, input))));
      logger.info(`${step} done`, { ...about, outcome: outcomeOf(output), durationMs: since(started) });
      return output;
    } catch (error) {
      const known = toRotationError(step, error);
      logger.error(`${step} failed`, {
        ...about,
        error: known.name,
        reason: known.message,
        durationMs: since(started),
      });
      throw known;
    }
  };
};

const since = (started: number): number => Math.round(performance.now() - started);

const asObject = (event: unknown): Record<string, unknown> =>
  typeof event === 'object' && event !== null ? { ...event } : {};

const subject = (input: Record<string, unknown>): Subject => {
  const plan = asObject(input.plan);
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  return {
    secret: text(plan.secretArn ?? input.secretId),
    token: text(plan.pendingVersion ?? input.token),
  };
};

const outcomeOf = (output: unknown): unknown => asObject(output).outcome;

const parse = <Input>(step: string, schema: z.ZodType<Input>, input: unknown): Input => {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const problems = result.error.issues.map(
    ({ path, message }) => `${path.join('.') || 'the input'}: ${message}`,
  );
  throw new InvalidInputError(`invalid input for ${step}: ${problems.join('; ')}`);
};

/** An error of a library may quote a connection string, a command or a value: only its kind and its place go on. */
export const toRotationError = (step: string, error: unknown): RotationError => {
  if (error instanceof RotationError) return error;
  const name = error instanceof Error ? error.name : typeof error;
  const place = error instanceof Error ? placeOf(error) : undefined;
  return new UnexpectedError(
    `${step} met an error that it does not know: ${name}${place === undefined ? '' : ` ${place}`}; please report it`,
  );
};

/** The first line of the stack, which begins with the message: that is cut off, whatever is written in it. */
const placeOf = ({ stack = '', message }: Error): string | undefined => {
  if (!stack.includes(message)) return undefined;
  const frames = stack.slice(stack.indexOf(message) + message.length);
  return frames
    .split('\n')
    .find((line) => /^\s+at /.test(line))
    ?.trim();
};
