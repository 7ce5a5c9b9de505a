import type { Decisions } from './decisions.ts';
import {
  AIR,
  FIRST_STAGE,
  failCheck,
  IN_FLIGHT,
  inMarkerOf,
  logsIn,
  PEOPLE,
  STEPS,
  sendLate,
  type Turn,
} from './functions.ts';
import {
  arnOf,
  bit,
  copyOf,
  freeSlot,
  type Kind,
  keyOf,
  MOST_SLOTS,
  NONE,
  type Slot,
  type Stage,
  versionOf,
  WRITTEN,
} from './stage.ts';

/** Who acts, how often what may go wrong, and how many recoveries there is room for. */
export interface Cast {
  /** Attempts of Secrets Manager come first: the number of the attempt is that of the slot. */
  readonly actors: readonly Kind[];
  readonly recoveries?: number;
  readonly stops?: number;
  /** Changes of the database whose caller gives up before they are made. */
  readonly lates?: number;
  /** Checks that fail for a reason of their own. */
  readonly fails?: number;
  /** p, o: an operator takes AWSPENDING, the owner label off; b, g: writes an AWSCURRENT that does not log in, or that does. */
  readonly acts?: string;
}

export interface Found {
  readonly states: number;
  readonly ends: number;
  /** Ends that no recovery was left for: they were not judged. */
  readonly cutShort: number;
  /** The first violation that was met, with the shortest story to it. */
  readonly violation: { readonly problem: string; readonly story: readonly string[] } | undefined;
}

const FIRST_STEP: Readonly<Record<Kind, string>> = {
  rotation: 'create',
  attempt: 'begin',
  copy: 'join',
  recovery: 'look',
  'by hand': 'look',
};

const slotFor = (kind: Kind): Slot => ({
  ...freeSlot(),
  kind,
  pc: FIRST_STEP[kind],
  stopped: kind === 'by hand' ? NONE : 0,
});

export const stageOf = ({
  actors,
  recoveries = 0,
  stops = 0,
  lates = 0,
  fails = 0,
  acts = '',
}: Cast): Stage => {
  const slots = [...actors.map(slotFor), ...Array.from({ length: recoveries }, freeSlot)];
  if (slots.length > MOST_SLOTS) throw new Error(`there are ${MOST_SLOTS} slots`);
  return { ...FIRST_STAGE, stops, lates, fails, acts, slots };
};

interface Next {
  readonly name: string;
  readonly stage: Stage;
  readonly problems: readonly string[];
}

/** Everything that may happen next. */
export const nextOf = (stage: Stage, decisions: Decisions): Next[] => {
  const found: Next[] = [];
  for (const [index, slot] of stage.slots.entries()) {
    if (!mayGoOn(stage, slot, index)) continue;
    found.push(take(stage, index, decisions, slot.pc, STEPS[slot.pc] as (turn: Turn) => void));
    if (slot.pc === 'write' && stage.lates > 0 && stage.air === NONE && !slot.isStopped)
      found.push(take(stage, index, decisions, 'write, and nothing answers', sendLate, 'lates'));
    if (['check', 'test', 'after'].includes(slot.pc) && stage.fails > 0)
      found.push(take(stage, index, decisions, `${slot.pc} fails`, failCheck, 'fails'));
  }
  for (const [index, slot] of stage.slots.entries())
    if (stage.stops > 0 && isStoppable(slot)) found.push(stop(stage, index, decisions));
  if (stage.air !== NONE) found.push(land(stage));
  for (const act of stage.acts) if (/[a-z]/.test(act)) found.push(...actByHand(stage, act));
  return found;
};

/** No one has anything left to do. What an operator or a stop may still do no one waits for. */
export const isAtRest = (stage: Stage): boolean =>
  stage.air === NONE && !stage.slots.some((slot, index) => mayGoOn(stage, slot, index));

