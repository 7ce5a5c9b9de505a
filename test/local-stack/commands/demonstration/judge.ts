import type { Course } from './follow.ts';
import type { Observation } from './observed-secret.ts';
import type { Verdict } from './rotation-record.ts';

/** What must hold after a rotation, beside what must hold always. */
export interface Expectation {
  readonly name: string;
  readonly mode: string;
  /** @default 'single-user' */
  readonly strategy?: string;
  readonly status: string;
  /** The error by which it must end, if it must fail. */
  readonly error?: string;
  /** @default - either */
  readonly rotated?: boolean;
  /**
   * What must have become of the user that was replaced.
   *
   * @default - nothing: no retirement is due
   */
  readonly retired?: string;
  /** Whether the replaced user stays as it is. */
  readonly keepsPredecessor?: boolean;
  /** A state that it must have gone through. */
  readonly through: readonly string[];
}

/** What was seen beside the execution and the secret, of a rotation that must be noticed by nobody. */
export interface Witness {
  readonly retired: string | null;
  readonly logins: number;
  readonly loginFailures: number;
}

/** Compares what happened with what had to happen. */
export const judge = (
  expected: Expectation,
  course: Course,
  now: Observation,
  witness?: Witness,
): Verdict => {
  const { name, mode, strategy = 'single-user' } = expected;
  const { currentLogsIn, previousLogsIn, labelsAsBefore } = now;
  const { status, states } = course;
  const seconds = Math.round(course.seconds * 10) / 10;
  const seen = witness ?? { retired: null, logins: null, loginFailures: null };
  const record = { name, mode, strategy, status, seconds, states };
  const problems = [
    ...endProblems(expected, course),
    ...secretProblems(expected, now),
    ...(witness ? witnessProblems(expected, witness) : []),
  ];
  return { record: { ...record, currentLogsIn, previousLogsIn, labelsAsBefore, ...seen }, problems };
};

const endProblems = (expected: Expectation, course: Course): string[] => {
  const problems: string[] = [];
  if (course.status !== expected.status) {
    const why = course.error ? ` (${course.error}: ${course.cause})` : '';
    problems.push(`it ended ${course.status}${why}, not ${expected.status}`);
  } else if (course.error !== expected.error) {
    problems.push(`it ended with ${course.error ?? 'no error'}, not with ${expected.error ?? 'none'}`);
  }
  const missed = expected.through.filter((state) => !course.states.includes(state));
  if (missed.length > 0) problems.push(`it never came to ${missed.join(', ')}`);
  return problems;
};

const secretProblems = ({ rotated, keepsPredecessor = false }: Expectation, now: Observation): string[] => {
  const problems: string[] = [];
  if (!now.currentLogsIn) problems.push('AWSCURRENT does not log in on every instance');
  if (now.pendingDangles) problems.push('AWSPENDING was left behind');
  if (now.lockHeld) problems.push('the lock was left behind');
  if (rotated === true && !now.passwordChanged) problems.push('the password is still the old one');
  if (rotated === true && now.oldLogsIn !== keepsPredecessor) {
    problems.push(now.oldLogsIn ? 'the old password still logs in' : 'the old password no longer logs in');
  }
  if (rotated === false && now.passwordChanged) problems.push('the password is not the one from before');
  if (rotated === false && !now.labelsAsBefore) problems.push('the labels are not where they were');
  return problems;
};

const witnessProblems = ({ retired }: Expectation, witness: Witness): string[] => {
  const problems: string[] = [];
  const { logins, loginFailures } = witness;
  if (logins === 0) problems.push('nobody logged in meanwhile');
  if (loginFailures > 0) problems.push(`${loginFailures} of ${logins} logins with AWSCURRENT failed`);
  if (witness.retired !== (retired ?? null)) {
    problems.push(`the replaced user was ${witness.retired ?? 'not retired'}, not ${retired ?? 'kept'}`);
  }
  return problems;
};
