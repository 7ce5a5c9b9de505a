import { setTimeout as sleep } from 'node:timers/promises';
import {
  GetFunctionConfigurationCommand,
  type GetFunctionConfigurationCommandOutput,
  InvokeCommand,
} from '@aws-sdk/client-lambda';
import type { Clients } from './clients.ts';
import type { SecretId } from './names.ts';
import type { Place } from './place/place.ts';
import { type Outcome, Outcomes, type Script } from './prober/script.ts';

/** Something was waited for and did not come: an answer too, for some questions. */
export class NotInTimeError extends Error {
  override readonly name = 'NotInTimeError';
}

/** What came in time, or nothing. Any other failure is none of that, and no answer. */
export const ifInTime = async <T>(work: Promise<T>): Promise<T | undefined> => {
  try {
    return await work;
  } catch (error) {
    if (error instanceof NotInTimeError) return undefined;
    throw error;
  }
};

/** What a question may ask. */
export interface Ports {
  readonly place: Place;
  readonly clients: Clients;
  readonly name: string;
  /** Who makes something looks at it first: what comes after the end of the kit is left behind. */
  readonly signal: AbortSignal;
  /** What the two stacks tell: only of those that are deployed. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly adminSecretArn: string;
  readonly secretArn: (id: SecretId) => string;
  /** Has the prober do these steps, one after the other. */
  readonly probe: (steps: Script['steps'], users?: Script['users']) => Promise<readonly Outcome[]>;
  /** A function, by its name or ARN. */
  readonly functionNamed: (FunctionName: string) => Promise<GetFunctionConfigurationCommandOutput>;
  /** Asks again and again, until something is told. @throws NotInTimeError, and what stopped the kit */
  readonly until: <T>(what: string, seconds: number, ask: () => Promise<T | undefined>) => Promise<T>;
}

export const makePorts = (
  place: Place,
  name: string,
  outputs: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Ports => {
  const output = (key: string): string => {
    const value = outputs[key];
    if (value === undefined) throw new Error(`the stacks have no output ${key}`);
    return value;
  };
  return {
    place,
    clients: place.clients,
    name,
    signal,
    outputs,
    adminSecretArn: output('AdminSecretArn'),
    secretArn: (id) => output(`${id}SecretArn`),
    probe: (steps, users = {}) =>
      probe(place, output('ProberFunctionName'), {
        admin: { secretArn: output('AdminSecretArn') },
        users,
        steps,
      }),
    functionNamed: (FunctionName) =>
      place.clients.lambda.send(new GetFunctionConfigurationCommand({ FunctionName })),
    until: async (what, seconds, ask) => {
      const deadline = Date.now() + seconds * 1000;
      for (;;) {
        signal.throwIfAborted();
        const told = await ask();
        if (told !== undefined) return told;
        if (Date.now() > deadline) throw new NotInTimeError(`${what}: not within ${seconds} s`);
        await sleep(Math.min(place.pollMilliseconds, 1000), undefined, { signal });
      }
    },
  };
};

const probe = async ({ clients }: Place, FunctionName: string, script: Script): Promise<Outcome[]> => {
  const { FunctionError, Payload } = await clients.lambda.send(
    new InvokeCommand({ FunctionName, Payload: JSON.stringify(script) }),
  );
  const text = Payload ? Buffer.from(Payload).toString() : '';
  if (FunctionError) throw new Error(`the prober failed: ${text.slice(0, 500)}`);
  return Outcomes.parse(JSON.parse(text));
};
