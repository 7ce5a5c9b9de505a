import { readDefinition } from '../../../statemachine/definition.ts';
import { ACCOUNT, REGION } from '../../unit/infra/synthesized.ts';
import {
  type ConditionName,
  EVERY_FUNCTION,
  EVERY_MACHINE,
  FUNCTION_NAMES,
  FUNCTIONS,
  type FunctionName,
  IN_A_VPC,
  OUTSIDE_ANY_VPC,
  type Permission,
  type ResourceName,
} from './permission-table.ts';

const MACHINES = ['rotation', 'recovery', 'retirement'] as const;
type Machine = (typeof MACHINES)[number];

const MACHINE_IDS: Record<Machine, string> = {
  rotation: 'RotationStateMachineWorkflow',
  recovery: 'RotationRecoveryWorkflow',
  retirement: 'RotationRetirement',
};
const TOPIC = '{Ref:RotationOperators}';

const functionId = (name: FunctionName): string => {
  if (name === 'ReportOutcome') return 'RotationOutcomeReporterReportOutcome';
  if (name === 'CheckCredentials') return 'RotationCredentialCheckCheckCredentials';
  return `RotationFunctions${name}`;
};

const ref = (id: string): string => `{Ref:${id}}`;
const arnOf = (id: string): string => `{Fn::GetAtt:[${id},Arn]}`;
/** An ARN of this account, in whichever partition the stack is. */
const inPartition = (...parts: string[]): string =>
  `{Fn::Join:[,[arn:,{Ref:AWS::Partition},:${parts.join(',')}]]}`;

const executionsOf = (machine: Machine): string =>
  inPartition(`states:${REGION}:${ACCOUNT}:execution:`, `{Fn::GetAtt:[${MACHINE_IDS[machine]},Name]}`, ':*');

/** The test's template has one secret, App, with a key and a cluster of its own, and its admin secret, Admin, with another key. */
const RESOURCES: Record<ResourceName, (functionName: FunctionName) => string | string[]> = {
  'the secret': () => ref('App'),
  'its admin secret': () => ref('Admin'),
  "the secret's KMS key": () => arnOf('AppKey'),
  "the admin secret's KMS key": () => arnOf('AdminKey'),
  'every resource': () => '*',
  'the rotation machine': () => ref(MACHINE_IDS.rotation),
  'the rotation and the recovery machine': () =>
    (['rotation', 'recovery'] as const).map((machine) => ref(MACHINE_IDS[machine])),
  'its executions': () => executionsOf('rotation'),
  'executions of the recovery': () => executionsOf('recovery'),
  'executions of the retirement': () => executionsOf('retirement'),
  'the key of the state machines': () => arnOf('LogKey'),
  "the key of the functions' environment": () => arnOf('LogKey'),
  'the default event bus': () => inPartition(`events:${REGION}:${ACCOUNT}:event-bus/default`),
  "the operators' topic": () => TOPIC,
  'its cluster': () => inPartition(`rds:${REGION}:${ACCOUNT}:cluster:my-cluster`),
  'its own log group': (name) => arnOf(`${functionId(name)}Logs`),
};

const forMachine = (machine: Machine): string =>
  `{StringEquals:{kms:EncryptionContext:aws:states:stateMachineArn:${ref(MACHINE_IDS[machine])}}}`;

const CONDITIONS: Record<ConditionName, string> = {
  'for the rotation machine': forMachine('rotation'),
  'for the recovery machine': forMachine('recovery'),
  'for the retirement machine': forMachine('retirement'),
  'the tags docdb-rotation:proven and docdb-rotation:dropped':
    '{ForAllValues:StringEquals:{aws:TagKeys:[docdb-rotation:proven,docdb-rotation:dropped]}}',
  'the tags docdb-rotation:proven and docdb-rotation:begun':
    '{ForAllValues:StringEquals:{aws:TagKeys:[docdb-rotation:proven,docdb-rotation:begun]}}',
  'the tags docdb-rotation:proven, docdb-rotation:user and docdb-rotation:cluster':
    '{ForAllValues:StringEquals:{aws:TagKeys:[docdb-rotation:proven,docdb-rotation:user,docdb-rotation:cluster]}}',
  'the tag docdb-rotation:proven': '{ForAllValues:StringEquals:{aws:TagKeys:[docdb-rotation:proven]}}',
  'through Secrets Manager': `{StringEquals:{kms:ViaService:secretsmanager.${REGION}.amazonaws.com}}`,
  'with the source docdb-rotation': '{StringEquals:{events:source:docdb-rotation}}',
  'for functions of this account': `{ArnLike:{kms:EncryptionContext:aws:lambda:FunctionArn:${inPartition(`lambda:${REGION}:${ACCOUNT}:function:*`)}}}`,
  'by its own code': `{ArnLike:{lambda:SourceFunctionArn:[${inPartition(`lambda:${REGION}:${ACCOUNT}:function:*`)}]}}`,
};

