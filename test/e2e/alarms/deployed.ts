import { CloudFormationClient, DescribeStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import { EventBridgeClient, ListRulesCommand, ListTargetsByRuleCommand } from '@aws-sdk/client-eventbridge';
import { DescribeStateMachineCommand } from '@aws-sdk/client-sfn';
import { z } from 'zod';
import type { LocalStack } from '../../local-stack/deployment/index.ts';
import { awsOf } from './aws-of.ts';

/** A rule of the deployed template, and whom it calls. */
export interface DeployedRule {
  readonly name: string;
  /** Which ends of executions it is for, if it is for any. */
  readonly statuses: readonly string[];
  readonly schedule: string | undefined;
  readonly target: Target;
  readonly targets: readonly Target[];
}

interface Target {
  readonly arn: string;
  readonly input: string | undefined;
}

const Pattern = z.object({ detail: z.object({ status: z.array(z.string()) }) });

export const rulesOf = async (stack: LocalStack): Promise<DeployedRule[]> => {
  const client = new EventBridgeClient(awsOf(stack));
  const { Rules = [] } = await client.send(new ListRulesCommand({}));
  return await Promise.all(
    Rules.map(async ({ Name = '', EventPattern, ScheduleExpression }) => {
      const { Targets = [] } = await client.send(new ListTargetsByRuleCommand({ Rule: Name }));
      const targets = Targets.map(({ Arn = '', Input }) => ({ arn: Arn, input: Input }));
      return {
        name: Name,
        statuses: EventPattern === undefined ? [] : Pattern.parse(JSON.parse(EventPattern)).detail.status,
        schedule: ScheduleExpression,
        target: targets[0] ?? { arn: '', input: undefined },
        targets,
      };
    }),
  );
};

/** The name of the function that a state of a machine calls. */
export const functionOfState = async (
  stack: LocalStack,
  stateMachineArn: string,
  state: string,
): Promise<string> => {
  const { definition = '' } = await stack.stepFunctions.send(
    new DescribeStateMachineCommand({ stateMachineArn }),
  );
  const { States } = z
    .object({ States: z.record(z.string(), z.looseObject({ Resource: z.string().optional() })) })
    .parse(JSON.parse(definition));
  return nameIn(States[state]?.Resource ?? '');
};

/** The last part of a function's ARN. */
export const nameIn = (functionArn: string): string => functionArn.split(':').at(-1) ?? '';

export const dashboardOf = async (stack: LocalStack): Promise<string> => {
  const { StackResources = [] } = await new CloudFormationClient(awsOf(stack)).send(
    new DescribeStackResourcesCommand({ StackName: 'docdb-rotation' }),
  );
  const found = StackResources.find(({ ResourceType }) => ResourceType === 'AWS::CloudWatch::Dashboard');
  return found?.PhysicalResourceId ?? '';
};
