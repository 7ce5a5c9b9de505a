import type { Invocation } from './invocations.ts';

const FUNCTIONS = [
  'CreateSecret',
  'SetSecret',
  'TestSecret',
  'FinishSecret',
  'RestoreCredential',
  'RestoreLabels',
  'RecoverSecret',
  'RetireUser',
  'Trigger',
];

/** What a check of AWSCURRENT is for depends on what came before it in the same execution. */
const CHECK_AFTER: Readonly<Record<string, string>> = {
  FinishSecret: 'CheckAfter',
  CheckAfter: 'CheckAfter',
  RestoreLabels: 'CheckRestored',
  CheckRestored: 'CheckRestored',
  RecoverSecret: 'CheckRecovered',
  CheckRecovered: 'CheckRecovered',
};

/** Tells by which state of the machine a function was called: several states share a function. */
export class StepNames {
  readonly #last = new Map<string, string>();

  of(invocation: Invocation): string {
    const step = this.#stepOf(invocation);
    if (invocation.executionArn) this.#last.set(invocation.executionArn, step);
    return step;
  }

  #stepOf({ functionName, check, mode, keepLock, triggerStep, executionArn }: Invocation): string {
    const name = FUNCTIONS.find((candidate) => functionName.includes(candidate)) ?? functionName;
    if (name === 'Trigger') return `Trigger.${triggerStep}`;
    if (name === 'CreateSecret') return mode === 'way-back' ? 'TakeLockAgain' : name;
    if (name === 'RestoreLabels') return keepLock ? 'GiveBackCurrent' : name;
    if (name !== 'TestSecret' || check === 'pending') return name;
    if (check === 'before') return 'CheckBefore';
    return CHECK_AFTER[this.#last.get(executionArn ?? '') ?? ''] ?? 'Verify';
  }
}
