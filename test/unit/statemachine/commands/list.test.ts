import { expect, it } from 'vitest';
import { onceEach, type Row, tellShared } from '../../../../statemachine/commands/list.ts';

const row = (secret: string, stack: string, lastExecution?: string): Row => ({
  secret,
  stack,
  arn: `arn:of:${secret}`,
  strategy: 'single-user',
  cluster: undefined,
  user: undefined,
  made: undefined,
  last: '-',
  lastExecution,
  next: undefined,
  daysLate: 0,
  state: 'ok',
});

it('a secret of several stacks stands once, with the one that acted on it', () => {
  const acted = row('b', 'two', 'arn:of:it');
  expect(onceEach([row('b', 'one'), acted, row('a', 'one'), row('b', 'three')])).toEqual([
    row('a', 'one'),
    acted,
  ]);
});

it('two secrets of one user at one cluster say so, whichever has a port on record', () => {
  const of = (secret: string, user: string, cluster: string) => ({ ...row(secret, 'one'), user, cluster });
  const rows = [
    of('a', 'app', 'shop.example:27017'),
    of('b', 'app', 'shop.example'),
    of('c', 'app', 'mail.example:27017'),
    of('d', 'other', 'shop.example:27017'),
    { ...of('e', 'app', 'shop.example'), state: 'late by 3 days' },
    row('f', 'one'),
    row('g', 'one'),
  ];
  expect(tellShared(rows).map(({ secret, state }) => [secret, state])).toEqual([
    ['a', "its user is also b's"],
    ['b', "its user is also a's"],
    ['c', 'ok'],
    ['d', 'ok'],
    ['e', 'late by 3 days'],
    ['f', 'ok'],
    ['g', 'ok'],
  ]);
});
