import { setTimeout as sleep } from 'node:timers/promises';
import type { Executions } from '../../local-stack/deployment/index.ts';

const LONGEST_MS = 60_000;

/** Recoveries by the executions that they are for. Each is read once: there are hundreds. */
export class StartedRecoveries {
  readonly #recoveries: Executions;
  readonly #read = new Set<string>();
  readonly #byStopped = new Map<string, string>();

  constructor(recoveries: Executions) {
    this.#recoveries = recoveries;
  }

  /** Waits until the rule has started one, and for its end. */
  async endedFor(stopped: string): Promise<void> {
    const deadline = Date.now() + LONGEST_MS;
    for (;;) {
      const recovery = this.#byStopped.get(stopped);
      if (recovery !== undefined) {
        await this.#recoveries.waitFor(recovery, LONGEST_MS);
        return;
      }
      if (Date.now() > deadline) throw new Error(`no recovery was started for ${stopped}`);
      await this.#readNew();
      await sleep(200);
    }
  }

  async #readNew(): Promise<void> {
    for (const arn of await this.#recoveries.list()) {
      if (this.#read.has(arn)) continue;
      this.#read.add(arn);
      const { input = '{}' } = await this.#recoveries.describe(arn);
      const { executionArn } = JSON.parse(input);
      if (typeof executionArn === 'string') this.#byStopped.set(executionArn, arn);
    }
  }
}
