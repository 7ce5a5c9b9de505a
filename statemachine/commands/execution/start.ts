import { consoleLink } from '../../../functions/runtime/console-link.ts';
import { describeSecret, type Secret } from '../aws/secrets.ts';
import { CommandError } from '../command-error.ts';
import { type Context, type Deployed, deployedRotation } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { executionName, type Mode } from './execution-name.ts';
import { type Followed, follow } from './follow.ts';
import { showEnd } from './show-end.ts';

export interface StartOptions {
  /** Whether to follow it to its end. */
  readonly wait: boolean;
}

/** Starts an execution for a secret, and follows it to its end. */
export const startAndFollow = async (
  context: Context,
  secretId: string,
  mode: Mode,
  { wait, more = {} }: StartOptions & { readonly more?: object },
): Promise<ExitCode> => {
  const { arn, followed } = await startFor(context, secretId, mode, more);
  if (wait) return showEnd(context, await followed());
  context.view.result({ execution: arn, console: consoleLink(arn) }, () => context.view.raw(`${arn}\n`));
  return EXIT.done;
};

/** An execution that was started. */
export interface Started {
  readonly arn: string;
  readonly secret: Secret;
  readonly deployed: Deployed;
  readonly followed: () => Promise<Followed>;
}

export const startFor = async (
  context: Context,
  secretId: string,
  mode: Mode,
  more: object = {},
): Promise<Started> => {
  const deployed = await deployedRotation(context);
  const secret = await describeSecret(context.clients.secretsManager, secretId);
  const name = executionName(secret.arn, mode, context.now(), context.random());
  const input = {
    secretId: secret.arn,
    ...(mode === 'recover' || mode === 'rotate' ? {} : { mode }),
    ...more,
  };
  const arn = await deployed.executions.start(mode === 'recover' ? 'recovery' : 'rotation', name, input);
  context.view.progress('info', name);
  return { arn, secret, deployed, followed: () => follow(context, deployed.executions, arn) };
};

/** @throws CommandError where no one can be asked; what is asked for is then said on the command line */
export const confirmed = async ({ view }: Context, question: string, yes: boolean): Promise<boolean> => {
  if (yes) return true;
  if (view.canAsk) return await view.confirm(question);
  throw new CommandError('there is no terminal to ask on; add --yes if you are sure', EXIT.usage);
};
