#!/usr/bin/env node
// First: packages look at the environment when they are loaded.
import './terminal/environment.ts';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { CommanderError } from 'commander';
import { makeClients } from './aws/clients.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { type GlobalOptions, makeProgram } from './program.ts';
import { View } from './terminal/view.ts';
import { toCommandError, toUsageError } from './to-command-error.ts';

const { stdin, stdout, stderr } = process;
let view = new View({ stdin, stdout, stderr }, false, process.env);
let sayOnInterrupt = (): void => {};

process.once('SIGINT', () => {
  view.end();
  sayOnInterrupt();
  process.exit(EXIT.interrupted);
});

const makeContext = ({ json, stack, rotation, ...aws }: GlobalOptions) => {
  view = new View({ stdin, stdout, stderr }, json, process.env);
  return {
    clients: makeClients(aws, process.env),
    view,
    stack: { stack, ...(rotation === undefined ? {} : { rotation }) },
    aws,
    // npx finds the command where no shell does.
    program: process.env.npm_command === 'exec' ? ['npx', 'docdb-rotation'] : ['docdb-rotation'],
    now: () => new Date(),
    random: () => randomBytes(2).toString('hex'),
    sleep: async (ms: number) => await sleep(ms),
    onInterrupt: (say: () => void) => {
      sayOnInterrupt = say;
    },
  };
};

const exit = (code: ExitCode): void => {
  process.exitCode = code;
};

// `docdb-rotation list | head` is no error.
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.done);
  throw error;
});

try {
  const program = makeProgram(makeContext, exit);
  for (const command of [program, ...program.commands]) command.exitOverride();
  await program.parseAsync();
} catch (error) {
  // It has said what is wrong itself, to people.
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage;
    if (process.exitCode === EXIT.usage && process.argv.includes('--json'))
      view.errorJson(toUsageError(error));
  } else {
    const told = toCommandError(error);
    view.error(told);
    process.exitCode = told.exitCode;
  }
}
