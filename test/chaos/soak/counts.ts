import { type Ending, isRecovery, isRetirement, isVerification } from '../faults/endings.ts';
import type { TurnResult } from './decision-carried-out.ts';

/** Counts of what happened, by name. */
export class Counts {
  readonly #counts = new Map<string, number>();

  add(name: string, by = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + by);
  }

  of(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  count({ endings, byHand, faults, problems }: TurnResult): void {
    for (const ending of endings) {
      const kind = kindOf(ending);
      this.add(kind);
      this.add(`${kind}: ${ending.error ?? String(ending.output.outcome ?? ending.status)}`);
    }
    this.add('turns');
    this.add('faults', faults);
    this.add('violations', problems.length);
    if (byHand) this.add('recovered by hand');
  }

  lines(): string[] {
    return [...this.#counts]
      .sort(([one], [other]) => one.localeCompare(other))
      .map(([name, n]) => `${name}: ${n}`);
  }
}

const kindOf = (ending: Ending): string => {
  if (isRetirement(ending)) return 'retirements';
  if (isRecovery(ending)) return 'recoveries';
  return isVerification(ending) ? 'verifications' : 'rotations';
};
