import { PROVEN_TAG } from '../../../functions/contract/tags.ts';
import { CURRENT, OWNER, PENDING, PREVIOUS } from '../../../functions/secret/labels.ts';
import { asWritten } from '../../../functions/secret/proven.ts';
import type { SecretDescription } from '../../../functions/secret/secret-store.ts';
import { versionIdOf } from '../../../functions/secret/version-ids.ts';

/*
 * The small world of the search: one secret of one user, and who acts on it. Versions and passwords are numbers; a version's
 * password is its own number, and markers have none.
 */

export const NONE = -1;

/** AWSCURRENT at the beginning, and the AWSPREVIOUS that an earlier rotation left. */
export const FIRST = 0;
export const EARLIER = 1;
/** Secrets Manager's version, for all attempts of its rotation. */
export const TOKEN = 2;
/** What an operator writes. */
export const WRITTEN = 3;
/** The version of slot 0; each slot has the next. */
export const OWN = 4;

export const MOST_SLOTS = 6;

/** Not a version: on record, that the rotation function wrote the token's. */
export const TOKEN_WRITTEN = OWN + MOST_SLOTS;

export type Kind = 'rotation' | 'attempt' | 'copy' | 'recovery' | 'by hand';

/** An execution, or where one may come to be. */
export interface Slot {
  kind: Kind | 'free';
  /** What it does next. */
  pc: string;
  /** Stopped or ended: what it still does, its function does. */
  isStopped: boolean;
  /** How it ended: '' while it runs. */
  end: string;
  /** The version that carried the owner label when it took the lock. */
  lock: number;
  /** AWSCURRENT and AWSPREVIOUS as it saw them first. */
  current: number;
  previous: number;
  /** Who had AWSPENDING when it looked last; AWSCURRENT for a recovery. */
  seen: number;
  /** A rotation: what the machine's variables say. */
  touched: boolean;
  promoted: boolean;
  failed: boolean;
  uncertain: boolean;
  drained: boolean;
  /** AWSCURRENT logged in when it began. */
  wasGood: boolean;
  /** What it did: whether it changed the database, and moved AWSCURRENT. */
  didChange: boolean;
  didPromote: boolean;
  looks: number;
  /** A version that stays AWSCURRENT; the one that a recovery found to log in. */
  good: number;
  /** A recovery: the slots that it is for, bit by bit, or NONE by hand; and the suspects, version by version. */
  stopped: number;
  suspects: number;
  /** Slots whose function it waits for. */
  drain: number;
}

export interface Stage {
  current: number;
  previous: number;
  pending: number;
  owner: number;
  /** The password that the database has. */
  password: number;
  /** Versions on record, bit by bit; and whether Secrets Manager's has a value. */
  proven: number;
  isTokenWritten: boolean;
  /** A change that is on its way to the database, and whose. */
  air: number;
  airOf: number;
  /** How often each thing may happen still. */
  stops: number;
  lates: number;
  fails: number;
  /** What an operator has left to do. */
  acts: string;
  /** Whether an operator did what nothing here can mend: a password that no version has. */
  isExcused: boolean;
  /** A recovery was due, and there was no slot for it. */
  isCutShort: boolean;
  slots: Slot[];
}

export const freeSlot = (): Slot => ({
  kind: 'free',
  pc: '',
  isStopped: false,
  end: '',
  lock: NONE,
  current: NONE,
  previous: NONE,
  seen: NONE,
  touched: false,
  promoted: false,
  failed: false,
  uncertain: false,
  drained: false,
  wasGood: false,
  didChange: false,
  didPromote: false,
  looks: 0,
  good: NONE,
  stopped: 0,
  suspects: 0,
  drain: 0,
});

export const copyOf = (stage: Stage): Stage => ({
  ...stage,
  slots: stage.slots.map((slot) => ({ ...slot })),
});

