import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The parts of the Amazon States Language that the pictures and tables show. https://states-language.net */
export interface State {
  readonly Type: string;
  readonly Comment?: string;
  readonly Next?: string;
  readonly Default?: string;
  readonly Choices?: readonly { readonly Next: string }[];
  readonly Retry?: readonly { readonly ErrorEquals: readonly string[] }[];
  readonly Catch?: readonly { readonly ErrorEquals: readonly string[]; readonly Next: string }[];
  readonly Error?: string;
}

export interface Definition {
  readonly Comment?: string;
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}

export const MACHINES = ['rotation', 'retirement'] as const;
export type Machine = (typeof MACHINES)[number];

export const readDefinition = (machine: Machine): Definition =>
  JSON.parse(readFileSync(join(import.meta.dirname, `${machine}.asl.json`), 'utf8'));

/** Where a state leads when it does not fail; first where it leads when no choice is met. */
export const flowOf = ({ States }: Definition, name: string): readonly string[] => {
  const { Next, Default, Choices = [] } = States[name] ?? {};
  const targets = [Next, Default, ...Choices.map((choice) => choice.Next)];
  return [...new Set(targets.filter((target) => target !== undefined))];
};

/** Where a state leads when it fails. */
export const failuresOf = ({ States }: Definition, name: string): readonly string[] => [
  ...new Set((States[name]?.Catch ?? []).map(({ Next }) => Next)),
];
