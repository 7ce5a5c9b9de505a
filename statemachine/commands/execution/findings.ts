import type { HistoryEvent } from '@aws-sdk/client-sfn';
import { asObject, parseObject } from '../../../functions/report-outcome/execution-result.ts';

/** What a check found: the shape is that of functions/contract/findings.ts, of whichever version is deployed. */
export interface Finding {
  readonly verdict: 'ready' | 'uncertain' | 'not-ready';
  readonly topic: string;
  readonly what: string;
  readonly remedy: string | undefined;
  /** Of the runbook. */
  readonly section: string | undefined;
  /** The steps whose functions say so. */
  readonly steps: readonly string[];
}

/**
 * What the functions said. The last output of the state Check has it all, also where the execution was refused for it. What several say in
 * the same words is one finding.
 */
export const findingsIn = (events: readonly HistoryEvent[]): Finding[] => {
  const outputs = events.flatMap(({ stateExitedEventDetails: exited }) =>
    exited?.name === 'Check' ? [exited.output] : [],
  );
  const { findings } = parseObject(outputs.at(-1));
  const found = new Map<string, Finding>();
  for (const each of Array.isArray(findings) ? findings : []) {
    const { verdict, topic, what, remedy, section, step } = asObject(each);
    if (verdict !== 'ready' && verdict !== 'uncertain' && verdict !== 'not-ready') continue;
    const key = JSON.stringify([verdict, topic, what, remedy]);
    const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
    found.set(key, {
      verdict,
      topic: text(topic) ?? '',
      what: text(what) ?? '',
      remedy: text(remedy),
      section: text(section),
      steps: [...(found.get(key)?.steps ?? []), text(step) ?? ''],
    });
  }
  return [...found.values()];
};
