import type { LocalStack } from '../../local-stack/deployment/index.ts';
import type { Call } from './call.ts';
import { kindNamed } from './fault-kinds.ts';
import { PlannedFault } from './planned-fault.ts';
import { executionOf, rotateSecret } from './rotate-secret.ts';
import { hasHistory, type StrategyName } from './strategies.ts';

/** How a rotation begins, and what happens to it in any case. */
export interface EntryPoint {
  /** What its end must be if nothing else happens to it. */
  readonly ends: 'rotated' | 'rolled back' | 'recovered';
  /** Begins it, and waits for Secrets Manager where that began it. Gives its execution, if there is one. */
  start(stack: LocalStack, secretArn: string): Promise<string | undefined>;
  /** The faults that make it what it is. */
  faults(strategy: StrategyName): PlannedFault[];
  isFor(strategy: StrategyName): boolean;
  /** Whether faults of its own are wanted in that step: others are the same as on another way. */
  isNewIn(step: string): boolean;
}

const onDemand =
  (mode?: string): EntryPoint['start'] =>
  (stack, secretId) =>
    stack.executions.start({ secretId, ...(mode ? { mode } : {}) });

const target = (step: string, operation: string, side: Call['side']): Call => ({
  side,
  step,
  operation,
  nth: 1,
});

const COMPENSATION = new Set([
  'RestoreCurrentLabel',
  'RestoreCredential',
  'RestoreLabels',
  'CheckRestored',
  'ReleaseLock',
]);
const RECOVERY = new Set(['TakeLock', 'RecoverSecret', 'CheckRecovered', 'ReleaseLock']);

const any = { faults: () => [], isFor: () => true, isNewIn: () => true } as const;

export const WAYS = {
  'on-demand': { ...any, ends: 'rotated', start: onDemand() },
  'secrets-manager': {
    ...any,
    ends: 'rotated',
    start: async (stack, secretId) => {
      await rotateSecret(stack, secretId);
      const rotation = await stack.secretsManagerStandIn.rotations.latest(secretId)?.ended;
      return rotation && (await executionOf(stack, rotation));
    },
  },
  revert: { ...any, ends: 'rotated', start: onDemand('revert'), isFor: hasHistory },
  /** Everything is undone after the promotion, which leaves the most to undo. */
  failing: {
    ...any,
    ends: 'rolled back',
    start: onDemand(),
    faults: () => [
      new PlannedFault(target('CheckAfter', 'connectionStatus', 'database'), kindNamed('refused')),
    ],
    isNewIn: (step) => COMPENSATION.has(step),
  },
  /** No one undoes anything: the database is changed, the secret is not, and the execution is gone. */
  stopped: {
    ...any,
    ends: 'recovered',
    start: onDemand(),
    faults: () => [new PlannedFault(target('SetSecret', 'invoke', 'function'), kindNamed('aborted-after'))],
    isNewIn: (step) => RECOVERY.has(step),
  },
  'stopped-revert': {
    ...any,
    ends: 'recovered',
    start: onDemand('revert'),
    faults: () => [new PlannedFault(target('SetSecret', 'invoke', 'function'), kindNamed('aborted-after'))],
    isFor: hasHistory,
    isNewIn: (step) => RECOVERY.has(step),
  },
} as const satisfies Record<string, EntryPoint>;

export type WayName = keyof typeof WAYS;

export const WAY_NAMES = Object.keys(WAYS) as WayName[];

export const wayNamed = (name: WayName): EntryPoint => WAYS[name];
