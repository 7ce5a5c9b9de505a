import { expect, it } from 'vitest';
import { onceEach, type Row } from '../../../../statemachine/commands/list.ts';

const row = (secret: string, stack: string, lastExecution?: string): Row => ({
  secret,
  stack,
  arn: `arn:of:${secret}`,
  strategy: 'single-user',
  cluster: undefined,
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
