import { type Aftermath, aftermathProblems, STAGES } from '../../../support/invariants.ts';
import type { SeenWorld } from '../../../support/seen-world.ts';
import type { Course } from './follow.ts';
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
  /** @default 'recovered' */
  readonly aftermath?: Aftermath;
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

/** What was seen beside the execution and the secret, of a rotation that must be noticed by no one. */
export interface Witness {
  readonly retired: string | null;
  readonly logins: number;
  readonly loginFailures: number;
}

/** Compares what happened with what had to happen. */
export const judge = (
  expected: Expectation,
  course: Course,
  before: SeenWorld,
  after: SeenWorld,
  witness?: Witness,
): Verdict => {
  const { name, mode, strategy = 'single-user', aftermath = 'recovered' } = expected;
  const { status, states } = course;
  const { labels } = after;
  const record = {
    name,
    mode,
    strategy,
    status,
    error: course.error ?? null,
    cause: course.cause ?? null,
    seconds: Math.round(course.seconds * 10) / 10,
    states,
    currentLogsIn: after.logsInEverywhere(labels.AWSCURRENT),
    previousLogsIn: after.logsInEverywhere(labels.AWSPREVIOUS),
    labelsAsBefore: STAGES.every((label) => labels[label] === before.labels[label]),
    ...(witness ?? { retired: null, logins: null, loginFailures: null }),
  };
  const problems = [
    ...courseProblems(expected, course),
    ...aftermathProblems(after, before.snapshot(), aftermath),
    ...(aftermath === 'rotated' ? passwordProblems(expected, before, after) : []),
    ...(witness ? witnessProblems(expected, witness) : []),
  ];
  return { record, problems };
};

const courseProblems = (expected: Expectation, course: Course): string[] => {
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

const passwordProblems = (
  { keepsPredecessor = false }: Expectation,
  before: SeenWorld,
  after: SeenWorld,
): string[] => {
  const problems: string[] = [];
  const [old, now] = [before, after].map((world) => world.credentialUnder('AWSCURRENT')?.password);
  if (now === old) problems.push('the password is still the old one');
  const oldLogsIn = after.logsIn(before.labels.AWSCURRENT);
  if (oldLogsIn !== keepsPredecessor)
    problems.push(`the old password ${oldLogsIn ? 'still logs in' : 'no longer logs in'}`);
  return problems;
};

const witnessProblems = ({ retired }: Expectation, witness: Witness): string[] => {
  const problems: string[] = [];
  const { logins, loginFailures } = witness;
  if (logins === 0) problems.push('no login was tried meanwhile');
  if (loginFailures > 0) problems.push(`${loginFailures} of ${logins} logins with AWSCURRENT failed`);
  if (witness.retired !== (retired ?? null)) {
    problems.push(`the replaced user was ${witness.retired ?? 'not retired'}, not ${retired ?? 'kept'}`);
  }
  return problems;
};
