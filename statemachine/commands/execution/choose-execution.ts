import { MACHINES } from '../aws/deployed-rotation.ts';
import { type Execution, isInputFor, type ListedExecution } from '../aws/executions.ts';
import { describeSecret, type Secret } from '../aws/secrets.ts';
import { CommandError } from '../command-error.ts';
import type { Context, Deployed } from '../context.ts';

const IS_EXECUTION_ARN = /^arn:[^:]+:states:[^:]*:[^:]*:execution:/;

/**
 * The execution that someone means: by its ARN, its name, or the secret that it is for.
 *
 * @param prefer which of a secret's executions, the newest first
 * @throws CommandError if there is none
 */
export const chooseExecution = async (
  { clients }: Context,
  { executions }: Deployed,
  text: string,
  prefer: (listed: readonly ListedExecution[]) => ListedExecution | undefined,
): Promise<Execution> => {
  const named = IS_EXECUTION_ARN.test(text) ? await executions.find(text) : await byName(executions, text);
  if (named !== undefined) return named;
  if (IS_EXECUTION_ARN.test(text)) {
    throw new CommandError(
      `there is no execution ${text}; Step Functions keeps them for 90 days after their end`,
    );
  }
  const secret = await describeSecret(clients.secretsManager, text);
  const lists = await Promise.all(MACHINES.map((machine) => executions.list(machine)));
  const ofSecret = await executions.forSecret(secret, byStart(lists.flat()));
  const chosen = await firstFor(secret, executions, ofSecret, prefer);
  if (chosen !== undefined) return chosen;
  throw new CommandError(
    `no execution for ${secret.name} is kept; Step Functions keeps them for 90 days after their end`,
  );
};

/** Who starts an execution chooses its name, also one that looks like another secret's: only the input tells whose it is. */
const firstFor = async (
  secret: Secret,
  executions: Deployed['executions'],
  listed: readonly ListedExecution[],
  prefer: (listed: readonly ListedExecution[]) => ListedExecution | undefined,
): Promise<Execution | undefined> => {
  const chosen = prefer(listed);
  if (chosen === undefined) return undefined;
  const execution = await executions.describe(chosen.arn);
  if (isInputFor(execution.input, secret)) return execution;
  return await firstFor(
    secret,
    executions,
    listed.filter((each) => each !== chosen),
    prefer,
  );
};

/** What no name of an execution has: https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html */
const NOT_IN_NAMES = /[\s<>{}[\]?*"#%\\^|~`$&,;:/\p{Cc}]/u;

/** A name of a secret may have slashes, which that of an execution has not. */
const byName = async (executions: Deployed['executions'], name: string): Promise<Execution | undefined> =>
  name.length > 0 && name.length <= 80 && !NOT_IN_NAMES.test(name)
    ? await executions.byName(name)
    : undefined;

const byStart = (listed: readonly ListedExecution[]): ListedExecution[] =>
  listed.toSorted((one, other) => other.started.getTime() - one.started.getTime());
