import type { Ports } from './ports.ts';

/** What was seen: one sentence for the table, and the facts as they came. There is no password and no ARN in either. */
export interface Seen {
  readonly seen: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** Something that no one knows who has not asked AWS. */
export interface Question {
  /** Never changes: the stand-ins' rules point at it. */
  readonly id: string;
  readonly question: string;
  /** Why the local stack can't answer it, or can't in the time of a test. */
  readonly notHere?: string;
  /** Begun when the ground is there, beside everything else: it takes long, and needs no rotation. */
  readonly beside?: true;
  readonly ask: (ports: Ports) => Promise<Seen>;
}

/** Questions that belong together. */
export interface Group {
  readonly name: string;
  readonly questions: readonly Question[];
}
