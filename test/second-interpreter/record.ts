import { appendFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where to keep the paths that the unit tests take, for another interpreter to take again: command.ts sets it. */
export const FOLDER_VARIABLE = 'RECORDED_PATHS';

/** What a task was asked, and came to. */
interface Reply {
  readonly state: string;
  readonly arguments: unknown;
  readonly result?: unknown;
  readonly error?: { readonly Error: string; readonly Cause?: string | null };
}

/** Keeps one execution of a machine, if the paths are to be recorded. */
export class PathRecorder {
  readonly #folder = process.env[FOLDER_VARIABLE];
  readonly #replies: Reply[] = [];
  readonly #times: number[] = [];
  #redriven = false;

  replied(reply: Reply): void {
    if (this.#folder !== undefined) this.#replies.push(structuredClone(reply));
  }

  /** What `$millis()` came to. */
  timed(time: number): number {
    if (this.#folder !== undefined) this.#times.push(time);
    return time;
  }

  /** One that was stopped and went on: no other interpreter has a redrive. */
  redriven(): void {
    this.#redriven = true;
  }

  ended(execution: {
    readonly definition: unknown;
    readonly arn: string;
    readonly startTime: string;
    readonly input: unknown;
    readonly ending: object;
  }): void {
    if (this.#folder === undefined || this.#redriven) return;
    const line = JSON.stringify({ ...execution, replies: this.#replies, times: this.#times });
    appendFileSync(join(this.#folder, `${process.pid}.jsonl`), `${line}\n`);
  }
}
