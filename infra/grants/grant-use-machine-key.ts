import { type IPrincipal, Policy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';

const READ = ['kms:Decrypt'];
const READ_AND_WRITE = [...READ, 'kms:GenerateDataKey'];

/** The key may be used for this machine's executions only: https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html */
const statement = (key: IKey, machine: StateMachine, actions: readonly string[]): PolicyStatement =>
  new PolicyStatement({
    actions: [...actions],
    resources: [key.keyArn],
    conditions: {
      StringEquals: { 'kms:EncryptionContext:aws:states:stateMachineArn': machine.stateMachineArn },
    },
  });

/**
 * Lets someone start and describe executions whose data a key of the user's encrypts. In the role, as everywhere here:
 * an imported key's policy can't be changed.
 *
 * Source: KmsAccessDeniedException, which speaks of the caller, among the errors of
 * https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html and
 * https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html
 */
export const grantUseMachineKey = (
  principal: IPrincipal,
  key: IKey | undefined,
  machine: StateMachine,
): void => {
  if (key) principal.addToPrincipalPolicy(statement(key, machine, READ_AND_WRITE));
};

/** Lets someone describe such executions, and not start any. */
export const grantReadWithMachineKey = (
  principal: IPrincipal,
  key: IKey | undefined,
  machine: StateMachine,
): void => {
  if (key) principal.addToPrincipalPolicy(statement(key, machine, READ));
};

/**
 * Lets a machine use the key for its own executions. CDK grants this too, but where the machine has no name of the
 * user's the ARN in its condition ends before the name, and is none. In a policy that the machine does not wait for,
 * since this one names it.
 */
export const grantUseOfOwnKey = (scope: Construct, key: IKey, machine: StateMachine): void => {
  new Policy(scope, 'OwnKey', { statements: [statement(key, machine, READ_AND_WRITE)] }).attachToRole(
    machine.role,
  );
};
