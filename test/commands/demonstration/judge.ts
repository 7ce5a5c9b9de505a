import type { Course } from './follow.ts';
import type { Observation } from './observed-secret.ts';
import type { Verdict } from './rotation-record.ts';

/** What must hold after a rotation, beside what must hold always. */
export interface Expectation {
  readonly name: string;
  readonly mode: string;
  readonly status: string;
  /** The error by which it must end, if it must fail. */
  readonly error?: string;
  /** @default - either */
  readonly rotated?: boolean;
  /** A state that it must have gone through. */
  readonly through: readonly string[];
}

/** Compares what happened with what had to happen. */
export const judge = (expected: Expectation, course: Course, now: Observation): Verdict => {
  const { name, mode } = expected;
  const { currentLogsIn, previousLogsIn, labelsAsBefore } = now;
  const { status, states } = course;
  const seconds = Math.round(course.seconds * 10) / 10;
  const record = { name, mode, strategy: 'single-user', status, seconds, states };
  const problems = [...endProblems(expected, course), ...secretProblems(expected, now)];
  return { record: { ...record, currentLogsIn, previousLogsIn, labelsAsBefore }, problems };
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

const secretProblems = ({ rotated }: Expectation, now: Observation): string[] => {
  const problems: string[] = [];
  if (!now.currentLogsIn) problems.push('AWSCURRENT does not log in on every instance');
  if (now.pendingDangles) problems.push('AWSPENDING was left behind');
  if (rotated === true && !now.passwordChanged) problems.push('the password is still the old one');
  if (rotated === true && now.oldLogsIn) problems.push('the old password still logs in');
  if (rotated === false && now.passwordChanged) problems.push('the password is not the one from before');
  if (rotated === false && !now.labelsAsBefore) problems.push('the labels are not where they were');
  return problems;
};
