/**
 * What every role may do, and what for: all of it, and no more. The template is held to this table, the runs on the
 * local stack show that each line is needed, and the README shows it.
 */
export interface Permission {
  readonly actions: readonly string[];
  readonly on: ResourceName;
  /** @default - whenever it is asked for */
  readonly only?: ConditionName;
  /** @default 'Allow' */
  readonly effect?: 'Allow' | 'Deny';
  readonly why: string;
}

export type ResourceName =
  | 'the secret'
  | 'its admin secret'
  | "the secret's KMS key"
  | "the admin secret's KMS key"
  | 'every resource'
  | 'the rotation machine'
  | 'the rotation and the recovery machine'
  | 'its executions'
  | 'executions of the recovery'
  | 'executions of the retirement'
  | 'the key of the state machines'
  | "the key of the functions' environment"
  | 'the default event bus'
  | "the operators' topic"
  | 'its cluster'
  | 'its own log group';

export type ConditionName =
  | 'through Secrets Manager'
  | 'with the source docdb-rotation'
  | 'by its own code'
  | 'for functions of this account'
  | 'the tag docdb-rotation:proven'
  | 'the tags docdb-rotation:proven, docdb-rotation:user and docdb-rotation:cluster'
  | 'the tags docdb-rotation:proven and docdb-rotation:begun'
  | 'the tags docdb-rotation:proven and docdb-rotation:dropped'
  | 'for the rotation machine'
  | 'for the recovery machine'
  | 'for the retirement machine';

const secretsManager = (...operations: string[]) => operations.map((name) => `secretsmanager:${name}`);

const read = (why: string): Permission => ({
  actions: secretsManager('DescribeSecret', 'GetSecretValue'),
  on: 'the secret',
  why,
});

const readAdmin = (why: string): Permission => ({
  actions: secretsManager('DescribeSecret', 'GetSecretValue'),
  on: 'its admin secret',
  why,
});

const moveLabels = (why: string): Permission => ({
  actions: secretsManager('DescribeSecret', 'UpdateSecretVersionStage'),
  on: 'the secret',
  why,
});

const writeVersion = (why: string): Permission => ({
  actions: secretsManager('DescribeSecret', 'GetSecretValue', 'PutSecretValue', 'UpdateSecretVersionStage'),
  on: 'the secret',
  why,
});

const recordProven = (why: string): Permission => ({
  actions: secretsManager('TagResource'),
  on: 'the secret',
  only: 'the tag docdb-rotation:proven',
  why,
});

const recordPromoted = (why: string): Permission => ({
  ...recordProven(why),
  only: 'the tags docdb-rotation:proven, docdb-rotation:user and docdb-rotation:cluster',
});

const recordBegun = (why: string): Permission => ({
  ...recordProven(why),
  only: 'the tags docdb-rotation:proven and docdb-rotation:begun',
});

const recordDropped = (why: string): Permission => ({
  ...recordProven(why),
  only: 'the tags docdb-rotation:proven and docdb-rotation:dropped',
});

const makePassword = (why: string): Permission => ({
  actions: secretsManager('GetRandomPassword'),
  on: 'every resource',
  why,
});

const KEY_OF_SECRET: Permission = {
  actions: ['kms:Decrypt'],
  on: "the secret's KMS key",
  only: 'through Secrets Manager',
  why: 'reads the secret, if it has a key of its own',
};

const KEY_OF_WRITTEN_SECRET: Permission = {
  ...KEY_OF_SECRET,
  actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
  why: 'reads and writes the secret, if it has a key of its own',
};

const KEY_OF_ADMIN_SECRET: Permission = {
  ...KEY_OF_SECRET,
  on: "the admin secret's KMS key",
  why: 'reads the admin secret, if it has a key of its own',
};

const KEY_OF_ROTATION: Permission = {
  actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
  on: 'the key of the state machines',
  only: 'for the rotation machine',
  why: 'starts executions and looks at them, if they have a key of yours',
};

