import type { Clock } from '../../functions/shared/ports.ts';

/** A clock that only jumps: nothing waits. */
export class FakeClock implements Clock {
  #now = 0;

  now(): number {
    return this.#now;
  }

  async sleep(milliseconds: number): Promise<void> {
    this.#now += milliseconds;
  }
}
