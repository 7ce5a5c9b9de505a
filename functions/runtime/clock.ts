import { setTimeout as sleep } from 'node:timers/promises';

/** Time, as a step needs it: to read again what may be an old answer. */
export interface Clock {
  /** Milliseconds since some moment. */
  now(): number;
  sleep(milliseconds: number): Promise<void>;
}

export const clock: Clock = { now: Date.now, sleep: (milliseconds) => sleep(milliseconds) };
