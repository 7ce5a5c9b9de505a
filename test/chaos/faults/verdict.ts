import { type Aftermath, aftermathProblems } from '../../support/invariants.ts';
import type { SeenWorld } from '../../support/seen-world.ts';
import { type Ending, isCutOff, isRecovery, isRetirement } from './endings.ts';

/** Where the rotation left the secret. */
export type Outcome = 'rotated' | 'rolled back' | 'refused' | 'recovered' | 'recovered by hand';

export interface Course {
  readonly before: SeenWorld;
  readonly after: SeenWorld;
  readonly endings: readonly Ending[];
  /** Whether an operator had to start a recovery in the end. */
  readonly byHand: boolean;
  readonly isRevert: boolean;
}

/** The execution of the rotation itself; none if it was stopped before it began. */
export const rotationOf = (endings: readonly Ending[]): Ending | undefined =>
  endings.find((ending) => !isRecovery(ending) && !isRetirement(ending));

export const outcomeOf = ({ endings, byHand }: Pick<Course, 'endings' | 'byHand'>): Outcome => {
  if (byHand) return 'recovered by hand';
  const rotation = rotationOf(endings);
  if (rotation?.status === 'SUCCEEDED') return 'rotated';
  if (rotation === undefined || isCutOff(rotation)) return 'recovered';
  return rotation.error === 'RolledBack' ? 'rolled back' : 'refused';
};

const AFTERMATHS: Readonly<Record<Outcome, Aftermath>> = {
  rotated: 'rotated',
  'rolled back': 'restored',
  refused: 'restored',
  // Only a compensation knows where AWSPREVIOUS had been, and which user is new. A recovery locks it, as logins show.
  recovered: 'recovered',
  'recovered by hand': 'recovered',
};

/** Every invariant that does not hold, now that everything has ended. */
export const problemsOf = (course: Course): string[] => [
  ...aftermathProblems(course.after, course.before.snapshot(), AFTERMATHS[outcomeOf(course)]),
  ...wrongVersion(course),
  ...stillThere(course),
];

/** Going back promotes the version that was there. */
const wrongVersion = ({ before, after, isRevert }: Course): string[] => {
  const { AWSCURRENT: current = '' } = after.labels;
  const { AWSCURRENT, AWSPREVIOUS } = before.labels;
  if (current === AWSCURRENT) return [];
  const isRight = isRevert ? current === AWSPREVIOUS : !before.versions.has(current);
  return isRight ? [] : [`AWSCURRENT is on ${current}, which is not the version that it should be on`];
};

const stillThere = ({ before, after, endings }: Course): string[] => {
  const retired = endings.some(
    (ending) => isRetirement(ending) && ['locked', 'deleted'].includes(String(ending.output.outcome)),
  );
  return retired && after.isPair && after.logsIn(before.labels.AWSCURRENT)
    ? ['the retired user still logs in']
    : [];
};
