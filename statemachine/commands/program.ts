import { Command, Option } from 'commander';
import type { AwsOptions } from './aws/clients.ts';
import { DEFAULT_STACK, type StackOptions } from './aws/deployed-rotation.ts';
import { check } from './check.ts';
import type { Context } from './context.ts';
import type { ExitCode } from './exit-codes.ts';
import { explain } from './explain.ts';
import { graph } from './graph.ts';
import { list } from './list.ts';
import { packageVersion } from './package-files.ts';
import { recover } from './recover.ts';
import { report } from './report.ts';
import { revert } from './revert.ts';
import { rotate } from './rotate.ts';
import { status } from './status.ts';
import { verify } from './verify.ts';
import { watch } from './watch.ts';

export interface GlobalOptions extends AwsOptions, StackOptions {
  readonly json: boolean;
}

/** Makes what a verb needs from the options that all verbs have. */
export type MakeContext = (options: GlobalOptions) => Context;

/** The command line: which verbs there are, and what each takes. */
export const makeProgram = (makeContext: MakeContext, exit: (code: ExitCode) => void): Command => {
  const program = new Command('docdb-rotation')
    .description(
      'Rotates DocumentDB credentials kept in Secrets Manager: what is there, what runs, and what went wrong.',
    )
    .version(packageVersion())
    .option('--profile <name>', 'profile of the AWS CLI (AWS_PROFILE)')
    .option('--region <region>', 'Region (AWS_REGION, AWS_DEFAULT_REGION, the profile)')
    .option('--endpoint-url <url>', 'where AWS answers, for emulators (AWS_ENDPOINT_URL)')
    .addOption(
      new Option('--stack <name>', 'CloudFormation stack of the rotation')
        .env('DOCDB_ROTATION_STACK')
        .default(DEFAULT_STACK),
    )
    .option('--rotation <id>', 'id of the construct, where the stack has several')
    .option('--json', 'one JSON value on standard output', false)
    .showHelpAfterError('(--help lists what there is)')
    .helpCommand(false)
    .addHelpText('after', EXIT_CODES);
  const context = (command: Command): Context => makeContext(command.optsWithGlobals());
  const verb = (name: string, description: string): Command => {
    const command = program.command(name).description(description);
    return command.configureHelp({ showGlobalOptions: false });
  };
  const starting = (name: string, description: string): Command =>
    verb(name, description)
      .argument('<secret>', 'name or ARN')
      .option('--no-wait', 'start it, print its ARN and end');

  verb('list', 'every managed secret: how it is rotated, when it was and will be, what is wrong')
    .option('--every-stack', 'of all stacks of the account in the Region', false)
    .action(async (options, command: Command) => exit(await list(context(command), options)));
  verb('status', 'one secret: labels, who logs in, users, what runs; starts a verification')
    .argument('<secret>', 'name or ARN')
    .option('--no-verify', 'start nothing')
    .option(
      '--every-version',
      'try AWSPREVIOUS and AWSPENDING too, which takes half a minute if refused',
      false,
    )
    .action(async (secret: string, options, command: Command) =>
      exit(await status(context(command), secret, options)),
    );
  starting('check', 'says what the next rotation would fail by, and what to do; changes nothing').action(
    async (secret: string, options, command: Command) => exit(await check(context(command), secret, options)),
  );
  starting('rotate', 'a whole rotation').action(async (secret: string, options, command: Command) =>
    exit(await rotate(context(command), secret, options)),
  );
  starting('verify', 'proves that AWSCURRENT logs in on every instance; changes nothing').action(
    async (secret: string, options, command: Command) =>
      exit(await verify(context(command), secret, options)),
  );
  starting('revert', 'makes AWSPREVIOUS the credential again')
    .option('-y, --yes', 'do not ask', false)
    .action(async (secret: string, options, command: Command) =>
      exit(await revert(context(command), secret, options)),
    );
  starting('recover', 'reconciles secret and database after something was cut off or is stuck')
    .option('-y, --yes', 'do not ask', false)
    .option('--reset-through-admin', 'set the password through the admin secret if no version logs in', false)
    .option('--reset-through-cluster', 'have the cluster set the password of its primary user', false)
    .action(async (secret: string, options, command: Command) =>
      exit(await recover(context(command), secret, options)),
    );
  verb('watch', 'follows an execution to its end')
    .argument('[execution|secret]', 'ARN or name; by default the newest that runs')
    .action(async (which: string | undefined, _options, command: Command) =>
      exit(await watch(context(command), which)),
    );
  verb('explain', 'what failed, what the world is like now, what to do')
    .argument('<execution|secret>', 'ARN or name of an execution, or a secret: its newest that failed')
    .action(async (which: string, _options, command: Command) =>
      exit(await explain(context(command), which)),
    );
  verb('report', 'what was rotated when, for auditors')
    .option('--days <number>', 'how far back; Step Functions keeps 90 days', '90')
    .addOption(new Option('--format <format>', 'csv or json').choices(['csv', 'json']).default('csv'))
    .action(async (options, command: Command) => exit(await report(context(command), options)));
  verb('graph', 'a state machine as a flowchart in Mermaid; with --json its definition')
    .argument('[machine]', 'rotation, recovery or retirement', 'rotation')
    .action((machine: string, _options, command: Command) => exit(graph(context(command), machine)));
  return program;
};

const EXIT_CODES = `
Exit status: 0 done; 1 the command could not do it; 2 wrong options;
3 it failed, and the credential is what it was; 4 AWSCURRENT may not log in;
130 Ctrl-C, and what was started goes on.`;
