import { RotationSupersededError } from './errors.ts';

/**
 * An execution goes on with the definition that it began with, but calls the functions as they are now. One that began before
 * 0.2 has a plan of another shape and a lock of another kind. It ends as superseded at its next step, touches nothing more, and
 * the recovery that follows answers for the secret. To be removed with 1.0.
 *
 * @returns what the old definition understands as "superseded", for the two steps whose error it would take for a failure
 * @throws RotationSupersededError at every other step of such an execution
 */
export const answerBefore02 = (
  step: string,
  input: Readonly<Record<string, unknown>>,
): object | undefined => {
  if (!isBefore02(step, input)) return undefined;
  if (step === 'RestoreCredential') return { outcome: 'superseded' };
  if (step === 'RestoreLabels') return { outcome: 'untouched' };
  throw new RotationSupersededError(
    'this execution began before the functions were upgraded; it touches nothing more, and a recovery answers for the secret',
  );
};

/** `token` in a plan, none for RestoreLabels, `startedBy` for CreateSecret, `stop` and `recover` for RecoverSecret. */
const isBefore02 = (
  step: string,
  { plan, startedBy, action }: Readonly<Record<string, unknown>>,
): boolean => {
  if (typeof plan === 'object' && plan !== null) return 'token' in plan && !('lockVersion' in plan);
  return step === 'RestoreLabels' || startedBy !== undefined || action === 'stop' || action === 'recover';
};
