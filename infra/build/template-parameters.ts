import { CfnParameter, type CfnParameterProps, type Stack } from 'aws-cdk-lib';
import { STRATEGIES } from '../../functions/contract/strategy.ts';
import { RUNBOOK_URL } from '../options/check-props.ts';
import { KEY_ARN, SECRET_ARN } from '../options/config.ts';
import { RUNBOOK } from '../options/runbook.ts';

/** Either nothing or what fits the pattern. */
const optional = (pattern: RegExp): string => `^$|${pattern.source}`;

/** The parameters of the plain template, under the headings that the console shows them by. */
const GROUPS = {
  'What is rotated': {
    SecretArn: {
      description: 'The whole ARN of the secret to rotate',
      allowedPattern: SECRET_ARN.source,
      constraintDescription: 'must be the whole ARN of a secret, with the six characters at its end',
    },
    Strategy: {
      description:
        "How it is rotated. The secret's tag docdb-rotation:strategy has to say the same; without the tag it is a single-user",
      allowedValues: [...STRATEGIES],
    },
    AdminSecretArn: {
      description:
        "The whole ARN of the secret of a user who may change this one's. alternating-users needs it",
      default: '',
      allowedPattern: optional(SECRET_ARN),
      constraintDescription: 'must be the whole ARN of a secret, or be left out',
    },
    SecretsKeyArn: {
      description:
        'The ARN of a KMS key of your own that encrypts the secrets. Leave it out if that is a key of AWS',
      default: '',
      allowedPattern: optional(KEY_ARN),
      constraintDescription: 'must be the ARN of a KMS key, or be left out',
    },
    ScheduleExpression: {
      description:
        'When it is rotated: a rate of 4 hours to 999 days, or a cron expression whose minute is 0 and whose year is *. The deployment only tests it',
      default: 'rate(30 days)',
      allowedPattern: '^(rate\\(.+\\)|cron\\(0( \\S+){4} \\*\\))$',
      constraintDescription: 'must be a rate, or a cron expression whose minute is 0 and whose year is *',
    },
    PropagationTimeoutSeconds: {
      type: 'Number',
      description: 'How long a rotation may wait for the new credential, before it is rolled back',
      default: 600,
      minValue: 1,
    },
  },
  'Where the cluster is': {
    VpcId: { type: 'AWS::EC2::VPC::Id', description: 'The VPC of the cluster' },
    SubnetIds: {
      type: 'List<AWS::EC2::Subnet::Id>',
      description:
        'Subnets for the functions. They need a way to Secrets Manager, to Step Functions and to the cluster',
    },
    ClusterSecurityGroupId: {
      type: 'AWS::EC2::SecurityGroup::Id',
      description: "The cluster's security group. The functions are let into it",
    },
    ClusterPort: {
      type: 'Number',
      description: 'The port of that rule',
      default: 27017,
      minValue: 1,
      maxValue: 65535,
    },
  },
  'Who is told': {
    OperatorsEmail: {
      description:
        'The address that alarms are sent to, once it has confirmed. Leave it out to subscribe something else',
      default: '',
    },
    RunbookUrl: {
      description:
        'Where alarms and the causes of failures point: the address where your operators read RUNBOOK.md',
      default: RUNBOOK,
      allowedPattern: RUNBOOK_URL.source,
      constraintDescription: 'must be an address without quotes, backslashes or white space',
    },
  },
  'Where the functions were uploaded': {
    AssetsBucket: { description: 'The bucket, in the Region of this stack', minLength: 3 },
    AssetsPrefix: {
      description: 'What the keys begin with, the slash at its end included',
      default: 'docdb-rotation/',
      allowedPattern: optional(/^[^/].*\/$/),
      constraintDescription: 'must end with a slash, or be empty',
    },
  },
} satisfies Record<string, Record<string, CfnParameterProps>>;

type Groups = typeof GROUPS;
type KeysOfEach<Union> = Union extends unknown ? keyof Union : never;
export type TemplateParameterName = KeysOfEach<Groups[keyof Groups]>;
export type TemplateParameters = Readonly<Record<TemplateParameterName, CfnParameter>>;

/** Adds the parameters to the stack, in the order in which they are asked for. */
export const addParameters = (stack: Stack): TemplateParameters => {
  stack.templateOptions.metadata = {
    'AWS::CloudFormation::Interface': {
      ParameterGroups: Object.entries(GROUPS).map(([label, group]) => ({
        Label: { default: label },
        Parameters: Object.keys(group),
      })),
    },
  };
  const all = Object.values(GROUPS).flatMap((group): [string, CfnParameterProps][] => Object.entries(group));
  return Object.fromEntries(
    all.map(([name, props]) => [name, new CfnParameter(stack, name, props)]),
  ) as TemplateParameters;
};
