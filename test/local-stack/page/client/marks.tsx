import type { Mark } from '../model.ts';

export type Shown = Mark | 'held';

/** Each by a shape and a word, so that no one depends on its colour. Drawn on 12 by 12. */
export const SHAPES: Readonly<Record<Shown, string>> = {
  running: 'M3.5 2.5 L9.5 6 L3.5 9.5 z',
  retrying: 'M9.5 6 A3.5 3.5 0 1 1 8 3.2 M8.4 1 V3.6 H5.8',
  done: 'M2.5 6.5 L5 9 L9.5 3',
  failed: 'M3 3 L9 9 M9 3 L3 9',
  stopped: 'M3 3 H9 V9 H3 z',
  held: 'M4 2.5 V9.5 M8 2.5 V9.5',
};

export const WORDS: Readonly<Record<Shown, string>> = {
  running: 'running',
  retrying: 'failed, is tried again',
  done: 'done',
  failed: 'failed',
  stopped: 'stopped here',
  held: 'held',
};

const OF_STATUS: Readonly<Record<string, Shown>> = {
  RUNNING: 'running',
  SUCCEEDED: 'done',
  FAILED: 'failed',
  ABORTED: 'stopped',
  TIMED_OUT: 'stopped',
};

export const shownOf = (status: string): Shown => OF_STATUS[status] ?? 'stopped';

export const Icon = ({ shown }: { shown: Shown }) => (
  <svg class={`icon ${shown}`} viewBox="0 0 12 12" width="14" height="14" aria-hidden="true">
    <path d={SHAPES[shown]} />
  </svg>
);
