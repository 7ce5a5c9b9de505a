import type { Clients } from './aws/clients.ts';
import {
  DEFAULT_STACK,
  type DeployedRotation,
  findRotation,
  type StackOptions,
} from './aws/deployed-rotation.ts';
import { Executions } from './aws/executions.ts';
import { quoted } from './terminal/quoted.ts';
import type { View } from './terminal/view.ts';

/** What every verb is given. */
export interface Context {
  readonly clients: Clients;
  readonly view: View;
  readonly stack: StackOptions;
  /** When it is now, and a random name's end: what tests hold still. */
  readonly now: () => Date;
  readonly random: () => string;
  readonly sleep: (ms: number) => Promise<void>;
  /** Told what to say if someone ends the command while it waits. */
  readonly onInterrupt: (say: () => void) => void;
}

export interface Deployed {
  readonly rotation: DeployedRotation;
  readonly executions: Executions;
}

/** A command to go on with, for the same stack. */
export const nextCommand = (
  { stack: { stack, rotation } }: Pick<Context, 'stack'>,
  ...words: string[]
): string =>
  [
    'docdb-rotation',
    ...words,
    ...(stack === DEFAULT_STACK ? [] : ['--stack', stack]),
    ...(rotation === undefined ? [] : ['--rotation', rotation]),
  ]
    .map(quoted)
    .join(' ');

/** @throws CommandError if the stack has no rotation */
export const deployedRotation = async ({ clients, stack }: Context): Promise<Deployed> => {
  const rotation = await findRotation(clients.cloudFormation, stack);
  return { rotation, executions: new Executions(clients.stepFunctions, rotation) };
};
