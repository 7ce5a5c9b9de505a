import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const SCRIPT = join(import.meta.dirname, 'secantus-server.py');
const TAIL_CHARACTERS = 2_000;

/** What comes from the process of a cluster. */
export interface Message {
  readonly port?: number;
  readonly pid?: number;
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** One cluster, as its server knows it. */
export interface Hearer {
  heard(message: Message): void;
  /** @param why what ended: the process of the cluster, or all of it */
  ended(why: string): void;
}

/** The Python process from which those of the clusters are forked: one in this process, for each Python. It ends when this one does. */
export class SecantusServer {
  static readonly #up = new Map<string, SecantusServer>();
  readonly #child: ChildProcess;
  readonly #clusters = new Map<number, Hearer>();
  #last = 0;
  #tail = '';

  private constructor(python: string) {
    this.#child = spawn(python, ['-u', SCRIPT], {
      stdio: 'pipe',
      env: { PATH: process.env.PATH, LANG: 'C.UTF-8' },
    });
    const { stdin, stdout, stderr } = this.#child;
    // A child that dies early closes its end of the pipe; that is told by its exit.
    stdin?.on('error', () => {});
    stderr?.on('data', (text) => {
      this.#tail = `${this.#tail}${text}`.slice(-TAIL_CHARACTERS);
    });
    if (stdout) createInterface({ input: stdout }).on('line', (line) => this.#heard(line));
    this.#child.once('error', (error) => this.#ended(error.message));
    this.#child.once('close', (code, signal) => this.#ended(`${signal ?? code}`));
    this.#keepAwake(false);
  }

  static of(python: string): SecantusServer {
    const server = SecantusServer.#up.get(python) ?? new SecantusServer(python);
    SecantusServer.#up.set(python, server);
    return server;
  }

  /** @returns the number by which the cluster is told something from now on */
  start(first: Readonly<Record<string, unknown>>, hearer: Hearer): number {
    this.#last += 1;
    this.#clusters.set(this.#last, hearer);
    this.#keepAwake(true);
    this.tell(this.#last, { start: first });
    return this.#last;
  }

  tell(cluster: number, request: Readonly<Record<string, unknown>>): void {
    this.#child.stdin?.write(`${JSON.stringify({ ...request, cluster })}\n`);
  }

  /** Ends all clusters. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #heard(line: string): void {
    const message = parse(line);
    const hearer = this.#clusters.get(message?.cluster ?? 0);
    if (message === undefined || hearer === undefined) return;
    if (message.ended === undefined) {
      hearer.heard(message);
      return;
    }
    this.#forget(message.cluster);
    hearer.ended(String(message.ended));
  }

  #ended(how: string): void {
    for (const [python, server] of SecantusServer.#up) if (server === this) SecantusServer.#up.delete(python);
    for (const [cluster, hearer] of this.#clusters) {
      this.#forget(cluster);
      hearer.ended(`${how}: ${this.#tail}`);
    }
  }

  #forget(cluster: number): void {
    this.#clusters.delete(cluster);
    this.#keepAwake(this.#clusters.size > 0);
  }

  /** Whether this process goes on while it waits for what comes from there. */
  #keepAwake(awake: boolean): void {
    const { stdin, stdout, stderr } = this.#child;
    for (const one of [this.#child, stdin, stdout, stderr] as (ChildProcess | Socket | null)[]) {
      if (awake) one?.ref();
      else one?.unref();
    }
  }
}

const parse = (line: string): (Message & { cluster: number; ended?: number }) | undefined => {
  try {
    return JSON.parse(line);
  } catch {
    // Not ours: a warning of Python's, or no Python at all, whose exit will tell.
    return undefined;
  }
};
