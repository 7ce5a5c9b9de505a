import { existsSync, readFileSync } from 'node:fs';
import { type Message, SecantusServer } from './secantus-server.ts';

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
  readonly #server: SecantusServer;
  readonly #cluster: number;
  readonly #waiting = new Map<number, Waiting>();
  readonly #started = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();
  readonly #logFile: string;
  #isRunning = true;
  #port = 0;
  #pid = 0;
  #lastId = 0;

  private constructor({ python, ...first }: SecantusOptions) {
    this.#logFile = first.logFile;
    this.#server = SecantusServer.of(python);
    this.#cluster = this.#server.start(
      { ...first },
      { heard: (message) => this.#heard(message), ended: (why) => this.#end(why) },
    );
  }

  get port(): number {
    return this.#port;
  }

  get pid(): number {
    return this.#pid;
  }

  static async start(options: SecantusOptions): Promise<SecantusProcess> {
    const secantus = new SecantusProcess(options);
    const timer = setTimeout(() => secantus.#server.kill(), START_TIMEOUT_MS);
    await secantus.#started.promise.finally(() => clearTimeout(timer));
    return secantus;
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
    if (!this.#isRunning) return;
    this.#server.tell(this.#cluster, { op: 'stop' });
    const timer = setTimeout(() => process.kill(this.#pid, 'SIGKILL'), STOP_GRACE_MS);
    await this.#ended.promise;
    clearTimeout(timer);
  }

  #ask(request: Record<string, unknown>): Promise<unknown> {
    if (!this.#isRunning) throw new SecantusProcessError('SecantusDB is not running');
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#server.tell(this.#cluster, { ...request, id });
    });
  }

  #heard({ port, pid, id, result, error }: Message): void {
    if (port !== undefined && pid !== undefined) {
      this.#port = port;
      this.#pid = pid;
      this.#started.resolve();
    }
    if (id === undefined) return;
    const request = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) request?.resolve(result);
    else request?.reject(new SecantusProcessError(error));
  }

  #end(why: string): void {
    const error = new SecantusProcessError(`SecantusDB ended (${why}):\n${logTail(this.#logFile)}`);
    this.#isRunning = false;
    this.#started.reject(error);
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
    this.#ended.resolve();
  }
}

const logTail = (file: string): string =>
  existsSync(file) ? readFileSync(file, 'utf8').slice(-LOG_TAIL_CHARACTERS) : '';
