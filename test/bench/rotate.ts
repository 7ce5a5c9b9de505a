import { setTimeout as sleep } from 'node:timers/promises';
import { executionOf, rotateSecret } from '../chaos/faults/rotate-secret.ts';
import type { LocalStack } from '../local-stack/deployment/index.ts';
import type { Way } from './entry-points.ts';

/** Each look is a request, and takes time that the rotation needs. */
const POLL_MS = 15;
const LONGEST_MS = 60_000;

export interface Rotated {
  readonly seconds: number;
  readonly execution: string;
  /** Calls of the trigger. */
  readonly triggerCalls: number;
}

/** One rotation, from the request to its end as the one who asked for it learns of it. */
export const rotate = async (stack: LocalStack, secretArn: string, way: Way): Promise<Rotated> =>
  way === 'on demand' ? await onDemand(stack, secretArn) : await bySecretsManager(stack, secretArn);

const onDemand = async (stack: LocalStack, secretId: string): Promise<Rotated> => {
  const began = performance.now();
  const execution = await stack.executions.start({ secretId });
  const status = await statusAtEnd(stack, execution);
  if (status !== 'SUCCEEDED') throw new Error(`a rotation on demand ended as ${status}`);
  return { seconds: since(began), execution, triggerCalls: 0 };
};

const bySecretsManager = async (stack: LocalStack, secretArn: string): Promise<Rotated> => {
  const began = performance.now();
  await rotateSecret(stack, secretArn);
  const rotation = await stack.secretsManagerStandIn.rotations.latest(secretArn)?.ended;
  const seconds = since(began);
  const execution = rotation && (await executionOf(stack, rotation));
  if (rotation?.status !== 'succeeded' || execution === undefined) {
    throw new Error(`a rotation by Secrets Manager ended as ${rotation?.status}`);
  }
  return { seconds, execution, triggerCalls: rotation.steps.length };
};

const since = (began: number): number => (performance.now() - began) / 1000;

const statusAtEnd = async ({ executions }: LocalStack, arn: string): Promise<string | undefined> => {
  const deadline = Date.now() + LONGEST_MS;
  for (;;) {
    const { status } = await executions.describe(arn);
    if (status !== 'RUNNING' || Date.now() > deadline) return status;
    await sleep(POLL_MS);
  }
};

/** The retirement of a predecessor has the lock for a moment. */
export const untilRetired = async (stack: LocalStack, execution: string): Promise<void> => {
  const { output = '{}' } = await stack.executions.describe(execution);
  const { retirement } = JSON.parse(output) as { readonly retirement?: unknown };
  if (typeof retirement === 'string' && retirement.startsWith('arn:')) {
    await stack.retirements.waitFor(retirement);
  }
};
