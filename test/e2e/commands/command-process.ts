import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { COMMAND } from '../../../infra/build/bundle-command.ts';
import type { LocalStack } from '../../local-stack/deployment/index.ts';
import { ensurePython } from '../../local-stack/python/index.ts';

const TERMINAL = join(import.meta.dirname, 'terminal.py');

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command as people run it: the bundled file, in a process of its own, with nothing but an environment. */
export class CommandLine {
  private readonly environment: NodeJS.ProcessEnv;

  constructor(stack: LocalStack) {
    this.environment = {
      PATH: process.env.PATH,
      HOME: stack.directory,
      TERM: 'xterm-256color',
      AWS_ENDPOINT_URL: stack.awsEndpointUrl,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: stack.secretsManagerEndpointUrl,
      AWS_DEFAULT_REGION: stack.region,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    };
  }

  /** Without a terminal: in a pipe, or in a job. */
  run(...words: string[]): Promise<Ran> {
    return finished(this.start(words));
  }

  with(environment: NodeJS.ProcessEnv): { run(...words: string[]): Promise<Ran> } {
    return { run: (...words) => finished(this.start(words, environment)) };
  }

  start(words: readonly string[], environment: NodeJS.ProcessEnv = {}): ChildProcess {
    return spawn(process.execPath, [COMMAND, ...words], {
      env: { ...this.environment, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  /** In a terminal, both streams in one. @param answer what someone types when asked */
  async inTerminal(
    columns: number,
    words: readonly string[],
    { answer = '', environment = {} }: { answer?: string; environment?: NodeJS.ProcessEnv } = {},
  ): Promise<Ran> {
    const { python } = await ensurePython();
    const child = spawn(python, [TERMINAL, String(columns), process.execPath, COMMAND, ...words], {
      env: { ...this.environment, ...environment },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    child.stdin.end(answer);
    return await finished(child);
  }
}

export const finished = async (child: ChildProcess): Promise<Ran> => {
  const written = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      written[name] += text;
    });
  }
  const [status] = await once(child, 'close');
  return { status, ...written };
};
