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

/** No one reads half a file. */
export const writeStackFile = (file: string, stack: LocalStack): void => {
  mkdirSync(dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, `${JSON.stringify(stackDescription(stack), null, 2)}\n`);
  renameSync(temporary, file);
};

/** Removes the file, unless another stack has written it meanwhile. */
export const removeStackFile = (file: string): void => {
  try {
    if (JSON.parse(readFileSync(file, 'utf8')).pid === process.pid) rmSync(file);
  } catch {
    // It is gone, which is what was wanted.
  }
};
