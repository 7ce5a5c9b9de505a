import { describe, expect, it } from 'vitest';
import { meet } from './meeting.ts';

const MEETINGS = 200;

describe('meetings of four actors at random', { timeout: 120_000 }, () => {
  it('hold what has to hold', async () => {
    const ends = new Set<string>();
    for (let seed = 1; seed <= MEETINGS; seed++) {
      const meeting = await meet(seed, 4);
      expect([...meeting.problems, ...(meeting.problems.length > 0 ? meeting.story : [])].join('\n')).toBe(
        '',
      );
      for (const end of meeting.ends) ends.add(end);
    }
    // They come to what matters, not only to the first refusal.
    expect([...ends]).toEqual(
      expect.arrayContaining([
        'SUCCEEDED',
        'ABORTED',
        'RolledBack',
        'RotationSupersededError',
        'UnknownTokenError',
      ]),
    );
  });
});
