import {
  ClusterApiUnavailableError,
  DatabaseIncompatibleError,
  DatabaseUnavailableError,
  SecretsManagerRefusedError,
  SecretsManagerUnavailableError,
} from '../../functions/contract/errors.ts';
import { type Aftermath, aftermathProblems, currentProblems } from './invariants.ts';
import { type Fault, PortCalls, ProcessDiedError } from './port-calls.ts';
import { executionArn, RecoveryMachine, RotationMachine, stoppedEvent } from './rotation-machine.ts';
import { inputFor, SCENARIOS, scenario, WAYS, type Way } from './rotation-scenarios.ts';
import { begunByService, firstAttempt } from './rotation-steps.ts';
import type { RotationWorld } from './rotation-world.ts';
import { type Ending, ExecutionAbortedError } from './state-machine.ts';

/*
 * Every port call of a rotation, of its compensation and of a recovery is broken in every way that a call can break.
 * What must hold is what the design says: some labelled version always logs in (1), AWSCURRENT at the end (2), no
 * dangling AWSPENDING (3), a rollback restores everything (4), a pair has no outage (5), no password is seen (6), no
 * user has gained anything after a failure (8).
 */

const STORE_CALLS = new Set([
  'describe',
  'read',
  'readCurrent',
  'listVersions',
  'put',
  'moveLabel',
  'setTags',
  'newPassword',
]);
const CLUSTER_CALLS = new Set(['describeCluster', 'askForPassword']);
export const CALLS_WITH_EFFECT = new Set([
  'put',
  'moveLabel',
  'setTags',
  'createUser',
  'updateUser',
  'dropUser',
  'askForPassword',
]);

export const died = (): Error => new ProcessDiedError('the process died');
const unavailable = (method: string): Error => {
  if (STORE_CALLS.has(method)) return new SecretsManagerUnavailableError('no answer');
  if (CLUSTER_CALLS.has(method)) return new ClusterApiUnavailableError('no answer');
  return new DatabaseUnavailableError('no answer');
};
export const refused = (method: string): Error =>
  STORE_CALLS.has(method)
    ? new SecretsManagerRefusedError('not allowed')
    : new DatabaseIncompatibleError('not understood');

export interface Breakage {
  readonly name: string;
  readonly fault: Omit<Fault, 'call'>;
  readonly abort?: boolean;
}

/** Longer than the seven retries of the forward path, shorter than compensation is retried. */
const OUTAGE = 30;

export const BREAKAGES: readonly Breakage[] = [
  { name: 'dies before it, and is tried again', fault: { when: 'before', error: died } },
  { name: 'dies after it, and is tried again', fault: { when: 'after', error: died } },
  {
    name: 'dies before it, and the execution is stopped',
    fault: { when: 'before', error: died },
    abort: true,
  },
  { name: 'dies after it, and the execution is stopped', fault: { when: 'after', error: died }, abort: true },
  { name: 'fails for a moment', fault: { when: 'before', error: unavailable } },
  { name: 'has its effect, and the reply is lost', fault: { when: 'after', error: unavailable } },
  { name: 'fails for longer', fault: { when: 'before', error: unavailable, calls: OUTAGE } },
  { name: 'is refused', fault: { when: 'before', error: refused } },
];

/** A call that only reads leaves the same world before and after: breaking it after would be the same case again. */
const matters = ({ fault }: Breakage, method: string): boolean =>
  fault.when === 'before' || CALLS_WITH_EFFECT.has(method);

export interface Run {
  readonly world: RotationWorld;
  readonly calls: PortCalls;
  readonly ending: Ending;
  readonly aborted: boolean;
  readonly notices: number;
  readonly problems: string[];
}

let cases = 0;

/** How many rotations this process has run through. */
export const casesSoFar = (): number => cases;

/** A whole rotation with these faults; if it is stopped, the recovery that EventBridge starts follows. */
export const rotate = async (
  name: string,
  way: Way,
  faults: readonly Fault[],
  abort = false,
): Promise<Run> => {
  cases += 1;
  const world = scenario(name);
  const problems: string[] = [];
  const watch = (): void => void problems.push(...world.momentProblems());
  const calls = new PortCalls({ faults, watch });
  const isByService = way === 'started by Secrets Manager';
  const rotation = isByService ? world.beginRotation() : undefined;
  const arn = rotation === undefined ? executionArn('one') : firstAttempt(world, rotation);
  const input = inputFor(way, rotation && (await begunByService(world, arn, rotation)));
  const machine = new RotationMachine(world, { calls, abortOnDeath: abort });
  // No one recovers a recovery: a step of it that dies is tried again.
  const rescue = new RecoveryMachine(world, { calls });
  let aborted = false;
  const ending = await machine.run(arn, input).catch(async (error: unknown) => {
    if (!(error instanceof ExecutionAbortedError)) throw error;
    aborted = true;
    return await rescue.run(executionArn('two', 'recovery'), stoppedEvent(arn, input));
  });
  const notices = [...machine.notices, ...rescue.notices];
  problems.push(...world.leaks(ending.trail), ...world.leaks(notices));
  return { world, calls, ending, aborted, notices: notices.length, problems };
};

export const problemsOf = (run: Run): string[] => {
  const { world, ending, aborted } = run;
  const unique = [...new Set([...run.problems, ...world.connectionProblems()])];
  if (ending.path.includes('ReleaseLock') && ending.error === 'RollbackFailed')
    return [...unique, ...untold(run)];
  if (ending.error === 'RollbackFailed' || ending.error === 'RecoveryFailed') {
    return [...unique, `it ended as ${ending.error}: ${ending.cause}`];
  }
  if (aborted && ending.status === 'FAILED')
    return [...unique, `the recovery ended as ${ending.error}: ${ending.cause}`];
  return [...unique, ...aftermathProblems(world, world.before, aftermathOf(run))];
};

const aftermathOf = ({ ending, aborted }: Run): Aftermath => {
  if (aborted) return 'recovered';
  return ending.status === 'FAILED' ? 'restored' : 'rotated';
};

/** A release that is refused for good is the one thing that nothing here can change: AWSCURRENT logs in, and the operators know. */
const untold = ({ world, notices, calls }: Run): string[] => [
  ...(notices === 1 ? [] : ['the operators were not told']),
  ...(calls.wasRefused ? [] : ['it could not release the lock, though nothing refused it']),
  ...currentProblems(world),
];

/** Breaks every call from `first` on, and tells what did not hold. */
export const breakEachCall = async (
  recorded: readonly string[],
  first: number,
  run: (fault: Fault, breakage: Breakage) => Promise<string[]>,
  breakages = BREAKAGES,
): Promise<string[]> => {
  const found: string[] = [];
  for (const [index, method] of recorded.entries()) {
    const call = index + 1;
    if (call < first) continue;
    for (const breakage of breakages.filter((each) => matters(each, method))) {
      const problems = await run({ ...breakage.fault, call }, breakage);
      found.push(...problems.map((problem) => `call ${call} (${method}) ${breakage.name}: ${problem}`));
    }
  }
  return found;
};

/** Every scenario on every way that it allows: what was never rotated can't be rolled back. */
export const COMBINATIONS = Object.entries(SCENARIOS).flatMap(([name, { previous }]) =>
  WAYS.filter((way) => way !== 'as a revert' || previous !== undefined).map((way): [string, Way] => [
    name,
    way,
  ]),
);
