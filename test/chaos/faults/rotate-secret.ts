import { DescribeSecretCommand, RotateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { dayOnRecord } from '../../../functions/secret/begun.ts';
import { executionName } from '../../../functions/secret/execution-name.ts';
import type { LocalStack } from '../../local-stack/deployment/index.ts';
import type { Rotation } from '../../local-stack/secrets-manager/index.ts';

export const rotateSecret = async (stack: LocalStack, SecretId: string): Promise<void> => {
  await stack.secretsManager.send(
    new RotateSecretCommand({
      SecretId,
      RotationLambdaARN: stack.triggerFunctionArn,
      RotationRules: { AutomaticallyAfterDays: 30 },
    }),
  );
};

/** The execution that the trigger started for a rotation; none if it never came so far. */
export const executionOf = async (
  stack: LocalStack,
  { secretArn, versionId }: Rotation,
): Promise<string | undefined> => {
  const machine = stack.stateMachineArn.replace(':stateMachine:', ':execution:');
  const { Tags = [] } = await stack.secretsManager.send(new DescribeSecretCommand({ SecretId: secretArn }));
  const tags = Object.fromEntries(Tags.map(({ Key = '', Value = '' }) => [Key, Value]));
  const rotation = { secretArn, token: versionId };
  const day = dayOnRecord({ tags }, rotation);
  if (day === undefined) return undefined;
  const arn = `${machine}:${executionName('rotate', { ...rotation, day }, 1)}`;
  try {
    await stack.executions.describe(arn);
    return arn;
  } catch (error) {
    if (error instanceof Error && error.name === 'ExecutionDoesNotExist') return undefined;
    throw error;
  }
};
