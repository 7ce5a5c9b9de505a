import type { Context } from './context.ts';
import { confirmed, type StartOptions, startAndFollow } from './execution/start.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

/** Back to AWSPREVIOUS, once someone has said so. */
export const revert = async (
  context: Context,
  secretId: string,
  options: StartOptions & { readonly yes: boolean },
): Promise<ExitCode> => {
  const question = `Make AWSPREVIOUS of ${secretId} the credential again, in the database and in the secret?`;
  if (!(await confirmed(context, question, options.yes))) return EXIT.failed;
  return await startAndFollow(context, secretId, 'revert', options);
};
