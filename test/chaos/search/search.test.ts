import { afterAll, describe, expect, it } from 'vitest';
import { holderOf, OWNER, PENDING } from '../../../functions/secret/labels.ts';
import { type Decisions, ofTheProduct, remembered } from './decisions.ts';
import { type Cast, explore, type Found } from './explore.ts';
import { wander } from './wander.ts';

/*
 * Every order in which the calls of three actors may come, with stops, failing checks, late changes and people, by the product's
 * own decisions. README.md says what it does not cover.
 */

let states = 0;
afterAll(() => console.info(`the search saw ${states} states`));

const product = await ofTheProduct();

const search = (cast: Cast, broken: Partial<Decisions> = {}): Found => {
  const found = explore(cast, remembered({ ...product, ...broken }));
  states += found.states;
  return found;
};

const storyOf = ({ violation }: Found): string | undefined =>
  violation && [violation.problem, ...violation.story].join('\n');

/** Attempts of Secrets Manager have the same token; a copy has its input. Recoveries are those that the rule starts. */
const CASTS: readonly (readonly [string, Cast])[] = [
  ['a rotation, stopped', { actors: ['rotation'], recoveries: 2, stops: 2, fails: 1, lates: 1 }],
  ['two rotations, stopped twice', { actors: ['rotation', 'rotation'], recoveries: 2, stops: 2, fails: 1 }],
  [
    'two rotations and a late change',
    { actors: ['rotation', 'rotation'], recoveries: 1, stops: 1, fails: 1, lates: 1 },
  ],
  [
    'a rotation and two recoveries by hand',
    { actors: ['rotation', 'by hand', 'by hand'], fails: 1, lates: 1 },
  ],
  [
    'a rotation and a recovery by hand, stopped',
    { actors: ['rotation', 'by hand'], recoveries: 2, stops: 1, fails: 1 },
  ],
  [
    'two rotations and a recovery by hand',
    { actors: ['rotation', 'rotation', 'by hand'], recoveries: 1, fails: 1 },
  ],
  [
    'a token tried twice, stopped three times',
    { actors: ['attempt', 'attempt'], recoveries: 3, stops: 3, fails: 1 },
  ],
  [
    'a token tried twice, and a copy',
    { actors: ['attempt', 'attempt', 'copy'], recoveries: 2, stops: 2, fails: 1 },
  ],
  [
    'a token tried twice, and a rotation',
    { actors: ['attempt', 'attempt', 'rotation'], recoveries: 1, stops: 1, fails: 1 },
  ],
  [
    'a token tried twice, and a recovery by hand',
    { actors: ['attempt', 'attempt', 'by hand'], recoveries: 2, stops: 1, fails: 1 },
  ],
  [
    'four: a token tried twice, a copy, a rotation',
    { actors: ['attempt', 'attempt', 'copy', 'rotation'], recoveries: 1, stops: 1 },
  ],
  [
    'four: a token tried twice, a copy, by hand',
    { actors: ['attempt', 'attempt', 'copy', 'by hand'], recoveries: 2, stops: 2 },
  ],
  ['labels taken off beside a rotation', { actors: ['rotation'], recoveries: 1, fails: 1, acts: 'op' }],
  ['the owner label taken off beside two', { actors: ['rotation', 'rotation'], recoveries: 2, acts: 'o' }],
  [
    'AWSPENDING taken off beside a recovery',
    { actors: ['rotation', 'by hand'], recoveries: 1, fails: 1, acts: 'p' },
  ],
  ['labels taken off a token', { actors: ['attempt', 'attempt'], recoveries: 2, acts: 'op' }],
  [
    'AWSPENDING taken off, and a stop',
    { actors: ['attempt', 'attempt'], recoveries: 2, stops: 1, fails: 1, acts: 'p' },
  ],
  [
    'a value written that logs in',
    { actors: ['rotation', 'by hand'], recoveries: 1, stops: 1, fails: 1, acts: 'g' },
  ],
  [
    'a value written that does not log in',
    { actors: ['rotation', 'by hand'], recoveries: 1, stops: 1, fails: 1, acts: 'b' },
  ],
];

describe('every order of', { timeout: 120_000 }, () => {
  it.each(CASTS)('%s: holds what has to hold', (_name, cast) => {
    const found = search(cast);
    expect(storyOf(found)).toBeUndefined();
    expect(found.ends).toBeGreaterThan(0);
  });
});

