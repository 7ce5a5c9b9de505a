import { tableLines } from '../../statemachine/commands/terminal/table.ts';
import { stacksOf } from './names.ts';

/**
 * List prices in us-east-1, in USD, as far as they are known here: the pages fill in their numbers by script, so look there before you rely
 * on them. Other Regions cost up to twice as much.
 *
 * - db.t3.medium, by the second, at least ten minutes; 3.6 has a surcharge for its age: https://aws.amazon.com/documentdb/pricing/
 * - interface endpoints, by the begun hour and zone: https://aws.amazon.com/privatelink/pricing/
 * - secrets, by the month: https://aws.amazon.com/secrets-manager/pricing/
 * - alarms, by the month: https://aws.amazon.com/cloudwatch/pricing/
 * - functions and states: https://aws.amazon.com/lambda/pricing/, https://aws.amazon.com/step-functions/pricing/
 */
const HOURS_A_MONTH = 730;

interface Item {
  readonly what: string;
  readonly count: number;
  readonly usdPerHour: number;
  /** What is counted in begun hours. */
  readonly begunHours?: true;
}

const ITEMS: readonly Item[] = [
  { what: 'instances db.t3.medium of Amazon DocumentDB', count: 2, usdPerHour: 0.078 },
  {
    what: 'interface endpoints (Secrets Manager, Step Functions) in two zones',
    count: 4,
    usdPerHour: 0.01,
    begunHours: true,
  },
  { what: 'secrets, those of questions with them', count: 16, usdPerHour: 0.4 / HOURS_A_MONTH },
  { what: 'alarms', count: 26, usdPerHour: 0.1 / HOURS_A_MONTH },
];

/** Functions, states, requests, logs, storage and CPU credits of a whole run, rounded up. */
const ALL_ELSE_USD = 0.5;

/** How long each part takes. What AWS needs for a cluster, and to take network interfaces away, varies most. */
const PARTS = [
  { what: 'deploy the ground: VPC, endpoints, cluster', minutes: 12 },
  { what: 'deploy the rotation; meanwhile the questions that take long begin', minutes: 5 },
  { what: 'questions, rotations, faults', minutes: 13 },
  { what: 'take down, with the wait for network interfaces of functions', minutes: 14 },
];

export const PLANNED_MINUTES = PARTS.reduce((sum, { minutes }) => sum + minutes, 0);

/** What a run of so many minutes costs, in USD with two digits. */
export const estimateUsd = (minutes: number): number => {
  const hours = minutes / 60;
  const items = ITEMS.map(
    ({ count, usdPerHour, begunHours }) => count * usdPerHour * (begunHours ? Math.ceil(hours) : hours),
  );
  return Number((items.reduce((sum, each) => sum + each, 0) + ALL_ELSE_USD).toFixed(2));
};

/** What `--plan` prints. */
export const planLines = (name: string, region: string, engineVersion: string): string[] => {
  const { ground, rotation } = stacksOf(name);
  const costs = ITEMS.map(({ what, count, usdPerHour, begunHours }) => [
    `${count}`,
    what,
    `${(count * usdPerHour * (begunHours ? 1 : PLANNED_MINUTES / 60)).toFixed(3)} USD`,
  ]);
  return [
    `In ${region}, with engine version ${engineVersion}, two CloudFormation stacks:`,
    '',
    `${ground}: a VPC with two isolated subnets, two interface endpoints, a DocumentDB cluster with`,
    '  two instances, four secrets, two functions with their roles and logs, five security groups',
    `${rotation}: the construct: twelve functions with their roles and logs, three state machines,`,
    '  seven rules, 26 alarms, a topic, three schedules',
    '',
    ...tableLines(
      [
        ['count', 'what costs', `for ${PLANNED_MINUTES} minutes, us-east-1`],
        ...costs,
        ['', 'functions, states, requests, logs, storage, CPU credits', `${ALL_ELSE_USD.toFixed(3)} USD`],
        ['', 'all', `${estimateUsd(PLANNED_MINUTES).toFixed(2)} USD`],
      ],
      Number.POSITIVE_INFINITY,
      0,
    ),
    '',
    ...PARTS.map(({ what, minutes }) => `${String(minutes).padStart(3)} min  ${what}`),
    `${String(PLANNED_MINUTES).padStart(3)} min  in all`,
    '',
    'Questions make secrets and two small stacks of their own, and change users that they have made. All of it is taken down',
    'at the end, but for a KMS key, whose deletion AWS carries out after seven days, at no cost.',
    'Nothing was created.',
  ];
};
