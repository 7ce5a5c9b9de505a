import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectNoPasswordAnywhere } from '../e2e/rotations/outside-judge.ts';
import { type LocalStack, startLocalStack } from '../local-stack/deployment/index.ts';
import { ACTS } from './acts.ts';
import { outcomeOf, says } from './outcome.ts';
import { SHAPES } from './shapes.ts';
import { StackPerson } from './stack-person.ts';

/** The rows of the page on the deployed stack, where a PutSecretValue leaves a parked AWSPENDING: that is the harder of both. */
let stack: LocalStack;

/** Several at once, some of which follow five executions after each other. */
const LONGEST_MS = 300_000;

beforeAll(async () => {
  stack = await startLocalStack({
    propagationTimeoutSeconds: 10,
    drainSeconds: 1,
    waitScale: 0.05,
    rotationBehaviour: { pendingOfLastCurrent: 'keep' },
  });
});
afterAll(async () => {
  await stack?.stop();
});

describe.concurrent('a secret on the stack that has', { timeout: LONGEST_MS }, () => {
  it.each(SHAPES)('$name: $ends', async (shape) => {
    const person = await StackPerson.at(stack, { rotations: 1, ...shape.place });
    const text = await person.text();
    const before = { text, keys: JSON.parse(text) };
    await person.write(shape.make(before));

    const end = await person.rotate();

    expect(outcomeOf(end), end.cause).toBe(shape.ends);
    if (shape.ends !== 'rotated') expect(end.cause).toMatch(says(shape.says));
    else {
      expect(await person.problems()).toEqual([]);
      const after = JSON.parse(await person.text());
      expect(after).toMatchObject(JSON.parse(JSON.stringify(shape.becomes?.(before.keys, after) ?? {})));
    }
    await person.leave();
  });
});

describe.concurrent('who does this on the stack:', { timeout: LONGEST_MS }, () => {
  it.each(ACTS)('$name: $ends', async (act) => {
    const person = await StackPerson.at(stack, act.place);

    const end = await act.run(person);

    expect(outcomeOf(end), end.cause).toBe(act.ends);
    if (end.status === 'FAILED') expect(end.cause).toMatch(says(act.says));
    if (!act.leaves) expect(await person.problems()).toEqual([]);
    expect(await act.problem?.(person, end)).toBeUndefined();
    await person.leave();
  });
});

it('no password is in any history, log, output or cause of all this', async () => {
  await StackPerson.at(stack, { rotations: 1 });
  await expectNoPasswordAnywhere(stack);
});