const KEY_TO_LOOK_AT_ROTATION: Permission = {
  ...KEY_OF_ROTATION,
  actions: ['kms:Decrypt'],
  why: 'looks at executions, if they have a key of yours',
};

const KEY_TO_LOOK_AT_RECOVERY: Permission = {
  ...KEY_TO_LOOK_AT_ROTATION,
  only: 'for the recovery machine',
};

const KEY_TO_LOOK_AT_RETIREMENT: Permission = {
  ...KEY_TO_LOOK_AT_ROTATION,
  only: 'for the retirement machine',
};

/** What each function is for. Beside that, all have what is in EVERY_FUNCTION. */
export const FUNCTIONS = {
  CreateSecret: [
    writeVersion('writes the pending version, and takes the lock'),
    recordProven('records that the new version is of this project'),
    makePassword('makes the new password'),
    KEY_OF_WRITTEN_SECRET,
  ],
  SetSecret: [
    read('knows the old and the new credential'),
    {
      actions: secretsManager('UpdateSecretVersionStage'),
      on: 'the secret',
      why: 'puts AWSPENDING back, if a value written by hand took it off',
    },
    readAdmin('changes users that may not change themselves'),
    KEY_OF_SECRET,
    KEY_OF_ADMIN_SECRET,
  ],
  TestSecret: [
    read('logs in with each version'),
    readAdmin('looks at the other user of a pair, or for a missing one'),
    KEY_OF_SECRET,
    KEY_OF_ADMIN_SECRET,
  ],
  FinishSecret: [
    moveLabels('promotes the pending version'),
    recordProven('records whose two users take turns, before it promotes one of them'),
  ],
  RestoreCredential: [
    read('knows which credential was good'),
    readAdmin('puts back users that may not change themselves'),
    makePassword('locks the user that was locked before'),
    KEY_OF_SECRET,
    KEY_OF_ADMIN_SECRET,
  ],
  RestoreLabels: [moveLabels('puts the labels back')],
  ReleaseLock: [
    moveLabels('settles AWSPENDING, and releases the lock'),
    recordPromoted('records which versions logged in, for whom and where'),
  ],
  RecoverSecret: [
    writeVersion('takes the lock, and makes AWSCURRENT the version that logs in'),
    recordProven('records which version logged in'),
    readAdmin('resets a password, and takes the other user of a pair out of use'),
    makePassword('locks the other user of a pair'),
    {
      /** https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrds.html */
      actions: ['rds:DescribeDBClusters', 'rds:ModifyDBCluster'],
      on: 'its cluster',
      why: 'resets the primary user, if the deployment names the cluster',
    },
    KEY_OF_WRITTEN_SECRET,
    KEY_OF_ADMIN_SECRET,
  ],
  RetireUser: [
    writeVersion('takes the lock, and sees that the promoted version is still the one, and logs in'),
    readAdmin('retires users that may not change themselves'),
    recordDropped('records that the predecessor is gone: one of its name is someone else’s from then on'),
    makePassword('locks the predecessor'),
    KEY_OF_WRITTEN_SECRET,
    KEY_OF_ADMIN_SECRET,
  ],
  Trigger: [
    writeVersion('takes the lock, and writes the pending version of Secrets Manager'),
    {
      actions: secretsManager('ListSecretVersionIds'),
      on: 'the secret',
      why: 'knows whether Secrets Manager made the version',
    },
    recordBegun('records that the pending version is of this project, and on which day its rotation began'),
    makePassword('makes the new password, if Secrets Manager began'),
    { actions: ['states:StartExecution'], on: 'the rotation machine', why: 'starts the rotation' },
    { actions: ['states:DescribeExecution'], on: 'its executions', why: 'waits for its end' },
    KEY_OF_ROTATION,
    KEY_OF_WRITTEN_SECRET,
  ],
  ReportOutcome: [
    {
      actions: ['events:PutEvents'],
      on: 'the default event bus',
      only: 'with the source docdb-rotation',
      why: 'tells how an execution ended',
    },
    {
      actions: ['sns:Publish'],
      on: "the operators' topic",
      why: 'tells for which secret an alarm rings',
    },
    {
      actions: ['states:DescribeExecution'],
      on: 'its executions',
      why: 'asks for what the event came without',
    },
    {
      actions: ['states:DescribeExecution'],
      on: 'executions of the recovery',
      why: 'asks for what the event came without',
    },
    {
      actions: ['states:DescribeExecution'],
      on: 'executions of the retirement',
      why: 'asks for what the event came without',
    },
    KEY_TO_LOOK_AT_ROTATION,
    KEY_TO_LOOK_AT_RECOVERY,
    KEY_TO_LOOK_AT_RETIREMENT,
  ],
  CheckCredentials: [
    {
      actions: secretsManager('DescribeSecret'),
      on: 'the secret',
      why: 'sees its schedule, and who has the lock',
    },
    {
      actions: secretsManager('ListSecretVersionIds'),
      on: 'the secret',
      why: 'sees when AWSCURRENT was made',
    },
    {
      actions: ['states:ListExecutions'],
      on: 'the rotation and the recovery machine',
      why: 'sees whether the execution that has a lock runs',
    },
  ],
} as const satisfies Record<string, readonly Permission[]>;

