import type { Ports } from './ports.ts';
import type { TakenDown } from './take-down.ts';

/** What was seen: one sentence for the table, and the facts as they came. There is no password and no ARN in either. */
export interface Seen {
  readonly seen: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

interface About {
  /** Never changes: the stand-ins' rules point at it. */
  readonly id: string;
  readonly question: string;
  /** Why the local stack can't answer it, or can't in the time of a test. */
  readonly notHere?: string;
}

/** Something that no one knows who has not asked AWS. */
export interface Asked extends About {
  /** Begun when the ground is there, beside everything else: it takes long, and needs no rotation. */
  readonly beside?: true;
  readonly ask: (ports: Ports) => Promise<Seen>;
}

/** An open question that a run of an hour can't answer. It is told, so that no one takes it for forgotten. */
export interface NotAsked extends About {
  readonly notAnywhere: string;
}

export type Question = Asked | NotAsked;

/** What the way down shows by itself. */
export interface Afterwards extends About {
  readonly from: (taken: TakenDown) => Seen;
}

/** Questions that belong together. */
export interface Group {
  readonly name: string;
  readonly questions: readonly Question[];
  readonly afterwards?: readonly Afterwards[];
}
