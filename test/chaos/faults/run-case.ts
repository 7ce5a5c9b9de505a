import type { LocalStack } from '../../local-stack/deployment/index.ts';
import { loadWorld } from '../../support/deployed-world.ts';
import { leaks, restoredProblems } from '../../support/invariants.ts';
import type { SeenWorld } from '../../support/seen-world.ts';
import type { Call } from './call.ts';
import { CaseActor } from './case-actor.ts';
import { type Ending, isRetirement, untilOver } from './endings.ts';
import { wayNamed } from './entry-points.ts';
import { watchLogins } from './login-watch.ts';
import type { Case, Combination } from './matrix.ts';
import { PlannedFault } from './planned-fault.ts';
import { makeSubject, placeOf, removeSubject, type Subject } from './strategies.ts';
import { type Course, type Outcome, outcomeOf, problemsOf, rotationOf } from './verdict.ts';
import type { WatchedStack } from './watched-stack.ts';

export interface CaseResult {
  /** None if it could not be judged. */
  readonly outcome: Outcome | undefined;
  /** Whether the call that was to be broken came at all. */
  readonly struck: boolean;
  readonly problems: readonly string[];
  readonly trace: readonly string[];
  readonly recorded: readonly Call[];
}

/** Rotates a new secret, with the fault of the case or without one, and checks from outside how it ended. */
export const runCase = async (
  watched: WatchedStack,
  combination: Combination,
  broken?: Pick<Case, 'target' | 'kind'>,
): Promise<CaseResult> => {
  const { stack, director } = watched;
  const fault = broken && new PlannedFault(broken.target, broken.kind);
  const faults = [...wayNamed(combination.way).faults(combination.strategy), ...(fault ? [fault] : [])];
  const subject = await makeSubject(stack, combination.strategy);
  const actor = new CaseActor(stack, subject, faults);
  director.enter(actor);
  let outcome: Outcome | undefined;
  try {
    outcome = await rotateAndCheck(watched, combination, { subject, actor, fault });
  } catch (error) {
    // A case that can't be judged has not held anything.
    actor.problems.add(`it could not be judged: ${error instanceof Error ? error.message : 'no error'}`);
  } finally {
    director.leave(actor);
    await removeSubject(stack, subject);
  }
  return {
    outcome,
    struck: fault === undefined || fault.hits > 0,
    problems: [...actor.problems],
    recorded: actor.recorded,
    trace: actor.trace,
  };
};

interface Cast {
  readonly subject: Subject;
  readonly actor: CaseActor;
  readonly fault: PlannedFault | undefined;
}

const rotateAndCheck = async (
  watched: WatchedStack,
  { way: wayName }: Combination,
  { subject, actor, fault }: Cast,
): Promise<Outcome> => {
  const { stack, director } = watched;
  const way = wayNamed(wayName);
  const before = await loadWorld(stack, placeOf(subject));
  const adminBefore = await lookAtAdmin(stack, subject);
  const watch = subject.isPair ? watchLogins(stack, actor.secretArn) : undefined;
  const execution = await way.start(stack, actor.secretArn);
  const endings = await untilOver(stack, director, actor, execution);
  const byHand = await recoverByHand(watched, actor, endings);
  if (fault?.kind.name === 'delayed') await releaseLateLock(watched, actor, subject);
  const failures = (await watch?.stop())?.failures ?? 0;
  if (failures > 0) actor.problems.add(`${failures} logins with AWSCURRENT failed meanwhile`);
  const after = await loadWorld(stack, placeOf(subject));
  const course: Course = {
    before,
    after,
    endings: [...endings, ...byHand],
    byHand: byHand.length > 0,
    isRevert: wayName.includes('revert'),
  };
  await check(stack, course, { actor, fault }, way.ends);
  const adminAfter = await lookAtAdmin(stack, subject);
  for (const problem of adminAfter && adminBefore ? restoredProblems(adminAfter, adminBefore.snapshot()) : [])
    actor.problems.add(`the admin secret: ${problem}`);
  return outcomeOf(course);
};

