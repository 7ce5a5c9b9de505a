import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runbookSectionAt, terminalBlocks } from '../../../../statemachine/commands/execution/runbook.ts';
import { pasteable } from '../../../../statemachine/commands/execution/runbook-commands.ts';

const RUNBOOK = readFileSync(join(import.meta.dirname, '../../../../statemachine/RUNBOOK.md'), 'utf8');
const NAMES = {
  secret: 'my/app',
  stack: 'mine',
  machines: { rotation: 'arn:of:rotation', recovery: 'arn:of:recovery', retirement: 'arn:of:retirement' },
  command: (...words: string[]) => ['docdb-rotation', ...words].join(' '),
};

const section = (anchor: string, names: Partial<typeof NAMES> | { secret: undefined } = {}): string =>
  pasteable(runbookSectionAt(RUNBOOK, anchor)?.text ?? '', { ...NAMES, ...names });

describe('the runbook’s commands in a terminal', () => {
  it.each([
    ['rolledback', 'docdb-rotation rotate my/app'],
    ['back-to-the-credential-before', 'docdb-rotation revert my/app'],
    ['start-a-recovery', 'docdb-rotation recover my/app'],
    ['recoveryfailed', 'docdb-rotation recover my/app --reset-through-admin'],
    ['break-glass', 'docdb-rotation recover my/app --reset-through-cluster'],
    ['it-is-3-am', 'docdb-rotation verify my/app'],
  ])('are verbs of the command where they start an execution: %s', (anchor, command) => {
    expect(section(anchor)).toContain(`${command}\n`);
  });

  it('start no execution in any other way, but for a retirement', () => {
    const whole = pasteable(RUNBOOK, NAMES);
    const starts = [...whole.matchAll(/start-execution --state-machine-arn (\S+)/g)].map(([, arn]) => arn);
    expect(new Set(starts)).toEqual(new Set(['arn:of:retirement']));
  });

  it('have the names that are known filled in, and no others', () => {
    const text = section('untrustedversionerror');
    expect(text).toContain('--secret-id my/app');
    expect(text).not.toContain('$SECRET');
    expect(section('untrustedversionerror', { secret: undefined })).toContain('--secret-id "$SECRET"');
    expect(pasteable('a "$EACH" "$STACK"', NAMES)).toBe('a "$EACH" mine');
  });

  it('quote a name that a shell would read', () => {
    expect(pasteable('x "$SECRET"', { ...NAMES, secret: "it's $(here)" })).toBe("x 'it'\\''s $(here)'");
  });

  it('stay where no verb starts what they start', () => {
    const other =
      'aws stepfunctions start-execution --state-machine-arn "$MACHINE" --input "{\\"secretId\\": \\"other\\"}"';
    expect(pasteable(other, NAMES)).toContain('start-execution --state-machine-arn arn:of:rotation');
  });

  it('stand in blocks of their own, also within a list', () => {
    const blocks = terminalBlocks(section('recoveryfailed'));
    expect(blocks.filter(({ wraps }) => !wraps)).toContainEqual({
      indent: 4,
      wraps: false,
      text: 'docdb-rotation recover my/app --reset-through-admin',
    });
    const items = blocks.filter(({ text }) => text.startsWith('- '));
    expect(items.length).toBeGreaterThan(5);
    for (const { text } of blocks) expect(text).not.toContain('```');
  });
});
