import { type Definition, failuresOf, flowOf } from '../definition.ts';
import { MACHINES } from './aws/deployed-rotation.ts';
import { CommandError } from './command-error.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { readBuiltDefinition } from './package-files.ts';

/** A state machine as a flowchart in Mermaid, which GitHub and many editors draw; with --json its definition. */
export const graph = ({ view }: Pick<Context, 'view'>, machine: string): ExitCode => {
  if (!MACHINES.some((known) => known === machine)) {
    throw new CommandError(`there is no machine ${machine}; known are ${MACHINES.join(', ')}`, EXIT.usage);
  }
  const definition = readBuiltDefinition(machine);
  view.result(definition, () => view.raw(mermaidOf(definition)));
  return EXIT.done;
};

/** Ends are round, choices have corners; a dotted line is what happens when a state fails. https://mermaid.js.org/syntax/flowchart.html */
export const mermaidOf = (definition: Definition): string => {
  const lines = Object.entries(definition.States).flatMap(([name, { Type }]) => [
    `  ${name}${shapeOf(Type, name)}`,
    ...flowOf(definition, name).map((next) => `  ${name} --> ${next}`),
    ...failuresOf(definition, name).map((next) => `  ${name} -.-> ${next}`),
  ]);
  return ['flowchart TD', ...lines, ''].join('\n');
};

const shapeOf = (type: string, name: string): string => {
  if (type === 'Choice') return `{${name}}`;
  if (type === 'Succeed' || type === 'Fail') return `([${name}])`;
  return type === 'Wait' ? `[/${name}/]` : `[${name}]`;
};
