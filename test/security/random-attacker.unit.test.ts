import { describe, expect, it } from 'vitest';
import { raid } from './random-attacker/random-attacker.ts';

const RAIDS = 60;

/*
 * Moves at random of each row of rights between those of honest people. Thousands of them: node test/security/random-attacker/command.ts
 */
describe('an attacker who moves at random', { timeout: 120_000 }, () => {
  it('gets nothing, and leaves nothing that can’t be mended', async () => {
    const ends = new Set<string>();
    for (let seed = 1; seed <= RAIDS; seed++) {
      const { gains, story, ends: these } = await raid(seed);
      expect(gains, story.join('\n')).toEqual([]);
      for (const end of these) ends.add(end.split(' ')[1] ?? '');
    }
    // They come to what matters, not only to the first refusal.
    expect([...ends]).toEqual(
      expect.arrayContaining([
        'SUCCEEDED',
        'RotationInProgressError',
        'UntrustedVersionError',
        'RecoveryFailed',
      ]),
    );
  });
});
