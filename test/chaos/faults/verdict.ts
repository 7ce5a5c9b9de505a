import type { Ending } from './endings.ts';
import { isCutOff, isRecovery, isRetirement } from './endings.ts';
import { holderOf, type OutsideView } from './outside-view.ts';
import type { Subject } from './strategies.ts';

/** Where the rotation left the secret. */
export type Outcome = 'rotated' | 'rolled back' | 'refused' | 'recovered' | 'recovered by hand';

export interface Course {
  readonly before: OutsideView;
  readonly after: OutsideView;
  readonly endings: readonly Ending[];
  /** Whether a person had to start a recovery in the end. */
  readonly byHand: boolean;
  readonly isRollback: boolean;
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

/** Whether all is promised to be as it was. */
const mustStay = (course: Course): boolean => ['rolled back', 'refused'].includes(outcomeOf(course));

/** Every invariant that does not hold, now that everything has ended. */
export const problemsOf = (subject: Subject, course: Course): string[] => {
  const { before, after } = course;
  const moved = holderOf(after, 'AWSCURRENT') !== holderOf(before, 'AWSCURRENT');
  const outcome = outcomeOf(course);
  return [
    ...labelProblems(after),
    ...(outcome === 'rotated' && !moved ? ['it succeeded, but AWSCURRENT did not move'] : []),
    ...(mustStay(course) && moved ? [`it was ${outcome}, but AWSCURRENT has moved`] : []),
    ...(moved ? afterMove(course) : asBefore(course)),
    ...(mustStay(course) ? passwordsAsBefore(course) : []),
    ...powerProblems(subject, course, moved),
    ...(before.adminLabels === after.adminLabels ? [] : ['the labels of the admin secret have changed']),
  ];
};

/** It says nothing, and stays on the version that was written last. */
const CLAIM = 'docdb-rotation-claim';

/** Labels that no execution may leave behind, the owner's among them. */
export const labelProblems = ({ labels }: Pick<OutsideView, 'labels'>): string[] => {
  const problems: string[] = [];
  for (const [version, all] of labels) {
    if (all.includes('AWSPENDING') && !all.includes('AWSCURRENT')) {
      problems.push(`AWSPENDING dangles on ${version}`);
    }
    const others = all.filter((label) => !label.startsWith('AWS') && label !== CLAIM);
    if (others.length > 0) problems.push(`${others.join(', ')} was left on ${version}`);
  }
  return problems;
};

const afterMove = (course: Course): string[] => {
  const { before, after, isRollback } = course;
  const current = holderOf(after, 'AWSCURRENT') ?? '';
  // Going back promotes the version that was there.
  const expected = isRollback ? current === holderOf(before, 'AWSPREVIOUS') : !before.labels.has(current);
  return [
    ...(expected ? [] : [`AWSCURRENT is on ${current}, which is not the version that it should be on`]),
    ...(holderOf(after, 'AWSPREVIOUS') === holderOf(before, 'AWSCURRENT')
      ? []
      : ['AWSPREVIOUS is not what AWSCURRENT was']),
  ];
};

/** A recovery puts AWSCURRENT right. Only a rollback knows where AWSPREVIOUS had been. */
const asBefore = (course: Course): string[] =>
  (mustStay(course) ? ['AWSCURRENT', 'AWSPREVIOUS'] : ['AWSCURRENT']).flatMap((label) =>
    holderOf(course.before, label) === holderOf(course.after, label) ? [] : [`${label} is not where it was`],
  );

const passwordsAsBefore = ({ before, after }: Course): string[] =>
  [...before.labels.keys()].flatMap((version) =>
    before.logsIn.has(version) === after.logsIn.has(version)
      ? []
      : [
          `version ${version} (${before.labels.get(version)?.join(' ')}) ${after.logsIn.has(version) ? 'logs in now' : 'does not log in any more'}`,
        ],
  );

const powerProblems = (subject: Subject, course: Course, moved: boolean): string[] => {
  const { before, after, endings } = course;
  const current = holderOf(after, 'AWSCURRENT') ?? '';
  const user = after.credentials.get(current)?.username ?? '';
  const wasUser = before.credentials.get(holderOf(before, 'AWSCURRENT') ?? '')?.username ?? '';
  const problems: string[] = [];
  for (const [name, roles] of after.users) {
    const had = before.users.get(name);
    if (moved && name === user) {
      const expected = before.users.get(wasUser);
      if (String(expected) !== String(roles)) problems.push(`"${name}" has other roles than the user before`);
    } else if (had === undefined) {
      // A recovery does not know that a user is new where AWSPREVIOUS is for it: it locks it, as logins show.
      if (mustStay(course)) problems.push(`the user "${name}" was left behind`);
    } else if (roles.some((role) => !had.includes(role))) problems.push(`"${name}" has gained roles`);
  }
  for (const version of after.logsIn) {
    if (version === current || before.logsIn.has(version)) continue;
    problems.push(`version ${version} logs in, which did not before`);
  }
  const retired = endings.some(
    (ending) => isRetirement(ending) && ['locked', 'deleted'].includes(String(ending.output.outcome)),
  );
  const old = holderOf(before, 'AWSCURRENT') ?? '';
  if (retired && subject.isPair && after.logsIn.has(old)) problems.push('the retired user still logs in');
  return problems;
};
