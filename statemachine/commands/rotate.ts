import type { Context } from './context.ts';
import { type StartOptions, startAndFollow } from './execution/start.ts';
import type { ExitCode } from './exit-codes.ts';

/** A whole rotation, on demand. */
export const rotate = (context: Context, secretId: string, options: StartOptions): Promise<ExitCode> =>
  startAndFollow(context, secretId, 'rotate', options);