const flags = (slot: Slot): number =>
  (slot.isStopped ? 1 : 0) |
  (slot.touched ? 2 : 0) |
  (slot.promoted ? 4 : 0) |
  (slot.failed ? 8 : 0) |
  (slot.uncertain ? 16 : 0) |
  (slot.drained ? 32 : 0) |
  (slot.wasGood ? 64 : 0) |
  (slot.didChange ? 128 : 0) |
  (slot.didPromote ? 256 : 0);

const keyOfSlot = (slot: Slot): string =>
  slot.kind === 'free'
    ? ''
    : slot.end !== '' && slot.pc === ''
      ? `${slot.kind[0]}${slot.kind[1]}${slot.end},${slot.lock},${slot.stopped}`
      : `${slot.kind[0]}${slot.kind[1]}${slot.pc}${slot.end},${slot.lock},${slot.current},${slot.previous},${slot.seen},${flags(slot)},${slot.looks},${slot.good},${slot.stopped},${slot.suspects},${slot.drain}`;

export const keyOf = (stage: Stage): string =>
  `${stage.current},${stage.previous},${stage.pending},${stage.owner},${stage.password},${stage.proven},${stage.isTokenWritten},${stage.air},${stage.airOf},${stage.stops},${stage.lates},${stage.fails},${stage.acts},${stage.isExcused},${stage.isCutShort};${stage.slots.map(keyOfSlot).join(';')}`;

/** The ARN of a slot's execution; an attempt's ends with its number, as the trigger names it. */
export const arnOf = (slot: number): string =>
  `arn:aws:states:eu-central-1:111122223333:execution:machine:e-${slot + 1}`;

const IDS = [
  ...Array.from({ length: OWN }, (_, version) => versionIdOf('of a stranger', version)),
  ...Array.from({ length: MOST_SLOTS }, (_, slot) => versionIdOf(arnOf(slot), 0)),
  asWritten(versionIdOf('of a stranger', TOKEN)),
];

export const idOf = (version: number): string => IDS[version] ?? '';

export const versionOf = (id: string | undefined): number => (id === undefined ? NONE : IDS.indexOf(id));

const descriptions = new Map<number, SecretDescription>();

/** As DescribeSecret would tell it. */
export const describeStage = ({ current, previous, pending, owner, proven }: Stage): SecretDescription => {
  const key = ((((current + 1) * 16 + previous + 1) * 16 + pending + 1) * 16 + owner + 1) * 2048 + proven;
  const known = descriptions.get(key);
  if (known !== undefined) return known;
  const versions: Record<string, string[]> = {};
  const give = (version: number, label: string): void => {
    if (version === NONE) return;
    const labels = versions[idOf(version)] ?? [];
    labels.push(label);
    versions[idOf(version)] = labels;
  };
  give(current, CURRENT);
  give(previous, PREVIOUS);
  give(pending, PENDING);
  give(owner, OWNER);
  const ids = IDS.filter((_, version) => (proven >> version) % 2 === 1);
  const description: SecretDescription = {
    arn: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:shop/app-a1b2c3',
    name: 'shop/app',
    versions,
    tags: { [PROVEN_TAG]: ids.join(' ') },
    markedForDeletion: false,
  };
  descriptions.set(key, description);
  return description;
};

export type Label = 'current' | 'previous' | 'pending' | 'owner';

/** Secrets Manager's compare-and-set. @param from NONE: no one may have it */
export const move = (stage: Stage, label: Label, from: number, to: number): boolean => {
  if (to !== NONE && stage[label] === to) return true;
  if (stage[label] !== from) return false;
  if (to === NONE && (from === NONE || label === 'current')) return false;
  stage[label] = to;
  if (label === 'current') stage.previous = from;
  return true;
};

export const bit = (index: number): number => (index < 0 ? 0 : 1 << index);

export const bits = (mask: number): number[] =>
  Array.from({ length: TOKEN_WRITTEN + 1 }, (_, index) => index).filter((index) => (mask >> index) % 2 === 1);
