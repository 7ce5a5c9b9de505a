import { describe, expect, it } from 'vitest';
import { markerOf } from '../../functions/secret/marker.ts';
import { versionIdsOf } from '../../functions/secret/version-ids.ts';
import { executionArn } from '../support/rotation-machine.ts';
import { enter, mallory } from './power/enter.ts';
import { raid } from './random-attacker/random-attacker.ts';

const RAIDS = 60;

/*
 * Moves at random of each row of rights between those of honest people. Thousands of them: node test/security/random-attacker/command.ts
 */
describe('an attacker who moves at random', { timeout: 120_000 }, () => {
  it('gets nothing, and leaves nothing that can’t be mended', async () => {
    const ends = new Set<string>();
    for (let seed = 1; seed <= RAIDS; seed++) {
      const { gains, stuck, story, ends: these } = await raid(seed);
      expect([...gains, ...stuck], story.join('\n')).toEqual([]);
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

/* What it found. */
describe('what remains:', () => {
  /*
   * Who guesses the name of the next recovery can give the lock to it, so that it takes the lock from no one, and a planted AWSPENDING is none of
   * its suspects. The next recovery mends it. Names of recoveries are made by chance, but an operator may choose one. A recovery would have to look at who
   * wrote the version of its own id, as CreateSecret does on demand.
   */
  it.fails('a planted AWSPENDING, and the lock for a recovery whose name I guess: it leaves AWSPENDING there, and rotations are refused', async () => {
    const arena = enter('single-user', ['write']);
    arena.write(mallory(arena), 'AWSPENDING');
    const next = executionArn('run-1', 'recovery');
    arena.write(markerOf(next, []), 'docdb-rotation-owner', versionIdsOf(next)[0]);
    await arena.honest.recover();
    expect((await arena.honest.rotate()).error).toBeUndefined();
  });

  it('the next recovery takes it off', async () => {
    const arena = enter('single-user', ['write']);
    arena.write(mallory(arena), 'AWSPENDING');
    const next = executionArn('run-1', 'recovery');
    arena.write(markerOf(next, []), 'docdb-rotation-owner', versionIdsOf(next)[0]);
    for (const _time of [1, 2]) await arena.honest.recover();
    expect((await arena.honest.rotate()).error).toBeUndefined();
  });
});
