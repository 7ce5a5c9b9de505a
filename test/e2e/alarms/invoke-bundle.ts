import { fork } from 'node:child_process';
import { join } from 'node:path';
import { z } from 'zod';
import { bundleOf } from '../../../infra/build/step-bundles.ts';

/** As the template says: test/unit/infra/functions.test.ts holds it there. */
export const LAMBDA_TIMEOUT_MS = 60_000;

/** What is left of that at the least, when the function has said what is wrong. */
export const MARGIN_MS = 20_000;

const Outcome = z.object({ error: z.object({ name: z.string(), message: z.string() }).optional() });
export type Outcome = z.infer<typeof Outcome>;

/**
 * Runs a function's bundle as it is deployed, once.
 *
 * @throws Error if Lambda would have ended it, or nearly: then no one is told what was wrong
 */
export const invokeBundle = async (
  name: string,
  event: unknown,
  environment: Readonly<Record<string, string>>,
): Promise<Outcome> => {
  const child = fork(
    join(import.meta.dirname, 'bundle-process.ts'),
    [join(bundleOf(name), 'index.mjs'), JSON.stringify(event)],
    { env: { ...CREDENTIALS, ...environment }, stdio: 'ignore' },
  );
  const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
  child.once('message', (message) => resolve(Outcome.parse(message)));
  child.once('error', reject);
  child.once('exit', (code, signal) =>
    reject(new Error(`${name} ended without an answer (${signal ?? code}): Lambda's time-out is near`)),
  );
  return await promise;
};

/** They open nothing but a stand-in. */
const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: 'eu-central-1' };
