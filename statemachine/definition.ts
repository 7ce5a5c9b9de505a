import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

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

const ENDING = '.asl.yaml';

/** The state machines of this project, by the names of their files. */
export const definitionNames = (): readonly string[] =>
  readdirSync(import.meta.dirname)
    .filter((file) => file.endsWith(ENDING))
    .map((file) => file.slice(0, -ENDING.length));

/** Where the source is, with its anchors and the reasons of its policies. */
export const sourceOf = (name: string): string => join(import.meta.dirname, `${name}${ENDING}`);

/**
 * What Step Functions gets: every alias replaced by what it stands for, each expression in one line, and without the keys that
 * begin with `x-`, where the anchors are.
 */
export const readDefinition = (name: string): Definition => {
  const text = readFileSync(sourceOf(name), 'utf8');
  const source: Record<string, unknown> = parse(text, inOneLine, { merge: true });
  const entries = Object.entries(source).filter(([key]) => !key.startsWith('x-'));
  return Object.fromEntries(entries) as unknown as Definition;
};

/** YAML folds lines of one indentation only, and keeps the break before one that is indented further, as in an expression. */
const inOneLine = (_key: unknown, value: unknown): unknown =>
  typeof value === 'string' && value.startsWith('{%') ? value.replace(/\s*\n\s*/g, ' ').trim() : value;

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
