import { RotateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { z } from 'zod';
import type { LocalStack } from '../../deployment/index.ts';

const secretId = z.string().min(1).max(600);

/** What the form sends. A retirement's input is what a rotation hands over: no form starts one. */
export const Start = z.discriminatedUnion('machine', [
  z.object({
    machine: z.literal('rotation'),
    secretId,
    mode: z.enum(['rotate', 'verify', 'check', 'revert']),
  }),
  z.object({
    machine: z.literal('recovery'),
    secretId,
    resetThroughAdmin: z.boolean(),
    resetThroughCluster: z.boolean(),
  }),
  z.object({ machine: z.literal('secrets-manager'), secretId }),
]);

export type StartRequest = z.infer<typeof Start>;

/** Starts what someone has filled in. Secrets Manager's rotation comes by its trigger, some moments later. */
export const startExecution = async (
  stack: LocalStack,
  request: StartRequest,
): Promise<string | undefined> => {
  switch (request.machine) {
    case 'rotation':
      return await stack.executions.start({ secretId: request.secretId, mode: request.mode });
    case 'recovery':
      return await stack.recoveries.start({
        secretId: request.secretId,
        ...(request.resetThroughAdmin ? { resetThroughAdmin: true } : {}),
        ...(request.resetThroughCluster ? { resetThroughCluster: true } : {}),
      });
    case 'secrets-manager':
      await stack.secretsManager.send(
        new RotateSecretCommand({
          SecretId: request.secretId,
          RotationLambdaARN: stack.triggerFunctionArn,
          RotationRules: { AutomaticallyAfterDays: 30 },
        }),
      );
      return undefined;
  }
};
