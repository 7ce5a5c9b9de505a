import { STEPS } from '../../../infra/functions/steps.ts';
import type { Invocation } from './invocations.ts';

const FUNCTIONS = Object.keys(STEPS);

/** What a check of AWSCURRENT is for depends on what came before it in the same execution. */
const CHECK_AFTER: Readonly<Record<string, string>> = {
  FinishSecret: 'CheckAfter',
  CheckAfter: 'CheckAfter',
  RestoreLabels: 'CheckRestored',
  CheckRestored: 'CheckRestored',
  RecoverSecret: 'CheckRecovered',
  CheckRecovered: 'CheckRecovered',
};

/** The states that call the function of the recovery, by what it is to do. */
const RECOVERY: Readonly<Record<string, string>> = {
  'take-lock': 'TakeLock',
  reconcile: 'RecoverSecret',
  'release-lock': 'ReleaseLock',
};

/** Tells by which state of the machine a function was called: several states share a function. */
export class StepNames {
  readonly #last = new Map<string, string>();

  of(invocation: Invocation): string {
    const step = this.#stepOf(invocation);
    if (invocation.executionArn) this.#last.set(invocation.executionArn, step);
    return step;
  }

  #stepOf({ functionName, check, action, promotionOnly, triggerStep, executionArn }: Invocation): string {
    const name = FUNCTIONS.find((candidate) => functionName.includes(candidate)) ?? functionName;
    if (name === 'Trigger') return `Trigger.${triggerStep}`;
    if (check === 'readiness') return `Check.${name}`;
    if (name === 'RecoverSecret') return RECOVERY[action ?? ''] ?? name;
    if (name === 'RestoreLabels') return promotionOnly ? 'RestoreCurrentLabel' : name;
    if (name !== 'TestSecret' || check === 'pending') return name;
    if (check === 'before') return 'CheckBefore';
    return CHECK_AFTER[this.#last.get(executionArn ?? '') ?? ''] ?? 'Verify';
  }
}
