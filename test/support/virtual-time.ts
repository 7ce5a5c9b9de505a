import type { Clock } from '../../functions/runtime/clock.ts';

interface Sleeper {
  readonly at: number;
  readonly order: number;
  readonly wake: () => void;
}

/** A clock on which many sleep at once: it goes on to the one who wakes next, as soon as no one has anything to do. */
export class VirtualTime implements Clock {
  #now = 0;
  #order = 0;
  readonly #sleepers: Sleeper[] = [];

  now(): number {
    return this.#now;
  }

  sleep(milliseconds: number): Promise<void> {
    return new Promise((wake) => {
      const sleeper = { at: this.#now + Math.max(0, milliseconds), order: this.#order++, wake };
      const index = this.#sleepers.findIndex(({ at }) => at > sleeper.at);
      this.#sleepers.splice(index < 0 ? this.#sleepers.length : index, 0, sleeper);
    });
  }

  /** Until no one sleeps any more. */
  async run(): Promise<void> {
    for (;;) {
      await everyoneElse();
      const next = this.#sleepers.shift();
      if (next === undefined) return;
      this.#now = next.at;
      next.wake();
    }
  }
}

/** Whatever can go on without waiting for time has done so after this: promises settle before the next turn of the loop. */
const everyoneElse = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