export type FunctionName = keyof typeof FUNCTIONS;
export const FUNCTION_NAMES = Object.keys(FUNCTIONS) as FunctionName[];

/** What Lambda itself does with the function's role. */
export const EVERY_FUNCTION: readonly Permission[] = [
  {
    actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    on: 'its own log group',
    why: 'writes its log',
  },
  {
    actions: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'],
    on: 'every resource',
    why: 'sends its trace',
  },
  {
    actions: ['kms:Decrypt'],
    on: "the key of the functions' environment",
    only: 'for functions of this account',
    why: 'gets its environment, if that has a key of yours',
  },
];

const NETWORK = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
];

/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions */
export const IN_A_VPC: readonly Permission[] = [
  { actions: NETWORK, on: 'every resource', why: 'joins the network: Lambda does it' },
  {
    actions: NETWORK,
    on: 'every resource',
    effect: 'Deny',
    only: 'by its own code',
    why: 'only Lambda joins the network',
  },
];

/** It needs neither the database nor a secret. */
export const OUTSIDE_ANY_VPC: readonly FunctionName[] = ['ReportOutcome'];

/** Each state machine, beside what its definition calls. */
export const EVERY_MACHINE: readonly Permission[] = [
  {
    /** https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html */
    actions: [
      'logs:CreateLogDelivery',
      'logs:GetLogDelivery',
      'logs:UpdateLogDelivery',
      'logs:DeleteLogDelivery',
      'logs:ListLogDeliveries',
      'logs:PutResourcePolicy',
      'logs:DescribeResourcePolicies',
      'logs:DescribeLogGroups',
    ],
    on: 'every resource',
    why: 'has its errors logged',
  },
  {
    /** https://docs.aws.amazon.com/step-functions/latest/dg/concepts-xray-tracing.html */
    actions: [
      'xray:PutTraceSegments',
      'xray:PutTelemetryRecords',
      'xray:GetSamplingRules',
      'xray:GetSamplingTargets',
    ],
    on: 'every resource',
    why: 'sends its trace',
  },
];

/** What no run on the local stack can show to be needed, by the service it is asked of, and why. */
export const NOT_SEEN_LOCALLY: Readonly<Record<string, string>> = {
  logs: 'Lambda and Step Functions write the logs, not the code; the emulator checks no permission for it',
  xray: 'the emulator takes no traces',
  ec2: 'the local stack has no VPC; Lambda makes the interfaces, not the code',
  rds: 'the stand-in for the API of clusters checks no permission',
  kms: "the stand-in for Secrets Manager has no keys; AWS asks for the use of the secret's key",
};
