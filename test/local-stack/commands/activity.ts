import { setInterval as every } from 'node:timers/promises';
import type { Executions, LocalStack } from '../deployment/index.ts';

const POLL_MS = 500;

type Described = Awaited<ReturnType<Executions['describe']>>;

/** Tells of each execution that begins from now on, and how it ends. Never returns, unless the stack is gone. */
export const tellExecutions = async (stack: LocalStack, tell: (line: string) => void): Promise<void> => {
  const machines = Object.entries({
    rotation: stack.executions,
    recovery: stack.recoveries,
    retirement: stack.retirements,
  });
  const ended = new Set<string>();
  const begun = new Set<string>();
  for (const [, executions] of machines) for (const arn of await executions.list()) ended.add(arn);
  for await (const _ of every(POLL_MS)) {
    for (const [machine, executions] of machines) {
      // The oldest first, as they began.
      const open = (await executions.list()).filter((arn) => !ended.has(arn)).reverse();
      for (const arn of open) {
        const execution = await executions.describe(arn);
        const what = `${machine} ${subjectOf(execution)}`;
        if (!begun.has(arn)) tell(`${what}: begun, ${arn}`);
        begun.add(arn);
        if (execution.status === 'RUNNING') continue;
        ended.add(arn);
        tell(`${what}: ${endOf(execution)}`);
      }
    }
  }
};

const parsed = (text: string | undefined): Record<string, unknown> => {
  const value: unknown = JSON.parse(text ?? '{}');
  return typeof value === 'object' && value !== null ? { ...value } : {};
};

const subjectOf = ({ input }: Described): string => {
  const { secretId, mode, executionArn } = parsed(input);
  if (typeof executionArn === 'string') return `after ${executionArn.split(':').at(-1)}`;
  return `of ${String(secretId).split(':secret:').at(-1)}${mode === undefined ? '' : ` (${mode})`}`;
};

const endOf = ({ status, error, cause, output, startDate, stopDate }: Described): string => {
  const seconds = ((stopDate?.getTime() ?? 0) - (startDate?.getTime() ?? 0)) / 1000;
  const how =
    status === 'SUCCEEDED'
      ? String(parsed(output).outcome ?? '')
      : `${error ?? 'no error'}: ${cause ?? 'no cause'}`;
  return `${status} after ${seconds.toFixed(1)} s, ${how}`;
};
