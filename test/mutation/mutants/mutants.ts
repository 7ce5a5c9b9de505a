import type { Mutant } from './mutant.ts';
import { MUTANTS_OF_FUNCTIONS, MUTANTS_OF_POWER } from './mutants-of-functions.ts';
import { MUTANTS_OF_MACHINES } from './mutants-of-machines.ts';

export const MUTANTS: readonly Mutant[] = [
  ...MUTANTS_OF_FUNCTIONS,
  ...MUTANTS_OF_POWER,
  ...MUTANTS_OF_MACHINES,
];
