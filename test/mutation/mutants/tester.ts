import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Answer, Order } from './worker.ts';

/** A run that takes longer than it may is stopped: it has tested nothing. */
const TOO_LONG: Answer = { verdict: 'did not run', failed: [] };

/** Asks a worker, one thing after the other, and ends it if an answer does not come: the next question goes to a new one. */
export class Tester {
  readonly #directory: string;
  #worker: ChildProcess | undefined;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async ask(order: Order, longestMs: number): Promise<Answer> {
    this.#worker ??= fork(join(import.meta.dirname, 'worker.ts'), [this.#directory], {
      // Whatever tests print is of no use here. A group of its own, so that its own processes end with it.
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      detached: true,
    });
    const worker = this.#worker;
    const stop = new AbortController();
    const { signal } = stop;
    worker.send(order);
    try {
      return await Promise.race([
        once(worker, 'message', { signal }).then(([answer]) => answer as Answer),
        once(worker, 'exit', { signal }).then(() => this.#kill()),
        setTimeout(longestMs, undefined, { signal }).then(() => this.#kill()),
      ]);
    } finally {
      stop.abort();
    }
  }

  #kill(): Answer {
    const { pid, exitCode } = this.#worker ?? {};
    this.#worker = undefined;
    if (pid !== undefined && exitCode === null) process.kill(-pid, 'SIGKILL');
    return TOO_LONG;
  }

  async end(): Promise<void> {
    const worker = this.#worker;
    if (worker !== undefined) {
      const ended = once(worker, 'exit');
      worker.disconnect();
      await ended;
    }
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
