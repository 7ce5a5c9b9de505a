import { type Context, deployedRotation } from './context.ts';
import { chooseExecution } from './execution/choose-execution.ts';
import { follow } from './execution/follow.ts';
import { showEnd } from './execution/show-end.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

/** Follows an execution: the one that is named, the newest of a secret, or the newest of all that run. */
export const watch = async (context: Context, which: string | undefined): Promise<ExitCode> => {
  const deployed = await deployedRotation(context);
  const { executions } = deployed;
  if (which !== undefined) {
    const { arn } = await chooseExecution(
      context,
      deployed,
      which,
      (listed) => listed.find(({ status }) => status === 'RUNNING') ?? listed[0],
    );
    return showEnd(context, await follow(context, executions, arn));
  }
  const [newest, ...others] = await executions.running();
  if (newest === undefined) {
    context.view.result([], () => context.view.text(`Nothing runs in the stack ${deployed.rotation.stack}.`));
    return EXIT.done;
  }
  for (const { name } of others) context.view.progress('info', `also runs: ${name}`);
  context.view.progress('info', newest.name);
  return showEnd(context, await follow(context, executions, newest.arn));
};
