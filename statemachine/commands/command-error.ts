import { EXIT, type ExitCode } from './exit-codes.ts';

/** The command itself could not do what it was asked for. The message says what, with what value, and what to do. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode = EXIT.failed) {
    super(message);
    this.exitCode = exitCode;
  }
}
