import { type ExecutionResult, parseObject } from './execution-result.ts';
import { isBroken } from './outcome.ts';

/**
 * Whether a rule has started a recovery that looks after a secret: infra/workflows/recovery-state-machine.ts has the rules, and
 * statemachine/recovery.asl.yaml passes over what changed nothing, or names no secret.
 */
export const startsRecovery = (ended: ExecutionResult): boolean => isCutOff(ended) && isOfASecret(ended);

const isCutOff = (ended: ExecutionResult): boolean =>
  ended.status === 'ABORTED' ||
  ended.status === 'TIMED_OUT' ||
  isBroken(ended) ||
  (ended.status === 'FAILED' && ended.error === 'RotationSupersededError');

/** A recovery that a rule started was given the event of another execution, which may come without its input. */
const isOfASecret = ({ input }: ExecutionResult): boolean => {
  const isByRule = typeof input.executionArn === 'string';
  const subject = isByRule ? parseObject(input.input) : input;
  const isKnown = typeof subject.secretId === 'string' || (isByRule && typeof input.input !== 'string');
  return isKnown && subject.mode !== 'verify' && subject.mode !== 'check';
};
