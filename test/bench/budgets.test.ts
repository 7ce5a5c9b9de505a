import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BUNDLES } from '../../infra/build/step-bundles.ts';
import { DEFINITIONS, definitionOf } from '../support/definitions.ts';
import { MACHINE_BUDGETS, MOST_STATES_FORWARD, ROTATION_BUDGETS, SIZE_BUDGETS } from './budgets.ts';
import { COUNT_NAMES } from './counts.ts';
import { WAYS } from './entry-points.ts';
import { countInMemory } from './in-memory-counts.ts';
import { STRATEGY_NAMES } from './strategies.ts';

describe.each(STRATEGY_NAMES)('A rotation of %s', (strategy) => {
  it.each(WAYS)('takes no more than its budget, %s', async (way) => {
    const { most, loginsOnThreeInstances } = ROTATION_BUDGETS[strategy][way];
    const counts = await countInMemory(strategy, way);
    const over = COUNT_NAMES.filter((name) => counts[name] > most[name]).map(
      (name) => `${counts[name]} ${name}, of ${most[name]}`,
    );
    expect(over, 'over the budget in test/bench/budgets.ts').toEqual([]);
    expect((await countInMemory(strategy, way, 3)).logins).toBeLessThanOrEqual(loginsOnThreeInstances);
  });

  it.each(WAYS)('goes forward through a dozen states at the most, %s', async (way) => {
    expect((await countInMemory(strategy, way)).states).toBeLessThanOrEqual(MOST_STATES_FORWARD.most);
  });
});

describe('Each state machine', () => {
  it('has a budget', () => {
    expect(Object.keys(MACHINE_BUDGETS).sort()).toEqual([...DEFINITIONS].sort());
  });

  it.each(Object.entries(MACHINE_BUDGETS))('has no more states and Choices: %s', (name, budget) => {
    const states = Object.values(definitionOf(name).States);
    expect(states.length, 'states').toBeLessThanOrEqual(budget.states);
    const choices = states.filter(({ Type }) => Type === 'Choice');
    expect(choices.length, 'Choices').toBeLessThanOrEqual(budget.choices);
  });
});

/** They are built once before the tests: test/local-stack/deployment/bundled-before-all.ts. */
describe('Each bundle', () => {
  it('has a budget', () => {
    expect(Object.keys(SIZE_BUDGETS).sort()).toEqual(readdirSync(BUNDLES).sort());
  });

  it.each(Object.entries(SIZE_BUDGETS))('is no larger: %s', (name, { kilobytes }) => {
    const size = statSync(join(BUNDLES, name, 'index.mjs')).size / 1000;
    expect(size, 'kilobytes').toBeLessThanOrEqual(kilobytes);
  });
});

it('gives a reason for every budget', () => {
  const budgets = [
    MOST_STATES_FORWARD,
    ...Object.values(ROTATION_BUDGETS).flatMap((ways) => Object.values(ways)),
    ...Object.values(MACHINE_BUDGETS),
    ...Object.values(SIZE_BUDGETS),
  ];
  expect(budgets.filter(({ because }) => because.length < 10)).toEqual([]);
});
