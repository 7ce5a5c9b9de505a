import { ArnFormat, type CfnElement, Stack, Token } from 'aws-cdk-lib';
import { type IRole, Policy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct, IConstruct } from 'constructs';
import { acknowledge } from '../build/acknowledge.ts';

/** A part of an ARN as cdk-nag writes it, where it is known only at deployment too. */
const place = (value: string, pseudoParameter: string): string =>
  Token.isUnresolved(value) ? `<AWS::${pseudoParameter}>` : value;

const statement = (machine: StateMachine): PolicyStatement =>
  new PolicyStatement({
    actions: ['states:DescribeExecution'],
    resources: [
      Stack.of(machine).formatArn({
        service: 'states',
        resource: 'execution',
        resourceName: `${machine.stateMachineName}:*`,
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      }),
    ],
  });

const explain = (where: IConstruct, machine: StateMachine): void => {
  const stack = Stack.of(machine);
  const { partition, region, account } = stack;
  const name = `<${stack.getLogicalId(machine.node.defaultChild as CfnElement)}.Name>`;
  acknowledge(
    where,
    `IAM5[Resource::arn:${place(partition, 'Partition')}:states:${place(region, 'Region')}:${place(account, 'AccountId')}:execution:${name}:*]`,
    'The executions of this machine only; their names are made when they start.',
  );
};

/** Lets a function look at the executions of this machine, and at no others. */
export const grantDescribeExecutions = (role: IRole, machine: StateMachine): void => {
  role.addToPrincipalPolicy(statement(machine));
  explain(role, machine);
};

/**
 * Lets a machine look at executions, its own among them: in a policy that it does not wait for, since this one names
 * it.
 */
export const grantDescribeExecutionsOf = (
  scope: Construct,
  machine: StateMachine,
  described: readonly StateMachine[],
): void => {
  const policy = new Policy(scope, 'DescribeExecutions', { statements: described.map(statement) });
  policy.attachToRole(machine.role);
  for (const one of described) explain(policy, one);
};