/** It takes part, but nothing of it may change. */
const lookAtAdmin = async (stack: LocalStack, { admin }: Subject): Promise<SeenWorld | undefined> =>
  admin && (await loadWorld(stack, { arn: admin.arn, users: [admin.username] }));

const check = async (
  stack: LocalStack,
  course: Course,
  { actor, fault }: Pick<Cast, 'actor' | 'fault'>,
  expected: Outcome,
): Promise<void> => {
  for (const problem of problemsOf(course)) actor.problems.add(problem);
  if (fault?.hits) checkPatience(fault, expected, course, actor);
  await checkPasswords(stack, course, actor);
  for (const { arn, status, error } of course.endings) {
    actor.note(`${arn.split(':').at(-1)}: ${status} ${error ?? ''}`);
  }
};

/** What an operator does once the reason is gone, if the machine has given up or never began. */
const recoverByHand = async (
  { stack, director }: WatchedStack,
  actor: CaseActor,
  endings: readonly Ending[],
): Promise<Ending[]> => {
  const rotation = rotationOf(endings);
  const givenUp = endings.some(({ error }) => error === 'RollbackFailed' || error === 'RecoveryFailed');
  if (rotation && !givenUp) return [];
  actor.liftFaults();
  actor.note('an operator starts a recovery');
  const execution = await stack.recoveries.start({ secretId: actor.secretArn });
  const all = await untilOver(stack, director, actor, execution);
  const recovery = all.find(({ arn }) => arn === execution);
  if (recovery?.status !== 'SUCCEEDED') {
    actor.problems.add(`the recovery by hand ended as ${recovery?.error}: ${recovery?.cause}`);
  }
  return recovery ? [recovery] : [];
};

/**
 * The known limit of a request that comes very late: one for the owner label that is carried out when its execution has released the
 * lock. The hourly sweep tells operators (LockWithoutExecution), and a recovery must be all that it takes.
 */
const releaseLateLock = async (
  { stack, director }: WatchedStack,
  actor: CaseActor,
  subject: Subject,
): Promise<void> => {
  const world = await loadWorld(stack, placeOf(subject), 'labelled versions');
  if (world.labels['docdb-rotation-owner'] === undefined) return;
  actor.note('the lock came back after its execution: an operator starts a recovery');
  const execution = await stack.recoveries.start({ secretId: actor.secretArn });
  const recovery = (await untilOver(stack, director, actor, execution)).find(({ arn }) => arn === execution);
  if (recovery?.status !== 'SUCCEEDED') actor.problems.add('a recovery did not release the late lock');
};

/** A trouble that passes keeps nothing from its end. Secrets Manager and the trigger may give up, and begin again. */
const checkPatience = (
  { kind, target }: PlannedFault,
  expected: Outcome,
  course: Course,
  actor: CaseActor,
): void => {
  if (!kind.passes || target.step.startsWith('Trigger')) return;
  const outcome = outcomeOf(course);
  if (outcome !== expected) {
    const reason = rotationOf(course.endings)?.cause ?? '';
    actor.problems.add(`the trouble passed, but it ended as ${outcome}, not as ${expected}: ${reason}`);
  }
  for (const retirement of course.endings.filter(isRetirement)) {
    if (retirement.status !== 'SUCCEEDED') actor.problems.add(`the retirement ended: ${retirement.cause}`);
  }
};

const checkPasswords = async (
  stack: LocalStack,
  { after, endings }: Course,
  actor: CaseActor,
): Promise<void> => {
  const passwords = [...after.versions.values()].flatMap(({ credential }) => credential?.password ?? []);
  for (const { arn } of endings) {
    const written = JSON.stringify([
      await stack.executions.describe(arn),
      await stack.executions.history(arn),
    ]);
    for (const problem of leaks(passwords, written))
      actor.problems.add(`${problem} in the history of ${arn}`);
  }
};