/** Everything that the template may permit: no line more, no line less. */
export const expectedGrants = (): string[] =>
  [
    ...FUNCTION_NAMES.flatMap(grantsOfFunction),
    ...MACHINES.flatMap(grantsOfMachine),
    ...grantsOfRecoveryRule(),
    ...callers(),
    ...publishers(),
  ].sort();

const grantsOfFunction = (name: FunctionName): string[] => {
  const role = `${functionId(name)}Role`;
  const network = OUTSIDE_ANY_VPC.includes(name) ? [] : IN_A_VPC;
  return [
    `to be ${role}: Allow {Service:lambda.amazonaws.com} sts:AssumeRole`,
    ...[...FUNCTIONS[name], ...EVERY_FUNCTION, ...network].flatMap((permission) =>
      lines(role, permission, RESOURCES[permission.on](name)),
    ),
  ];
};

const lines = (
  role: string,
  { actions, only, effect = 'Allow' }: Permission,
  resources: string | string[],
): string[] =>
  actions.flatMap((action) =>
    [resources]
      .flat()
      .map(
        (resource) => `${role}: ${effect} ${action} on ${resource}${only ? ` if ${CONDITIONS[only]}` : ''}`,
      ),
  );

const useOfKey = (
  role: string,
  condition: string,
  actions = ['kms:Decrypt', 'kms:GenerateDataKey'],
): string[] => actions.map((action) => `${role}: Allow ${action} on ${arnOf('LogKey')} if ${condition}`);

/**
 * CDK lets a machine with a key and a log use the key for CloudWatch's delivery of the log, and for a machine without
 * a name, which is none.
 */
const grantedByCdk = (role: string): string[] => [
  ...useOfKey(
    role,
    `{StringEquals:{kms:EncryptionContext:aws:states:stateMachineArn:${inPartition(`states:${REGION}:${ACCOUNT}:stateMachine:`)}}}`,
  ),
  `${role}: Allow kms:GenerateDataKey on ${arnOf('LogKey')} if {StringEquals:{kms:EncryptionContext:SourceArn:${inPartition(`logs:${REGION}:${ACCOUNT}:*`)}}}`,
];

/** What the definition calls, read from the definition, and nothing else. */
const grantsOfMachine = (machine: Machine): string[] => {
  const role = `${MACHINE_IDS[machine]}Role`;
  const machines = inPartition(`states:${REGION}:${ACCOUNT}:stateMachine:*`);
  return [
    `to be ${role}: Allow {Service:states.amazonaws.com} sts:AssumeRole if {ArnLike:{aws:SourceArn:${machines}},StringEquals:{aws:SourceAccount:${ACCOUNT}}}`,
    ...EVERY_MACHINE.flatMap((permission) => lines(role, permission, '*')),
    ...useOfKey(role, forMachine(machine)),
    ...otherKeysOf(machine, role),
    ...grantedByCdk(role),
    ...calledBy(machine).map((call) => `${role}: Allow ${call}`),
  ];
};

/** The rotation starts the retirement; the recovery looks at what was stopped. */
const otherKeysOf = (machine: Machine, role: string): string[] => {
  if (machine === 'rotation') return useOfKey(role, forMachine('retirement'));
  if (machine === 'retirement') return [];
  return (['rotation', 'retirement'] as const).flatMap((other) =>
    useOfKey(role, forMachine(other), ['kms:Decrypt']),
  );
};

/** The value of a key, whichever state it is in. */
const valuesOf = (machine: Machine, key: string): string[] => {
  const definition = JSON.stringify(readDefinition(machine));
  return [
    ...new Set(
      [...definition.matchAll(new RegExp(`"${key}":"([^"]+)"`, 'g'))].map(([, value = '']) => value),
    ),
  ];
};