/** What the lock was before: it belonged to the token, so that the one who has the input has the lock. */
const BY_TOKEN: Partial<Decisions> = {
  mayJoin: (secret) => holderOf(secret, OWNER) !== undefined,
};

const THREE: Cast = { actors: ['attempt', 'attempt', 'copy'], recoveries: 2, stops: 2, fails: 1 };
const STOPPED: Cast = { actors: ['rotation'], recoveries: 2, stops: 2, fails: 1, lates: 1 };

/** A broken decision, and a cast in which that shows. */
const BROKEN: readonly (readonly [string, Partial<Decisions>, Cast])[] = [
  ['the lock belongs to a token, and a copy of an input has it too', BY_TOKEN, THREE],
  ['a recovery does not wait for the drain', { waitsForDrain: false }, STOPPED],
  [
    'a recovery that is stopped is not recovered',
    { startsRecovery: ({ input }) => input.executionArn === undefined },
    STOPPED,
  ],
  [
    'what was superseded is not recovered',
    { startsRecovery: ({ status }) => status === 'ABORTED' },
    { actors: ['rotation'], recoveries: 1, acts: 'o' },
  ],
  [
    'a recovery takes the lock from any execution',
    { mayTakeFrom: () => true, isOwner: () => true },
    { actors: ['rotation', 'rotation'], recoveries: 1, stops: 1 },
  ],
  [
    'a recovery leaves all to another execution at the first look',
    { looksAgainForOthers: false },
    { actors: ['rotation', 'rotation'], recoveries: 1, stops: 1, fails: 1 },
  ],
  [
    'a step does not look whether it has the lock still',
    { isOwner: () => true },
    { actors: ['rotation', 'by hand'], recoveries: 1, fails: 1 },
  ],
  ['compensation does not look again after the drain', { looksAgain: false }, STOPPED],
  [
    'the version that is AWSCURRENT is no suspect',
    {
      suspectsIn: (secret, holder, input) =>
        product
          .suspectsIn(secret, holder, input)
          .filter((id) => !secret.versions[id]?.includes('AWSCURRENT')),
    },
    STOPPED,
  ],
  [
    'a recovery knows only AWSPENDING',
    { suspectsIn: (secret) => [holderOf(secret, PENDING)].filter((id) => id !== undefined) },
    { actors: ['rotation'], recoveries: 1, acts: 'op' },
  ],
  ['a recovery leaves AWSPENDING where it is', { isStuck: () => false }, STOPPED],
  [
    'a recovery forgets the version that Secrets Manager tries again',
    { stillProven: (_secret, version) => [version] },
    { actors: ['attempt', 'attempt'], recoveries: 1, stops: 1 },
  ],
  [
    'AWSCURRENT as it was is not made to log in',
    { wasGood: () => false },
    { actors: ['rotation'], fails: 1 },
  ],
];

describe('the search finds a violation where', { timeout: 120_000 }, () => {
  it.each(BROKEN)('%s', (_what, broken, cast) => {
    expect(search(cast).violation).toBeUndefined();
    expect(search(cast, broken).violation).toBeDefined();
  });
});

/** Too many for every order: some of them, the same for the same seed. */
describe('random orders of', { timeout: 120_000 }, () => {
  const LARGE: readonly Cast[] = [
    { actors: ['attempt', 'attempt', 'attempt', 'rotation'], recoveries: 2, stops: 2, lates: 1, fails: 2 },
    { actors: ['rotation', 'rotation', 'by hand', 'by hand'], recoveries: 2, stops: 2, lates: 1, fails: 2 },
    {
      actors: ['attempt', 'attempt', 'copy', 'by hand'],
      recoveries: 2,
      stops: 2,
      lates: 2,
      fails: 1,
      acts: 'p',
    },
    { actors: ['rotation', 'rotation', 'rotation'], recoveries: 3, stops: 3, lates: 1, fails: 1, acts: 'g' },
  ];

  it.each(LARGE)('$actors', (cast) => {
    const found = wander(cast, remembered(product), { runs: 4000, seed: 1 });
    expect(found && [found.problem, ...found.story].join('\n')).toBeUndefined();
  });
});
