import { type Call, isWrite } from './call.ts';
import type { Effect } from './effect.ts';

/** Which calls a fault goes on to strike after the one that it is aimed at. */
export type Extent =
  /** That call only. */
  | 'once'
  /** As many as the SDK sends by itself, so that the function learns of it. */
  | 'attempts'
  /** All calls of that operation by this step: a permission that its function lacks. */
  | 'step'
  /** All calls of that operation by anyone. */
  | 'operation'
  /** All calls of that side, for some seconds. */
  | 'side';

export interface FaultKind {
  readonly name: string;
  readonly effect?: Effect;
  /** `after`: once the call was carried out. */
  readonly when: 'before' | 'after';
  readonly extent: Extent;
  /** Stops the execution at that moment, as an operator in the console can. */
  readonly abort?: boolean;
  /** A trouble that passes must not keep a rotation from its end. */
  readonly passes: boolean;
  appliesTo(call: Call): boolean;
}

const onSide =
  (...sides: Call['side'][]) =>
  ({ side }: Call): boolean =>
    sides.includes(side);

const calls = onSide('secrets-manager', 'database');
const called = onSide('function');
const isFirst = ({ nth }: Call): boolean => nth === 1;

/** A step's second look at the same thing tells nothing that the first did not. */
const tells = (call: Call): boolean => calls(call) && (isFirst(call) || isWrite(call));

const writes = (call: Call): boolean => isWrite(call);

/** Secrets Manager calls the trigger, and tries again or not as it likes. */
const byMachine = ({ step }: Call): boolean => !step.startsWith('Trigger');

const once = { when: 'before', extent: 'once' } as const;

export const FAULT_KINDS: readonly FaultKind[] = [
  {
    name: 'refused-for-now',
    ...once,
    effect: 'refuse-for-now',
    extent: 'attempts',
    passes: true,
    appliesTo: tells,
  },
  { name: 'refused', ...once, effect: 'refuse', passes: false, appliesTo: calls },
  {
    name: 'refused-to-the-step',
    ...once,
    effect: 'refuse',
    extent: 'step',
    passes: false,
    appliesTo: (call) => calls(call) && isFirst(call),
  },
  {
    name: 'refused-to-all',
    ...once,
    effect: 'refuse',
    extent: 'operation',
    passes: false,
    appliesTo: writes,
  },
  { name: 'cut-once', ...once, effect: 'cut', passes: true, appliesTo: calls },
  {
    name: 'cut-each-attempt',
    ...once,
    effect: 'cut',
    extent: 'attempts',
    passes: true,
    appliesTo: (call) => tells(call) && onSide('secrets-manager')(call),
  },
  { name: 'reply-lost', ...once, effect: 'lose-reply', passes: true, appliesTo: writes },
  {
    name: 'each-reply-lost',
    ...once,
    effect: 'lose-reply',
    extent: 'attempts',
    passes: true,
    appliesTo: (call) => writes(call) && onSide('secrets-manager')(call),
  },
  { name: 'delayed', ...once, effect: 'delay', passes: true, appliesTo: tells },
  // Later than at its beginning, a function that dies before a call is one that died after its last change.
  { name: 'killed-before', ...once, effect: 'kill', passes: true, appliesTo: called },
  {
    name: 'killed-after',
    ...once,
    when: 'after',
    effect: 'kill',
    passes: true,
    appliesTo: (call) => called(call) || writes(call),
  },
  { name: 'timed-out-before', ...once, effect: 'delay', passes: true, appliesTo: byMachineCalled() },
  {
    name: 'timed-out-after',
    ...once,
    when: 'after',
    effect: 'delay',
    passes: true,
    appliesTo: byMachineCalled(),
  },
  {
    name: 'aborted-before',
    ...once,
    abort: true,
    passes: false,
    appliesTo: (call) => byMachine(call) && (called(call) || writes(call)),
  },
  {
    name: 'aborted-after',
    ...once,
    when: 'after',
    abort: true,
    passes: false,
    appliesTo: (call) => byMachine(call) && (called(call) || writes(call)),
  },
  {
    name: 'aborted-and-killed',
    ...once,
    when: 'after',
    effect: 'kill',
    abort: true,
    passes: false,
    appliesTo: (call) => byMachine(call) && writes(call),
  },
  {
    name: 'outage',
    ...once,
    effect: 'cut',
    extent: 'side',
    passes: false,
    appliesTo: (call) => calls(call) && isFirst(call),
  },
  {
    name: 'throttled',
    ...once,
    effect: 'refuse-for-now',
    extent: 'side',
    passes: false,
    appliesTo: (call) => onSide('secrets-manager')(call) && isFirst(call),
  },
];

function byMachineCalled() {
  return (call: Call): boolean => byMachine(call) && called(call);
}

export const kindNamed = (name: string): FaultKind => {
  const kind = FAULT_KINDS.find((candidate) => candidate.name === name);
  if (!kind) throw new Error(`no fault is called "${name}"`);
  return kind;
};
