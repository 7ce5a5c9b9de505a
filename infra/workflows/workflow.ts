import { Aws, Fn } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import {
  CustomerManagedEncryptionConfiguration,
  DefinitionBody,
  LogLevel,
  StateMachine,
} from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { acknowledge, acknowledgeEveryResource } from '../build/acknowledge.ts';
import type { StepFunction } from '../functions/step-function.ts';
import { grantUseOfOwnKey } from '../grants/grant-use-machine-key.ts';
import { definitionText } from './definition-text.ts';

/** What the workflows of one rotation share. */
export interface WorkflowDefaults {
  /** Told when manual action is required. */
  readonly operatorsTopic: ITopic;
  /** Where the causes of failures point their readers. */
  readonly runbookUrl: string;
  /** @default RetentionDays.THREE_MONTHS */
  readonly logRetention?: RetentionDays | undefined;
  /**
   * Encrypts the log, and the definition and the data of executions.
   *
   * @default - a key of AWS
   */
  readonly encryptionKey?: IKey | undefined;
}

export interface WorkflowProps extends WorkflowDefaults {
  /** The name of its file under `statemachine/`, without the ending. */
  readonly definition: string;
  /** The functions that the machine calls, keyed by the placeholder each one fills in the definition. */
  readonly functions: Readonly<Record<string, StepFunction>>;
  /**
   * What else the definition has placeholders for.
   *
   * @default - nothing
   */
  readonly substitutions?: Readonly<Record<string, string>>;
}

/** A state machine that is defined by a file under `statemachine/`, and may do what the file needs. */
export class Workflow extends Construct {
  readonly stateMachine: StateMachine;

  constructor(scope: Construct, id: string, props: WorkflowProps) {
    super(scope, id);
    const functions = Object.entries(props.functions);
    this.stateMachine = new StateMachine(this, 'Resource', {
      // fromString keeps the definition in the template, where `cdk diff` shows it.
      // TimeoutSeconds is in the JSON: CDK ignores `timeout` for a JSON definition.
      definitionBody: DefinitionBody.fromString(definitionText(props.definition)),
      definitionSubstitutions: {
        ...Object.fromEntries(
          functions.map(([placeholder, step]) => [placeholder, step.function.functionArn]),
        ),
        OperatorsTopicArn: props.operatorsTopic.topicArn,
        RunbookUrl: props.runbookUrl,
        ...servicesOf(props.definition),
        ...props.substitutions,
      },
      tracingEnabled: true,
      ...(props.encryptionKey
        ? { encryptionConfiguration: new CustomerManagedEncryptionConfiguration(props.encryptionKey) }
        : {}),
      logs: {
        destination: new LogGroup(this, 'Logs', {
          logGroupName: logGroupName(this, props.definition),
          retention: props.logRetention ?? RetentionDays.THREE_MONTHS,
          ...(props.encryptionKey ? { encryptionKey: props.encryptionKey } : {}),
        }),
        level: LogLevel.ERROR,
        includeExecutionData: false,
      },
    });
    acknowledge(
      this.stateMachine,
      'SF1',
      'Step Functions keeps the history of every execution for 90 days, and each step writes a line of its own: the log is for errors.',
    );
    acknowledgeEveryResource(this.stateMachine.role, 'sending traces, managing the delivery of logs');
    // CDK grants a JSON definition nothing.
    this.stateMachine.addToRolePolicy(
      new PolicyStatement({
        actions: ['lambda:InvokeFunction'],
        resources: functions.map(([, step]) => step.function.functionArn),
      }),
    );
    props.operatorsTopic.grantPublish(this.stateMachine);
    if (props.encryptionKey) grantUseOfOwnKey(this, props.encryptionKey, this.stateMachine);
  }
}

/** What definitions call beside functions, by its placeholder: whole ARNs, since cfn-lint takes none with a placeholder in it (E3601). */
const SERVICES = {
  InvokeFunction: 'lambda:invoke',
  Publish: 'sns:publish',
  StartExecution: 'states:startExecution',
  DescribeExecution: 'aws-sdk:sfn:describeExecution',
};

const servicesOf = (definition: string): Record<string, string> => {
  const text = definitionText(definition);
  const called = Object.entries(SERVICES).filter(([placeholder]) => text.includes(`\${${placeholder}}`));
  return Object.fromEntries(
    called.map(([placeholder, call]) => [placeholder, `arn:${Aws.PARTITION}:states:::${call}`]),
  );
};

/**
 * Below this prefix a log group needs no place of its own in the account's resource policy for the delivery of logs, which takes 5120
 * characters: where others have filled it, the deployment of a state machine fails.
 *
 * A part of the stack's id is in the name: the group outlives its stack, and a stack that is deployed again under the same name needs another
 * one. With the longest name of a stack (128) its ARN keeps below the 256 characters that a state machine takes.
 *
 * Sources: https://docs.aws.amazon.com/step-functions/latest/dg/bp-cwl.html,
 * https://docs.aws.amazon.com/step-functions/latest/apireference/API_CloudWatchLogsLogGroup.html
 */
const logGroupName = ({ node }: Construct, definition: string): string => {
  const stackId = Fn.select(0, Fn.split('-', Fn.select(2, Fn.split('/', Aws.STACK_ID))));
  return `/aws/vendedlogs/states/${Aws.STACK_NAME}-${stackId}-${definition}-${node.addr.slice(-8)}`;
};