/** It may move, and it would not wait for someone. */
const mayGoOn = (stage: Stage, slot: Slot, index: number): boolean => {
  if (slot.pc === '') return false;
  if (slot.pc === 'wait' || slot.pc === 'wait for others') return slot.drain === 0;
  if (slot.pc === 'drain') return stage.air === NONE || stage.airOf !== index;
  if (slot.pc === 'await') return stage.owner === NONE;
  if (slot.pc !== 'begin') return true;
  // RotateSecret refuses while AWSPENDING is on another version than AWSCURRENT.
  if (index === 0) return stage.pending === NONE || stage.pending === stage.current;
  const earlier = stage.slots[index - 1];
  return earlier !== undefined && earlier.end !== '' && earlier.end !== 'rotated';
};

const UNSTOPPABLE = new Set(['', 'begin', 'await', 'token', 'write token']);

/** What runs; the trigger is no execution, and what a stopped one still does can't be stopped. */
const isStoppable = ({ kind, pc, isStopped }: Slot): boolean =>
  kind !== 'free' && !isStopped && !UNSTOPPABLE.has(pc);

const take = (
  before: Stage,
  index: number,
  decisions: Decisions,
  name: string,
  step: (turn: Turn) => void,
  spends?: 'lates' | 'fails',
): Next => {
  const stage = copyOf(before);
  const slot = stage.slots[index] as Slot;
  const problems: string[] = [];
  // Where no one waits for the drain, nothing is waited for.
  step({
    stage,
    slot,
    index,
    decisions,
    problem: (text) => problems.push(`${slot.kind} ${index} ${name}: ${text}`),
  });
  if (spends !== undefined) stage[spends] -= 1;
  if (!decisions.waitsForDrain) slot.drain = 0;
  if (!IN_FLIGHT.has(slot.pc)) leave(stage, slot, index);
  if (slot.end === 'superseded' && !slot.isStopped) recover(stage, index, decisions, 'FAILED');
  return {
    name: `${slot.kind} ${index}: ${name}${slot.end === '' ? '' : ` (${slot.end})`}`,
    stage,
    problems,
  };
};

/** Its function has ended: the one who waited for it waits no more, and a stopped execution does nothing further. */
const leave = (stage: Stage, slot: Slot, index: number): void => {
  for (const other of stage.slots) other.drain &= ~bit(index);
  if (slot.isStopped) slot.pc = '';
};

const stop = (before: Stage, index: number, decisions: Decisions): Next => {
  const stage = copyOf(before);
  const slot = stage.slots[index] as Slot;
  stage.stops -= 1;
  slot.isStopped = true;
  slot.end = 'stopped';
  if (!IN_FLIGHT.has(slot.pc)) slot.pc = '';
  recover(stage, index, decisions, 'ABORTED');
  return { name: `${slot.kind} ${index} is stopped`, stage, problems: [] };
};

/** The rule starts a recovery, which follows the chain of what was stopped. */
const recover = (stage: Stage, index: number, decisions: Decisions, status: 'ABORTED' | 'FAILED'): void => {
  const subject = stage.slots[index] as Slot;
  const isRecovery = subject.kind === 'recovery' || subject.kind === 'by hand';
  const input =
    subject.kind === 'recovery'
      ? { executionArn: arnOf(index), input: '{"secretId":"shop/app"}' }
      : { secretId: 'shop/app' };
  const starts = decisions.startsRecovery({
    executionArn: arnOf(index),
    stateMachineArn: `arn:aws:states:eu-central-1:111122223333:stateMachine:${isRecovery ? 'recovery' : 'rotation'}`,
    status,
    input,
    output: {},
    error: status === 'FAILED' ? 'RotationSupersededError' : undefined,
  });
  if (!starts) return;
  const free = stage.slots.findIndex(({ kind }) => kind === 'free');
  if (free < 0) {
    stage.isCutShort = true;
    return;
  }
  const chain = subject.kind === 'recovery' ? subject.stopped : 0;
  stage.slots[free] = { ...slotFor('recovery'), stopped: bit(index) | chain };
};

const land = (before: Stage): Next => {
  const stage = copyOf(before);
  stage.password = stage.air;
  stage.air = NONE;
  stage.airOf = NONE;
  for (const slot of stage.slots) slot.drain &= ~AIR;
  return { name: 'the database makes the late change', stage, problems: [] };
};

