import type { RotationRecord, Verdict } from './demonstration/rotation-record.ts';
import type { Terminal } from './terminal.ts';
import { wrap } from './wrap.ts';

const NEXT = [
  'npm run stack    the same stack, for commands of your own (test/README.md)',
  'README.md        which strategy for which secret, and how to deploy it',
];

/** Below the table: why one failed, the sum of all, and where to go on. */
export const printSummary = (verdicts: readonly Verdict[], terminal: Terminal): void => {
  for (const { record } of verdicts) tellFailure(record, terminal);
  tellSum(verdicts, terminal);
  for (const line of NEXT) terminal.line(line);
};

const tellFailure = ({ name, error, cause }: RotationRecord, terminal: Terminal): void => {
  if (error === null) return;
  terminal.line();
  terminal.line(`${name} ended in ${terminal.style('yellow', error)}. An operator reads:`);
  for (const line of wrap(cause ?? 'no cause', '  ')) terminal.line(line);
};

const tellSum = (verdicts: readonly Verdict[], terminal: Terminal): void => {
  const seconds = verdicts.reduce((sum, { record }) => sum + record.seconds, 0);
  const broken = verdicts.filter(({ problems }) => problems.length > 0).length;
  const checks = broken === 0 ? 'every check held' : `checks FAILED in ${broken}`;
  const sum = `${verdicts.length} rotations in ${seconds.toFixed(1)} s: ${checks}`;
  terminal.line();
  terminal.line(terminal.style(broken === 0 ? 'green' : 'red', sum));
  terminal.line();
};
