import { MACHINES } from '../aws/deployed-rotation.ts';
import type { Execution, ListedExecution } from '../aws/executions.ts';
import { describeSecret } from '../aws/secrets.ts';
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
  const chosen = prefer(ofSecret);
  if (chosen !== undefined) return await executions.describe(chosen.arn);
  throw new CommandError(
    `no execution for ${secret.name} is kept; Step Functions keeps them for 90 days after their end`,
  );
};

/** A name of a secret may have slashes, which that of an execution has not. */
const byName = async (executions: Deployed['executions'], name: string): Promise<Execution | undefined> =>
  /^[\w.-]{1,80}$/.test(name) ? await executions.byName(name) : undefined;

const byStart = (listed: readonly ListedExecution[]): ListedExecution[] =>
  listed.toSorted((one, other) => other.started.getTime() - one.started.getTime());