/** Once each. A value that logs in is written in two acts: the password is set, then AWSCURRENT. */
const actByHand = (before: Stage, act: string): Next[] => {
  const stage = copyOf(before);
  if (act === 'h') {
    stage.acts = stage.acts.replace('h', 'H');
    return PEOPLE.b?.(stage) ? [{ name: 'an operator writes AWSCURRENT', stage, problems: [] }] : [];
  }
  if (!PEOPLE[act]?.(stage)) return [];
  stage.acts = stage.acts.replace(act, act === 'g' ? 'hG' : act.toUpperCase());
  if (act === 'g') stage.isExcused = true;
  return [{ name: `an operator: ${act}`, stage, problems: [] }];
};

/** Asked after each step: a version with a label logs in, or one that the marker of the lock names. An operator who takes the labels off, or sets a password, takes away what this rests on. */
export const momentProblems = (stage: Stage): string[] => {
  const isByHand = stage.isExcused || stage.current === WRITTEN || stage.acts.includes('O');
  const inMarker = (inMarkerOf(stage, stage.owner) ?? []).map(versionOf);
  const labelled = [stage.current, stage.pending, stage.previous, stage.owner, ...inMarker];
  return isByHand || labelled.some((version) => logsIn(stage, version))
    ? []
    : ['no labelled version logs in'];
};

/** Asked where no one has anything left to do. */
export const endProblems = (stage: Stage): string[] => {
  const isLoud = stage.slots.some(({ end }) => end === 'failed');
  const isByHand = stage.isExcused || stage.acts.includes('B');
  if (isLoud) return isByHand ? [] : ['it is left to the operators, and no one made it so'];
  const isFree = stage.pending === NONE || [stage.current, stage.previous].includes(stage.pending);
  return [
    ...(logsIn(stage, stage.current) || isByHand ? [] : ['AWSCURRENT does not log in']),
    ...(stage.owner === NONE ? [] : ['the lock is held, and no one is told']),
    ...(isFree || stage.acts.includes('O') ? [] : ['AWSPENDING dangles']),
  ];
};

/** Hashes of 53 bits: among a few million states two the same are a matter of one in a thousand searches. */
export const hashOf = (text: string): number => {
  let one = 0xdeadbeef;
  let other = 0x41c6ce57;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    one = Math.imul(one ^ code, 2654435761);
    other = Math.imul(other ^ code, 1597334677);
  }
  one = Math.imul(one ^ (one >>> 16), 2246822507) ^ Math.imul(other ^ (other >>> 13), 3266489909);
  other = Math.imul(other ^ (other >>> 16), 2246822507) ^ Math.imul(one ^ (one >>> 13), 3266489909);
  return 4294967296 * (2097151 & other) + (one >>> 0);
};

interface Node {
  readonly stage: Stage;
  readonly name: string;
  readonly from: Node | undefined;
}

const storyOf = (node: Node, last: string): string[] => {
  const story = [last];
  for (let at: Node | undefined = node; at !== undefined; at = at.from) story.unshift(at.name);
  return story;
};

/** Every order in which things may happen, the shortest first. */
export const explore = (cast: Cast, decisions: Decisions, most = Number.POSITIVE_INFINITY): Found => {
  const first = stageOf(cast);
  const seen = new Set([hashOf(keyOf(first))]);
  let layer: Node[] = [{ stage: first, name: 'it begins', from: undefined }];
  let ends = 0;
  let cutShort = 0;
  const found = (violation: Found['violation']): Found => ({ states: seen.size, ends, cutShort, violation });
  while (layer.length > 0 && seen.size < most) {
    const following: Node[] = [];
    for (const node of layer) {
      if (node.stage.isCutShort) {
        cutShort += 1;
        continue;
      }
      const nexts = nextOf(node.stage, decisions);
      if (isAtRest(node.stage)) {
        ends += 1;
        const [problem] = endProblems(node.stage);
        if (problem !== undefined) return found({ problem, story: storyOf(node, 'the end') });
      }
      for (const { name, stage, problems } of nexts) {
        const [problem] = [...problems, ...momentProblems(stage)];
        if (problem !== undefined) return found({ problem, story: storyOf(node, name) });
        const hash = hashOf(keyOf(stage));
        if (seen.has(hash)) continue;
        seen.add(hash);
        following.push({ stage, name, from: node });
      }
    }
    layer = following;
  }
  return found(undefined);
};