/** Each that a text names by its placeholder. */
const functionsIn = (text: string): string[] =>
  [...text.matchAll(/\$\{(\w+)FunctionArn\}/g)].map(
    ([, name]) => `lambda:InvokeFunction on ${arnOf(`RotationFunctions${name}`)}`,
  );

/**
 * What each kind of task takes:
 * https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html (a function by its ARN),
 * https://docs.aws.amazon.com/step-functions/latest/dg/connect-sns.html,
 * https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html (without .sync)
 */
const calledBy = (machine: Machine): string[] =>
  valuesOf(machine, 'Resource').flatMap((resource) => {
    const [, name] = /^\$\{(\w+)FunctionArn\}$/.exec(resource) ?? [];
    if (name) return functionsIn(resource);
    switch (resource) {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a placeholder of the definition
      case '${InvokeFunction}':
        return valuesOf(machine, 'FunctionName').flatMap(functionsIn);
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a placeholder of the definition
      case '${Publish}':
        return valuesOf(machine, 'TopicArn').map((topic) => `sns:Publish on ${byPlaceholder(topic)}`);
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a placeholder of the definition
      case '${StartExecution}':
        return valuesOf(machine, 'StateMachineArn').map(
          (arn) => `states:StartExecution on ${byPlaceholder(arn)}`,
        );
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a placeholder of the definition
      case '${DescribeExecution}':
        return MACHINES.map((described) => `states:DescribeExecution on ${executionsOf(described)}`);
      default:
        throw new Error(`what a task with the resource ${resource} takes is not known here`);
    }
  });

const byPlaceholder = (placeholder: string): string => {
  const known: Record<string, string> = {
    '${OperatorsTopicArn}': TOPIC,
    '${RetirementStateMachineArn}': ref(MACHINE_IDS.retirement),
  };
  return known[placeholder] ?? `what ${placeholder} stands for`;
};

/** EventBridge starts a recovery of what was cut off. */
const grantsOfRecoveryRule = (): string[] => [
  'to be RotationRecoveryRuleRole: Allow {Service:events.amazonaws.com} sts:AssumeRole',
  `RotationRecoveryRuleRole: Allow states:StartExecution on ${ref(MACHINE_IDS.recovery)}`,
  ...useOfKey('RotationRecoveryRuleRole', forMachine('recovery')),
];

/** All but those that only watch; the rules have them in this order, five each. */
const KEPT_READY = FUNCTION_NAMES.filter((name) => name !== 'ReportOutcome' && name !== 'CheckCredentials');

/** Secrets Manager, for secrets of this account only; and the rules that are there for it. */
const callers = (): string[] => [
  `to call: Allow secretsmanager.amazonaws.com lambda:InvokeFunction on ${arnOf(functionId('Trigger'))} if {SourceAccount:${ACCOUNT}}`,
  `to call: Allow events.amazonaws.com lambda:InvokeFunction on ${arnOf(functionId('ReportOutcome'))} if {SourceArn:${arnOf('RotationOutcomeReporterEnded')}}`,
  ...['Daily1', 'Hourly1'].map(
    (rule) =>
      `to call: Allow events.amazonaws.com lambda:InvokeFunction on ${arnOf(functionId('CheckCredentials'))} if {SourceArn:${arnOf(`RotationCredentialCheck${rule}`)}}`,
  ),
  `to call: Allow events.amazonaws.com lambda:InvokeFunction on ${arnOf(functionId('FinishSecret'))} if {SourceArn:${arnOf('RotationWarmFinishSecretExecutionBegins')}}`,
  ...KEPT_READY.map(
    (name, number) =>
      `to call: Allow events.amazonaws.com lambda:InvokeFunction on ${arnOf(functionId(name))} if {SourceArn:${arnOf(`RotationKeepActiveDaily${Math.floor(number / 5) + 1}`)}}`,
  ),
];

/** The alarms of this account; no one without TLS. */
const publishers = (): string[] => [
  `to publish: Allow {Service:cloudwatch.amazonaws.com} sns:Publish on ${TOPIC} if {StringEquals:{aws:SourceAccount:${ACCOUNT}}}`,
  `to publish: Deny * sns:Publish on ${TOPIC} if {Bool:{aws:SecureTransport:false}}`,
];
