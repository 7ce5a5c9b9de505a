import { expect, it } from 'vitest';
import { csvOf, rowOf } from '../../../../statemachine/commands/report.ts';

it('writes no cell that a spreadsheet takes for a formula', () => {
  const row = rowOf({
    arn: 'arn:aws:states:eu-central-1:111122223333:execution:rotation:x',
    name: 'x',
    machine: 'rotation',
    machineArn: 'arn:aws:states:eu-central-1:111122223333:stateMachine:rotation',
    status: 'FAILED',
    started: new Date(0),
    stopped: new Date(1000),
    input: { secretId: '=HYPERLINK("https://example.com")' },
    output: {},
    error: 'InvalidSecretError',
    cause: undefined,
  });
  const [, text = ''] = csvOf([row]).split('\n');
  expect(text).toMatch(/^"'=HYPERLINK\(""https/);
  expect(text).toContain(
    ',rotate,on demand,1970-01-01T00:00:00.000Z,1970-01-01T00:00:01.000Z,Refused,InvalidSecretError,',
  );
});
