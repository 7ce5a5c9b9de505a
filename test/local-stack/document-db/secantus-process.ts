import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const SCRIPT = join(import.meta.dirname, 'secantus-server.py');
const START_TIMEOUT_MS = 30_000;
const STOP_GRACE_MS = 8_000;
const LOG_TAIL_CHARACTERS = 2_000;

export interface SecantusOptions {
  /** A Python that has SecantusDB installed. */
  readonly python: string;
  /** Where WiredTiger keeps its files. */
  readonly storage: string;
  /** The folder around the storage is removed if this process dies without stopping SecantusDB. */
  readonly temporary: boolean;
  readonly logFile: string;
  readonly instances: number;
  readonly primaryUser: { readonly name: string; readonly password: string };
  /** Of the passwords that are set from now on; null leaves SecantusDB its own number. */
  readonly scramIterations: number | null;
}

/** A user as the storage has it, without its credentials. */
export interface StoredUser {
  readonly name: string;
  readonly roles: readonly string[];
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** SecantusDB could not start, or ended while something was asked of it. */
export class SecantusProcessError extends Error {
  override readonly name = 'SecantusProcessError';
}

/** The Python process that stores the cluster's data. It ends when this one does. */
export class SecantusProcess {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #waiting: Map<number, Waiting>;
  #lastId = 0;

  private constructor(child: ChildProcess, port: number, waiting: Map<number, Waiting>) {
    this.#child = child;
    this.port = port;
    this.#waiting = waiting;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  static async start(options: SecantusOptions): Promise<SecantusProcess> {
    const log = openSync(options.logFile, 'a');
    const child = spawn(options.python, ['-u', SCRIPT], {
      stdio: ['pipe', 'pipe', log],
      env: { PATH: process.env.PATH, LANG: 'C.UTF-8' },
    });
    closeSync(log);
    // A child that dies early closes its end of the pipe; that is told by its exit.
    child.stdin?.on('error', () => {});
    const waiting = new Map<number, Waiting>();
    const timer = setTimeout(() => child.kill('SIGKILL'), START_TIMEOUT_MS);
    const port = await listening(child, waiting, options).finally(() => clearTimeout(timer));
    return new SecantusProcess(child, port, waiting);
  }

  /** For how long an instance goes on knowing users as they were; Infinity until told otherwise. */
  async setDelay(instance: number, ms: number): Promise<void> {
    await this.#ask({ op: 'delay', instance, ms: Number.isFinite(ms) ? ms : null });
  }

  async putUser(name: string, password: string, roles: readonly string[]): Promise<void> {
    await this.#ask({ op: 'putUser', name, password, roles });
  }

  async dropUser(name: string): Promise<boolean> {
    return (await this.#ask({ op: 'dropUser', name })) === true;
  }

  async users(): Promise<readonly StoredUser[]> {
    return (await this.#ask({ op: 'users' })) as readonly StoredUser[];
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.stdin?.end('{"op":"stop"}\n');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_GRACE_MS);
    await exited;
    clearTimeout(timer);
  }

  #ask(request: Record<string, unknown>): Promise<unknown> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
      throw new SecantusProcessError('SecantusDB is not running');
    }
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.stdin?.write(`${JSON.stringify({ ...request, id })}\n`);
    });
  }
}

const listening = (child: ChildProcess, waiting: Map<number, Waiting>, options: SecantusOptions) =>
  new Promise<number>((resolve, reject) => {
    child.once('error', (cause) => reject(new SecantusProcessError('python does not start', { cause })));
    child.once('exit', (code, signal) => {
      const error = new SecantusProcessError(
        `SecantusDB ended (${signal ?? code}):\n${logTail(options.logFile)}`,
      );
      reject(error);
      for (const { reject: rejectRequest } of waiting.values()) rejectRequest(error);
      waiting.clear();
    });
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const message = parse(line);
      if (message.port !== undefined) resolve(message.port);
      if (message.id !== undefined) settle(waiting, message.id, message);
    });
    const { storage, temporary, instances, primaryUser, scramIterations } = options;
    const first = { storage, temporary, instances, primaryUser, scramIterations };
    child.stdin?.write(`${JSON.stringify(first)}\n`);
  });

interface Message {
  readonly port?: number;
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: string;
}

const parse = (line: string): Message => {
  try {
    return JSON.parse(line) as Message;
  } catch {
    // Not ours: a warning of Python's, or no Python at all, whose exit will tell.
    return {};
  }
};

const settle = (waiting: Map<number, Waiting>, id: number, { result, error }: Message): void => {
  const request = waiting.get(id);
  waiting.delete(id);
  if (error === undefined) request?.resolve(result);
  else request?.reject(new SecantusProcessError(error));
};

const logTail = (file: string): string => readFileSync(file, 'utf8').slice(-LOG_TAIL_CHARACTERS);
