import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { bundleOf } from '../../infra/build/step-bundles.ts';
import type { LocalStack } from '../local-stack/deployment/index.ts';

const PROGRAM = join(import.meta.dirname, 'start-process.mjs');

/** A bundle as it was built has no certificate beside it; a deployment puts it there. */
const LEFT_OUT = 'CERTIFICATE_AUTHORITY_FILE';

type Environment = Readonly<Record<string, string>>;

/** What the functions find in their environment, that of all together. */
export const functionEnvironment = async ({ lambda, region }: LocalStack): Promise<Environment> => {
  const { Functions = [] } = await lambda.send(new ListFunctionsCommand({}));
  const all = Object.assign({}, ...Functions.map(({ Environment }) => Environment?.Variables));
  const { [LEFT_OUT]: _, ...rest } = all as Environment;
  return { ...rest, AWS_REGION: region, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
};

export interface Start {
  readonly ms: number;
  /** The most memory that the process had until it was ready. */
  readonly megabytes: number;
}

/** From the start of a process until the handler could be called. Without a name: of Node alone. */
export const startOnce = async (name: string | undefined, env: Environment): Promise<Start> => {
  const began = performance.now();
  const bundle = name === undefined ? [] : [join(bundleOf(name), 'index.mjs')];
  const child = fork(PROGRAM, bundle, { env: { ...env }, execArgv: [], stdio: 'ignore' });
  const ended = once(child, 'exit');
  const message = await Promise.race([once(child, 'message'), ended]);
  const ms = performance.now() - began;
  await ended;
  const [ready] = message as [{ readonly kilobytes: number } | number];
  if (typeof ready !== 'object') throw new Error(`${name ?? 'Node'} ended before it was ready`);
  return { ms, megabytes: ready.kilobytes / 1024 };
};
