import { type ChildProcess, fork } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import type { PoolOptions, PoolWorker, WorkerRequest } from 'vitest/node';

/**
 * After as many runs the tests get a new process, so that what they leave behind does not pile up: vitest's side of it adds a listener
 * with each run.
 */
const LONGEST_RUNS = 20;

/**
 * The process in which tests run, for many runs. Half of what a run costs is to start one and to load the packages that the tests use.
 * The project's own modules are loaded anew for each file of tests, as vitest does where it isolates them.
 */
export class LastingProcess {
  #process: ChildProcess | undefined;
  #runs = 0;
  readonly #changed = new Set<string>();

  /** What vitest takes for a process of its own. */
  lend(options: PoolOptions): PoolWorker {
    return new Loan(this.#freshEnough(options), () => this.#changedSinceLastRun());
  }

  /** To be told before the next run: what a process has read of a file it reads no more. */
  fileChanged(path: string): void {
    this.#changed.add(path);
  }

  #changedSinceLastRun(): string[] {
    const changed = [...this.#changed];
    this.#changed.clear();
    return changed;
  }

  #freshEnough({ distPath, env, execArgv }: PoolOptions): ChildProcess {
    if (this.#runs === LONGEST_RUNS || hasEnded(this.#process)) this.end();
    this.#runs += 1;
    this.#process ??= fork(join(distPath, 'workers', 'forks.js'), [], {
      env: { ...env },
      execArgv,
      serialization: 'advanced',
      // Whatever tests print is of no use here; that there are more listeners than usual is meant.
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    return this.#process;
  }

  end(): void {
    this.#process?.kill('SIGKILL');
    this.#process = undefined;
    this.#runs = 0;
  }
}

/** A test can end the process in which it runs. */
const hasEnded = (process: ChildProcess | undefined): boolean =>
  process !== undefined && (process.exitCode !== null || process.signalCode !== null);

/** The process for one file of tests: vitest is told that it has stopped, and has not. */
class Loan implements PoolWorker {
  readonly name = 'lasting';
  readonly cacheFs = true;
  readonly #process: ChildProcess;
  readonly #changedFiles: () => string[];
  readonly #events = new EventEmitter();
  readonly #passOn = ['message', 'error', 'exit'].map(
    (event) => [event, (told: unknown) => this.#events.emit(event, told)] as const,
  );

  constructor(process: ChildProcess, changedFiles: () => string[]) {
    this.#process = process;
    this.#changedFiles = changedFiles;
  }

  on(event: string, callback: (told: unknown) => void): void {
    this.#events.on(event, callback);
  }

  off(event: string, callback: (told: unknown) => void): void {
    this.#events.off(event, callback);
  }

  send(message: WorkerRequest): void {
    if (message.type === 'stop') {
      this.#events.emit('message', { __vitest_worker_response__: true, type: 'stopped' });
    } else if (message.type === 'run') {
      const context = { ...message.context, invalidates: this.#changedFiles() };
      this.#process.send({ ...message, context });
    } else {
      this.#process.send(message);
    }
  }

  deserialize(data: unknown): unknown {
    return data;
  }

  async start(): Promise<void> {
    for (const [event, listener] of this.#passOn) this.#process.on(event, listener);
  }

  async stop(): Promise<void> {
    for (const [event, listener] of this.#passOn) this.#process.off(event, listener);
  }
}
