import { describe, expect, it } from 'vitest';
import { ACTS } from './acts.ts';
import { InMemoryPerson } from './in-memory-person.ts';
import { outcomeOf, says } from './outcome.ts';
import { page, written } from './page.ts';
import { SHAPES } from './shapes.ts';

/*
 * What people have in their secrets, and what they do by hand. The same rows are tried on the deployed stack, by
 * people-on-the-stack.test.ts, and are a page of the documents.
 */

/** What no one has to wait for comes within that time, counted by the clock of the machine and of its functions. */
const SOON_MS = 10_000;

describe('a secret that has', () => {
  it.each(SHAPES)('$name: $ends', async (shape) => {
    const person = await InMemoryPerson.at({ rotations: 1, ...shape.place });
    const text = person.text();
    const before = { text, keys: JSON.parse(text) };
    person.write(shape.make(before));
    const began = person.clock.now();

    const end = await person.rotate();

    expect(outcomeOf(end), end.cause).toBe(shape.ends);
    expect(person.clock.now() - began).toBeLessThan(SOON_MS);
    if (shape.ends !== 'rotated') return expect(end.cause).toMatch(says(shape.says));
    expect(person.problems()).toEqual([]);
    const after = JSON.parse(person.text());
    expect(after).toMatchObject(JSON.parse(JSON.stringify(shape.becomes?.(before.keys, after) ?? {})));
  });
});

// Recorded on AWS in 2022 is that it is taken off; it is documented nowhere.
describe.each(['remove', 'keep'] as const)(
  'who, where PutSecretValue would %s a parked AWSPENDING, does this:',
  (pendingOfLastCurrent) => {
    it.each(ACTS)('$name: $ends', async (act) => {
      const person = await InMemoryPerson.at({ ...act.place, pendingOfLastCurrent });
      const began = person.clock.now();

      const end = await act.run(person);

      expect(outcomeOf(end), end.cause).toBe(act.ends);
      if (end.status === 'FAILED') {
        expect(end.cause).toMatch(says(act.says));
        if (!act.waits) expect(person.clock.now() - began).toBeLessThan(SOON_MS);
      }
      if (!act.leaves) expect(person.problems()).toEqual([]);
      expect(await act.problem?.(person, end)).toBeUndefined();
    });
  },
);

it('the page says what these rows say', () => {
  expect(SHAPES.length).toBeGreaterThanOrEqual(60);
  expect(ACTS.length).toBeGreaterThanOrEqual(30);
  expect(written()).toBe(page());
});
