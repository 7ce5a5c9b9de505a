import type { AwsOptions, Clients } from './aws/clients.ts';
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
  /** Where AWS is, as far as options say it. */
  readonly aws: AwsOptions;
  /** How the command was started, as someone types it. */
  readonly program: readonly string[];
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
  { stack: { stack, rotation }, aws, program }: Pick<Context, 'stack' | 'aws' | 'program'>,
  ...words: string[]
): string =>
  [
    ...program,
    ...words,
    ...given('--stack', stack === DEFAULT_STACK ? undefined : stack),
    ...given('--rotation', rotation),
    ...given('--profile', aws.profile),
    ...given('--region', aws.region),
    ...given('--endpoint-url', aws.endpointUrl),
  ]
    .map(quoted)
    .join(' ');

const given = (option: string, value: string | undefined): string[] =>
  value === undefined ? [] : [option, value];

/** @throws CommandError if the stack has no rotation */
export const deployedRotation = async ({ clients, stack }: Context): Promise<Deployed> => {
  const rotation = await findRotation(clients.cloudFormation, stack);
  return { rotation, executions: new Executions(clients.stepFunctions, rotation) };
};
