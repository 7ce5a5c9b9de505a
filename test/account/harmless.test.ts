import { expect, it } from 'vitest';
import { AnswersFile } from './answers.ts';
import { answersTable, summaryLines } from './answers-table.ts';
import { harmless } from './harmless.ts';

const ACCOUNT = '111122223333';

it.each([
  [`arn:aws:states:eu-central-1:${ACCOUNT}:execution:machine:name`, '(ARN of states)'],
  [`"arn:aws-cn:iam::${ACCOUNT}:role/kit-role" may not`, '"(ARN of iam)" may not'],
  ['kit.cluster-abc123.eu-central-1.docdb.amazonaws.com:27017', '(host):27017'],
  ['from 10.0.1.23, port 1', 'from (address), port 1'],
  [`account ${ACCOUNT}`, 'account (account)'],
  ['version 5.0.0, 30 s', 'version 5.0.0, 30 s'],
])('%s is told as %s', (text, told) => {
  expect(harmless({ deep: [text], kept: 1, none: null })).toEqual({ deep: [told], kept: 1, none: null });
});

it('a run that was stopped is told as one, and what is still there with the way to take it down', () => {
  const common = { group: 'labels', question: 'What?', seconds: 1 };
  const file = AnswersFile.parse({
    shape: 1,
    project: '0.2.0',
    place: 'aws',
    region: 'eu-central-1',
    engine: { asked: '5.0.0', told: null },
    started: '2026-01-01T00:00:00.000Z',
    ended: '2026-01-01T00:10:00.000Z',
    minutes: 10,
    estimatedUsd: 0.5,
    complete: false,
    stoppedBy: 'stopped by SIGINT',
    takenDown: { seconds: 1, slowest: [], left: ['stack kit-ground'] },
    answers: [
      { ...common, id: 'one', outcome: 'answered', seen: 'this\nand that', facts: {} },
      { ...common, id: 'two', outcome: 'not asked here', why: 'no such thing' },
      { ...common, id: 'three', outcome: 'failed', error: 'Error: it broke' },
    ],
  });
  const table = answersTable(file).join('\n');
  expect(table).toMatch(/one .+this and that/);
  expect(table).toMatch(/two .+not asked here: no such thing/);
  expect(table).toMatch(/three .+FAILED: Error: it broke/);
  expect(summaryLines(file)).toEqual([
    '1 answered, 1 not asked here, 1 failed; 10 minutes, about 0.50 USD',
    'not complete: stopped by SIGINT',
    'STILL THERE: stack kit-ground: run it with --down',
  ]);
});
