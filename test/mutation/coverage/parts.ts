import type { Catcher, Choice, Definition, Retrier, State } from '../../support/state-machine.ts';

/** Where a run can come through: each state, each way out of a choice, each catcher and each retrier. */
export const stateNamed = (name: string): string => name;

export const choiceOf = (name: string, choice: Choice, choices: readonly Choice[]): string =>
  `${name}: choice ${choices.indexOf(choice) + 1} → ${choice.Next}`;

export const defaultOf = (name: string, state: State): string => `${name}: default → ${state.Default}`;

export const catcherOf = (name: string, { ErrorEquals, Next }: Catcher): string =>
  `${name}: catches ${ErrorEquals.join(', ')} → ${Next}`;

export const retrierOf = (name: string, { ErrorEquals }: Retrier): string =>
  `${name}: retries ${ErrorEquals.join(', ')}`;

const partsOfState = ([name, state]: [string, State]): string[] => {
  const { Choices = [], Catch = [], Retry = [] } = state;
  return [
    stateNamed(name),
    ...Choices.map((choice) => choiceOf(name, choice, Choices)),
    ...(state.Default === undefined ? [] : [defaultOf(name, state)]),
    ...Retry.map((retrier) => retrierOf(name, retrier)),
    ...Catch.map((catcher) => catcherOf(name, catcher)),
  ];
};

export const partsOf = ({ States }: Definition): string[] => Object.entries(States).flatMap(partsOfState);
