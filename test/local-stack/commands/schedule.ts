import { RotateSecretCommand } from '@aws-sdk/client-secrets-manager';
import type { LocalStack } from '../deployment/index.ts';

/**
 * What CloudFormation makes of the deployment's schedules (AWS::SecretsManager::RotationSchedule), which ministack does not know: each
 * secret knows its rotation function, and was tested once.
 */
export const scheduleRotations = async (stack: LocalStack): Promise<void> => {
  const secrets = [stack.adminSecret, stack.appSecret, ...stack.extraSecrets];
  for (const { arn } of secrets) {
    await stack.secretsManager.send(
      new RotateSecretCommand({
        SecretId: arn,
        RotationLambdaARN: stack.triggerFunctionArn,
        RotationRules: { ScheduleExpression: 'rate(30 days)' },
        RotateImmediately: false,
      }),
    );
  }
  await stack.secretsManagerStandIn.rotations.settled();
};
