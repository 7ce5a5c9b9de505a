import { COUNT_NAMES } from './counts.ts';
import { countInMemory } from './in-memory-counts.ts';
import type { RotationResult } from './results.ts';
import { STRATEGIES } from './strategies.ts';

/** What must hold on every machine, however slow. */
export const problemsOf = async (rotations: readonly RotationResult[]): Promise<string[]> => {
  const problems: string[] = [];
  for (const rotation of rotations)
    problems.push(...failedLogins(rotation), ...(await otherCounts(rotation)));
  return problems;
};

const isPair = (strategy: RotationResult['strategy']): boolean => 'strategy' in STRATEGIES[strategy];

const failedLogins = ({ strategy, way, warm, cold }: RotationResult): string[] => {
  const failures = warm.failures + cold.failures;
  return isPair(strategy) && failures > 0
    ? [`${strategy}, ${way}: ${failures} logins failed, of a pair`]
    : [];
};

/** The budgets count in memory. That is worth something only as long as the wire says the same. */
const otherCounts = async ({ strategy, way, counts }: RotationResult): Promise<string[]> => {
  const inMemory = await countInMemory(strategy, way);
  return COUNT_NAMES.filter((name) => counts[name] !== inMemory[name]).map(
    (name) => `${strategy}, ${way}: ${counts[name]} ${name} on the stack, ${inMemory[name]} in memory`,
  );
};
