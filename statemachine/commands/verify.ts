import type { Context } from './context.ts';
import { type StartOptions, startAndFollow } from './execution/start.ts';
import type { ExitCode } from './exit-codes.ts';

/** Proves that AWSCURRENT logs in on every instance; changes nothing. */
export const verify = (context: Context, secretId: string, options: StartOptions): Promise<ExitCode> =>
  startAndFollow(context, secretId, 'verify', options);
