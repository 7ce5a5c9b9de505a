import { CommandError } from './command-error.ts';
import type { Context } from './context.ts';
import { confirmed, type StartOptions, startAndFollow } from './execution/start.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

export interface RecoverOptions extends StartOptions {
  readonly yes: boolean;
  readonly resetThroughAdmin: boolean;
  readonly resetThroughCluster: boolean;
}

/** Has secret and database reconciled, once someone has said so: a recovery takes the lock from the execution that has it. */
export const recover = async (
  context: Context,
  secretId: string,
  options: RecoverOptions,
): Promise<ExitCode> => {
  const { resetThroughAdmin, resetThroughCluster } = options;
  if (resetThroughAdmin && resetThroughCluster) {
    throw new CommandError(
      '--reset-through-admin and --reset-through-cluster are two ways to one end; choose one',
      EXIT.usage,
    );
  }
  const reset =
    resetThroughAdmin || resetThroughCluster ? ', and may set the password if no version logs in' : '';
  const question = `Recover ${secretId}? It takes the lock from the execution that has it${reset}.`;
  if (!(await confirmed(context, question, options.yes))) return EXIT.failed;
  const more = {
    ...(resetThroughAdmin ? { resetThroughAdmin } : {}),
    ...(resetThroughCluster ? { resetThroughCluster } : {}),
  };
  return await startAndFollow(context, secretId, 'recover', { wait: options.wait, more });
};
