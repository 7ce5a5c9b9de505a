import { describe, expect, it } from 'vitest';
import { OLDEST_ANSWER_MS, readUntil } from '../../../../functions/runtime/read-again.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

/** Answers 1, 2, 3…, and tells when it was asked. */
const counting = (clock: FakeClock) => {
  const asked: number[] = [];
  return { asked, read: async () => asked.push(clock.now()) };
};

describe('readUntil', () => {
  it('reads once where the first answer can be relied on, and does not wait', async () => {
    const clock = new FakeClock();
    const { asked, read } = counting(clock);
    expect(await readUntil(clock, read, () => true)).toBe(1);
    expect([asked, clock.slept]).toEqual([[0], []]);
  });

  it('gives the first answer that can be relied on', async () => {
    const clock = new FakeClock(5000);
    const { asked, read } = counting(clock);
    expect(await readUntil(clock, read, (answer) => answer === 3)).toBe(3);
    expect(asked).toEqual([5000, 5250, 5750]);
  });

  it('gives up after 8 seconds, with the last answer', async () => {
    const clock = new FakeClock();
    const { asked, read } = counting(clock);
    expect(await readUntil(clock, read, () => false)).toBe(asked.length);
    expect(OLDEST_ANSWER_MS).toBe(8000);
    expect(asked.at(-1)).toBe(8000);
    expect(asked.at(-2)).toBeLessThan(8000);
    expect(Math.max(...clock.slept)).toBeLessThanOrEqual(2000);
  });

  it('never gives up by one read alone, however long that took', async () => {
    const clock = new FakeClock();
    const asked: number[] = [];
    const slow = async () => {
      asked.push(clock.now());
      clock.advance(20_000);
    };
    await readUntil(clock, slow, () => false);
    expect(asked.length).toBeGreaterThan(1);
  });

  it('passes an error of a read on: the one who reads knows what to do about it', async () => {
    const clock = new FakeClock();
    const read = () => Promise.reject(new Error('throttled'));
    await expect(readUntil(clock, read, () => true)).rejects.toThrow('throttled');
  });
});
