import { readFileSync, statSync } from 'node:fs';
import { Duration, type Stack, Token } from 'aws-cdk-lib';
import type { IDatabaseCluster } from 'aws-cdk-lib/aws-docdb';
import type { Schedule } from 'aws-cdk-lib/aws-events';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { LONGEST_GRACE_SECONDS, LONGEST_USERNAME } from '../../functions/contract/limits.ts';
import { RETIREMENT_POLICIES } from '../../functions/contract/strategy.ts';
import type { DocDbRotationProps } from '../docdb-rotation.ts';
import { assertSecret } from './assert-secret.ts';
import { ConfigurationError } from './configuration-error.ts';
import type { ManageOptions } from './manage-options.ts';
import { identityOf } from './names-of-secret.ts';
import { refuseRenamed } from './renamed.ts';

const LONGEST_GRACE = Duration.days(LONGEST_GRACE_SECONDS / (24 * 3600));

/** It is put into strings of JSONata, in JSON. An address has none of these. */
export const RUNBOOK_URL = /^[^'"\\\s]+$/;

const NEEDS_VPC = ['vpcSubnets', 'securityGroup', 'cluster', 'vpcEndpoints'] as const;

/**
 * Refuses what would deploy and then not work.
 *
 * @param stack of the rotation
 * @throws ConfigurationError that says what is wrong, and what is allowed
 */
export const checkProps = (props: DocDbRotationProps, stack: Stack): void => {
  refuseRenamed(props, (what) => {
    throw new ConfigurationError(what);
  });
  for (const name of NEEDS_VPC) {
    if (props[name] && !props.vpc) {
      throw new ConfigurationError(
        `${name} is of no use to functions outside any VPC: give vpc too, or leave ${name} out`,
      );
    }
  }
  if (props.cluster && !canBeReached(props.cluster)) {
    throw new ConfigurationError(
      'cluster is imported without its port or its security group: give it both, or leave cluster out and use connections.allowTo',
    );
  }
  const { runbookUrl } = props;
  if (runbookUrl !== undefined && !Token.isUnresolved(runbookUrl) && !RUNBOOK_URL.test(runbookUrl)) {
    throw new ConfigurationError(
      `runbookUrl is ${JSON.stringify(runbookUrl)}, which may have no quotes, backslashes or white space: write them as in an address, ' as %27`,
    );
  }
  if (props.certificateAuthorityFile !== undefined) checkAuthorityFile(props.certificateAuthorityFile);
  if (props.operatorsTopic) checkTopic(props.operatorsTopic, stack);
};

const checkAuthorityFile = (file: string): void => {
  const isFile = statSync(file, { throwIfNoEntry: false })?.isFile() === true;
  if (isFile && readFileSync(file, 'utf8').includes('-----BEGIN CERTIFICATE-----')) return;
  const what = isFile ? 'in which no certificate begins' : 'which does not exist, or is no file';
  throw new ConfigurationError(
    `certificateAuthorityFile is ${file}, ${what}: give the path of a PEM file with the authorities`,
  );
};

/** `MessageGroupId` is required for FIFO topics: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html */
const checkTopic = ({ fifo, topicArn, env }: ITopic, stack: Stack): void => {
  if (fifo || topicArn.endsWith('.fifo')) {
    throw new ConfigurationError(
      'operatorsTopic is a FIFO topic, whose messages need a group that none of these has: give a standard one',
    );
  }
  if (differ(env.region, stack.region)) {
    throw new ConfigurationError(
      `operatorsTopic is in ${env.region}, and what tells the operators in ${stack.region}; give a topic of that Region`,
    );
  }
};

const canBeReached = ({ connections }: IDatabaseCluster): boolean =>
  connections.defaultPort !== undefined && connections.securityGroups.length > 0;

/**
 * Refuses what would deploy and then not work.
 *
 * @throws ConfigurationError that says what is wrong, and what is allowed
 */
export const checkManageOptions = (secret: ISecret, options: ManageOptions, stack: Stack): void => {
  const { strategy, retirementPolicy, grace, schedule } = options;
  assertSecret(secret, 'manage()');
  const refuse = (what: string): never => {
    throw new ConfigurationError(`${secret.node.path} can't be managed like this: ${what}`);
  };
  refuseRenamed(options, refuse);
  if (strategy?.adminSecret && identityOf(strategy.adminSecret) === identityOf(secret)) {
    refuse('it is its own admin secret; give the secret of another user, or use Strategy.adminClone()');
  }
  const elsewhere = ENVIRONMENT.find((part) => differ(secret.env[part], stack[part]));
  if (elsewhere) {
    refuse(
      `its ${elsewhere} is ${secret.env[elsewhere]}, and that of the rotation ${stack[elsewhere]}; Secrets Manager takes a function of the secret's own account and Region: make a DocDbRotation there`,
    );
  }
  const admin = strategy?.adminSecret;
  if (admin && differ(admin.env.region, stack.region)) {
    refuse(
      `its admin secret is in ${admin.env.region}, and the functions read it in ${stack.region}; give one of that Region`,
    );
  }
  if (retirementPolicy !== undefined && !RETIREMENT_POLICIES.includes(retirementPolicy)) {
    refuse(`retirementPolicy is "${retirementPolicy}"; it may be ${RETIREMENT_POLICIES.join(', ')}`);
  }
  if (grace && grace.toSeconds({ integral: false }) % 1 !== 0) {
    refuse(`grace is ${grace.toHumanString()}; give whole seconds`);
  }
  if (grace && grace.toSeconds() > LONGEST_GRACE.toSeconds()) {
    refuse(`grace is ${grace.toHumanString()}; it may be ${LONGEST_GRACE.toHumanString()} at most`);
  }
  const { resetThroughAdmin: user } = options;
  if (user !== undefined && !Token.isUnresolved(user) && (user === '' || user.length > LONGEST_USERNAME)) {
    refuse(
      `resetThroughAdmin is "${user}"; it takes the name of a user, of 1 to ${LONGEST_USERNAME} characters`,
    );
  }
  if (schedule && !isScheduleOfSecretsManager(schedule)) {
    refuse(
      `schedule is ${schedule.expressionString}; it may be a rate of 4 hours to 999 days, in hours or days, or a cron expression whose minute is 0 and whose year is *`,
    );
  }
};

const ENVIRONMENT = ['account', 'region'] as const;

const differ = (one: string, other: string): boolean =>
  !Token.isUnresolved(one) && !Token.isUnresolved(other) && one !== other;

/** A rotation window opens on the hour, every year. */
const CRON = /^cron\(0( \S+){4} \*\)$/;

/**
 * EventBridge has more schedules than Secrets Manager.
 *
 * Source: https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html
 */
const isScheduleOfSecretsManager = ({ expressionString }: Schedule): boolean => {
  if (Token.isUnresolved(expressionString) || CRON.test(expressionString)) return true;
  const [, number, unit] = /^rate\((\d+) (hour|day)s?\)$/.exec(expressionString) ?? [];
  const hours = Number(number) * (unit === 'day' ? 24 : 1);
  return hours >= 4 && hours <= 999 * 24;
};
