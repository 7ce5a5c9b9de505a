import { definitionNames, readDefinition } from '../../statemachine/definition.ts';
import type { Definition } from './state-machine.ts';

/** The state machines of this project, by the names of their files. */
export const DEFINITIONS = definitionNames();

/** Some tests take a definition ten thousand times, and YAML takes long to read. */
const TEXTS = new Map(DEFINITIONS.map((name) => [name, JSON.stringify(readDefinition(name))]));

/** What the infrastructure fills in. Anything else is filled with its own name. */
const FILLED: Readonly<Record<string, string>> = {
  PropagationTimeoutSeconds: '600',
  DrainSeconds: '75',
  RunbookUrl: 'https://example.com/RUNBOOK.md',
  Declared: '[]',
  InvokeFunction: 'arn:aws:states:::lambda:invoke',
  Publish: 'arn:aws:states:::sns:publish',
  StartExecution: 'arn:aws:states:::states:startExecution',
  DescribeExecution: 'arn:aws:states:::aws-sdk:sfn:describeExecution',
};

const byItself = (name: string): string => FILLED[name] ?? name;

/** As a deployment to a real account has it. */
const byArn = (name: string): string =>
  name.endsWith('FunctionArn') ? `arn:aws:lambda:eu-central-1:111122223333:function:${name}` : byItself(name);

/** As Step Functions gets it, with its placeholders. */
export const textOf = (name: string): string => {
  const text = TEXTS.get(name);
  if (text === undefined) throw new Error(`there is no state machine ${name}`);
  return text;
};

export const placeholdersIn = (text: string): string[] => [
  ...new Set([...text.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name ?? '')),
];

const parse = (name: string, fill: (placeholder: string) => string): Definition =>
  JSON.parse(textOf(name).replace(/\$\{(\w+)\}/g, (_whole, placeholder: string) => fill(placeholder)));

/** Those that nothing is filled otherwise in: tens of thousands of cases run the same. */
const parsed = new Map<string, Definition>();

/**
 * With each function's placeholder filled with its own name, so that a test can stand in for it.
 *
 * @param filled placeholders that a test fills otherwise
 */
export const definitionOf = (name: string, filled: Readonly<Record<string, string>> = {}): Definition => {
  const fill = (placeholder: string) => filled[placeholder] ?? byItself(placeholder);
  if (Object.keys(filled).length > 0) return parse(name, fill);
  const definition = parsed.get(name) ?? parse(name, fill);
  parsed.set(name, definition);
  return definition;
};

export const deployedDefinitionOf = (
  name: string,
  filled: Readonly<Record<string, string>> = {},
): Definition => parse(name, (placeholder) => filled[placeholder] ?? byArn(placeholder));
