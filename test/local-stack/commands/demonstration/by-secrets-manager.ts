import { RotateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { loadWorld } from '../../../support/deployed-world.ts';
import { follow } from './follow.ts';
import { judge } from './judge.ts';
import { newExecution } from './new-execution.ts';
import type { Scenario } from './scenario.ts';

/** RotateSecret: Secrets Manager calls the trigger, step by step. */
export const bySecretsManager: Scenario = {
  title: 'Secrets Manager rotates a secret',
  async run(stack, terminal) {
    const { arn, username } = stack.appSecret;
    const place = { arn, users: [username] };
    const before = await loadWorld(stack, place);
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

    const verdict = judge(
      {
        name: 'RotateSecret',
        mode: 'rotate',
        status: 'SUCCEEDED',
        aftermath: 'rotated',
        through: ['TestSecret', 'Rotated'],
      },
      course,
      before,
      await loadWorld(stack, place),
    );
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
