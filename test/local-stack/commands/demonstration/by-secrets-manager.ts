import { RotateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { follow } from './follow.ts';
import { judge } from './judge.ts';
import { newExecution } from './new-execution.ts';
import { ObservedSecret } from './observed-secret.ts';
import type { Scenario } from './scenario.ts';

/** RotateSecret: Secrets Manager calls the trigger, step by step. */
export const bySecretsManager: Scenario = {
  title: 'Secrets Manager rotates a secret',
  async run(stack, terminal) {
    const { arn } = stack.appSecret;
    const secret = await ObservedSecret.look(stack, arn);
    const known = await stack.executions.list();
    await stack.secretsManager.send(
      new RotateSecretCommand({
        SecretId: arn,
        RotationLambdaARN: stack.triggerFunctionArn,
        RotationRules: { AutomaticallyAfterDays: 30 },
      }),
    );
    const course = await follow(stack.executions, await newExecution(stack.executions, known), terminal);
    terminal.begin('Secrets Manager ends the rotation');
    const rotation = await stack.secretsManagerStandIn.rotations.latest(arn)?.ended;
    terminal.end();

    const expected = { name: 'RotateSecret', mode: 'rotate', status: 'SUCCEEDED', rotated: true };
    const verdict = judge({ ...expected, through: ['TestSecret', 'Rotated'] }, course, await secret.now());
    if (rotation?.status === 'succeeded') return verdict;
    const reasons = rotation?.failures.map(({ step, type, message }) => `${step} ${type} ${message}`);
    return {
      ...verdict,
      problems: [
        ...verdict.problems,
        `for Secrets Manager the rotation ${rotation?.status}: ${reasons?.join('; ')}`,
      ],
    };
  },
};
