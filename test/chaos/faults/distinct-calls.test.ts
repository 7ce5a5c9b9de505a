import { describe, expect, it } from 'vitest';
import { type Call, nameOf } from './call.ts';
import { distinctCalls } from './distinct-calls.ts';

/** Calls as a run records them: `side step operation`, numbered by how often each came. */
const run = (...lines: string[]): Call[] => {
  const counts = new Map<string, number>();
  return lines.map((line) => {
    const [side, step = '', operation = ''] = line.split(' ');
    const nth = (counts.get(`${step} ${operation}`) ?? 0) + 1;
    counts.set(`${step} ${operation}`, nth);
    return { side: side as Call['side'], step, operation, nth };
  });
};

const namesOf = (...lines: string[]): string[] => distinctCalls(run(...lines)).map(nameOf);

const BEGIN = 'function Step invoke';
const READ = 'secrets-manager Step DescribeSecret';
const OTHER_READ = 'secrets-manager Step GetSecretValue';
const WRITE = 'secrets-manager Step PutSecretValue';

describe('the calls that the crash matrix of the deployed stack breaks', () => {
  it('are all changes, and of the reads between two of them the first of each operation', () => {
    expect(namesOf(BEGIN, READ, OTHER_READ, READ, WRITE, READ, READ, WRITE)).toEqual([
      'Step/invoke-1',
      'Step/DescribeSecret-1',
      'Step/GetSecretValue-1',
      'Step/PutSecretValue-1',
      'Step/DescribeSecret-3',
      'Step/PutSecretValue-2',
    ]);
  });

  it('begin anew with each call of a function, which knows nothing of the one before', () => {
    expect(namesOf(BEGIN, READ, BEGIN, READ)).toEqual([
      'Step/invoke-1',
      'Step/DescribeSecret-1',
      'Step/invoke-2',
      'Step/DescribeSecret-2',
    ]);
  });

  it('are those of each step, whatever other steps have read', () => {
    expect(namesOf(READ, READ.replace('Step', 'Trigger'))).toEqual([
      'Step/DescribeSecret-1',
      'Trigger/DescribeSecret-1',
    ]);
  });

  it('have a login as one call, though it takes two messages', () => {
    expect(namesOf('database Step saslStart', 'database Step saslContinue')).toEqual(['Step/saslStart-1']);
  });

  it('come once, even if a call of the same name is recorded twice', () => {
    const twice = run(BEGIN, WRITE);
    expect(distinctCalls([...twice, ...twice]).map(nameOf)).toEqual([
      'Step/invoke-1',
      'Step/PutSecretValue-1',
    ]);
  });
});
