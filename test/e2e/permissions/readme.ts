import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  EVERY_FUNCTION,
  EVERY_MACHINE,
  FUNCTION_NAMES,
  FUNCTIONS,
  IN_A_VPC,
  OUTSIDE_ANY_VPC,
  type Permission,
} from './permission-table.ts';

/** The table of permissions as infra/README.md shows it. `node test/e2e/permissions/readme.ts` writes it there. */

const README = join(import.meta.dirname, '..', '..', '..', 'infra', 'README.md');
const BEGIN = '<!-- permissions: written by node test/e2e/permissions/readme.ts -->';
const END = '<!-- end of permissions -->';

interface Row extends Omit<Permission, 'on'> {
  readonly who: string;
  readonly on: string;
}

/** Permissions that several functions have for the same reason are one row. */
const ofFunctions = (): Row[] => {
  const all = FUNCTION_NAMES.flatMap((name) => FUNCTIONS[name].map((permission) => ({ name, permission })));
  const groups = Map.groupBy<string, { name: string; permission: Permission }>(all, ({ permission }) =>
    JSON.stringify(permission),
  );
  return [...groups.values()]
    .flatMap((group) => {
      const who = group.map(({ name }) => name).join(', ');
      return group.slice(0, 1).map(({ permission }) => ({ who, ...permission }));
    })
    .sort((one, other) => Number(one.who.includes(',')) - Number(other.who.includes(',')));
};

const ROWS: readonly Row[] = [
  ...ofFunctions(),
  ...EVERY_FUNCTION.map((permission) => ({ who: 'every function', ...permission })),
  ...IN_A_VPC.map((permission) => ({
    who: `every function in a VPC: all but ${OUTSIDE_ANY_VPC.join(', ')}`,
    ...permission,
  })),
  {
    who: 'every state machine',
    actions: ['lambda:InvokeFunction'],
    on: 'the functions that the definition names',
    why: 'does its steps',
  },
  {
    who: 'every state machine',
    actions: ['sns:Publish'],
    on: "the operators' topic",
    why: 'tells when manual action is required',
  },
  {
    who: 'rotation machine',
    actions: ['states:StartExecution'],
    on: 'the retirement machine',
    why: 'has the predecessor retired',
  },
  {
    who: 'recovery machine',
    actions: ['states:DescribeExecution'],
    on: 'executions of each state machine',
    why: 'learns what a stopped one was started with',
  },
  ...EVERY_MACHINE.map((permission) => ({ who: 'every state machine', ...permission })),
  {
    who: 'every state machine',
    actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
    on: 'the key of the state machines, for its own executions only',
    why: 'reads and writes what its executions hold, if they have a key of yours; the rotation also starts the retirement, and the recovery reads (`kms:Decrypt` only) what the others were started with',
  },
  {
    who: 'every state machine',
    actions: ['kms:GenerateDataKey'],
    on: 'the key of the state machines, for logs of this account only',
    why: 'has errors logged, if they have a key of yours',
  },
  {
    who: 'rule for what was cut off',
    actions: ['states:StartExecution'],
    on: 'the recovery machine',
    why: 'starts the recovery',
  },
  {
    who: 'rule for what was cut off',
    actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
    on: 'the key of the state machines, for the recovery machine only',
    why: 'starts executions, if they have a key of yours',
  },
];

export const table = (): string =>
  [
    '| who | may | on | because it |',
    '|---|---|---|---|',
    ...ROWS.map((row, index) => {
      const who = ROWS[index - 1]?.who === row.who ? '' : row.who;
      const isDenied = row.effect === 'Deny';
      const only = row.only ? `, ${row.only}${isDenied ? '' : ' only'}` : '';
      return `| ${who} | ${isDenied ? '**not** ' : ''}${actionsOf(row)} | ${row.on}${only} | ${row.why} |`;
    }),
  ].join('\n');

/** The service is named once. */
const actionsOf = ({ actions }: Row): string =>
  actions.map((action, index) => `\`${index === 0 ? action : action.split(':')[1]}\``).join(', ');

/** What the README has between its two marks. */
export const written = (): string => {
  const [, rest = ''] = readFileSync(README, 'utf8').split(BEGIN);
  return rest.split(END)[0]?.trim() ?? '';
};

if (import.meta.main) {
  const [before, rest = ''] = readFileSync(README, 'utf8').split(BEGIN);
  const [, after = ''] = rest.split(END);
  writeFileSync(README, `${before}${BEGIN}\n\n${table()}\n\n${END}${after}`);
}
