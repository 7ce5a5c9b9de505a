import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { LocalStack } from '../deployment/index.ts';

/** What programs need to know of a running stack. No password is in it: the demo secrets hold them. */
export const stackDescription = (stack: LocalStack) => ({
  awsEndpointUrl: stack.awsEndpointUrl,
  secretsManagerEndpointUrl: stack.secretsManagerEndpointUrl,
  region: stack.region,
  stateMachines: {
    rotation: stack.stateMachineArn,
    recovery: stack.recoveries.stateMachineArn,
    retirement: stack.retirements.stateMachineArn,
  },
  triggerFunctionName: stack.triggerFunctionName,
  secrets: Object.fromEntries(
    [stack.adminSecret, stack.appSecret, ...stack.extraSecrets].map(({ name, arn }) => [name, arn]),
  ),
  documentDb: {
    host: stack.documentDb.host,
    port: stack.documentDb.port,
    caFile: stack.documentDb.caFile,
    primaryUser: stack.primaryUser.username,
  },
  pid: process.pid,
});

/** @throws Error if the file describes another stack, which answers */
export const assertFree = async (file: string): Promise<void> => {
  const { pid, awsEndpointUrl } = read(file);
  if (pid === process.pid || !(await answers(awsEndpointUrl))) return;
  throw new Error(
    `${file} describes a local stack that runs (process ${pid}): stop that one, or give this one a file of its own by --file`,
  );
};

/**
 * No one reads half a file.
 *
 * @throws Error if the file describes another stack, which answers
 */
export const writeStackFile = async (file: string, stack: LocalStack): Promise<void> => {
  await assertFree(file);
  mkdirSync(dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, `${JSON.stringify(stackDescription(stack), null, 2)}\n`);
  renameSync(temporary, file);
};

/** Removes the file, unless another stack has written it meanwhile. */
export const removeStackFile = (file: string): void => {
  if (read(file).pid === process.pid) rmSync(file, { force: true });
};

const read = (file: string): { readonly pid?: unknown; readonly awsEndpointUrl?: unknown } => {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // There is none, or it is no description.
    return {};
  }
};

const answers = (url: unknown): Promise<boolean> =>
  typeof url !== 'string'
    ? Promise.resolve(false)
    : fetch(url, { signal: AbortSignal.timeout(2_000) }).then(
        () => true,
        () => false,
      );
