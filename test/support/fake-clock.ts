import type { Clock } from '../../functions/runtime/clock.ts';

/** A clock on which time passes only by sleeping, and then at once. `now` may be handed on by itself. */
export class FakeClock implements Clock {
  #now: number;
  /** Each sleep, in milliseconds. */
  readonly slept: number[] = [];

  constructor(now = 0) {
    this.#now = now;
  }

  readonly now = (): number => this.#now;

  readonly sleep = async (milliseconds: number): Promise<void> => {
    this.slept.push(milliseconds);
    this.advance(milliseconds);
  };

  /** Time that passes while no one sleeps. */
  advance(milliseconds: number): void {
    this.#now += milliseconds;
  }
}
