import { definitionOf } from '../../support/definitions.ts';
import { compiled, expressionIn } from '../../support/expressions.ts';

/** What ChooseCompensation goes by. */
export interface Failed {
  readonly isSuperseded: boolean;
  readonly hasPlan: boolean;
  readonly touched: boolean;
  readonly promoted: boolean;
}

const keyOf = ({ isSuperseded, hasPlan, touched, promoted }: Failed): string =>
  [isSuperseded, hasPlan, touched, promoted].join();

/** ChooseCompensation as the definition has it, for a single user: asked beforehand, since JSONata answers later. */
export const readCompensation = async (): Promise<(failed: Failed) => string> => {
  const answers = new Map<string, string>();
  const { Choices = [], Default = '' } = definitionOf('rotation').States.ChooseCompensation ?? {};
  const both = [true, false];
  for (const isSuperseded of both)
    for (const hasPlan of both)
      for (const touched of both)
        for (const promoted of both) {
          const failed = { isSuperseded, hasPlan, touched, promoted };
          const holds = await Promise.all(Choices.map(({ Condition }) => isTrue(Condition, failed)));
          answers.set(keyOf(failed), Choices[holds.indexOf(true)]?.Next ?? Default);
        }
  return (failed) => answers.get(keyOf(failed)) ?? Default;
};

const isTrue = async (condition: string, failed: Failed): Promise<boolean> =>
  (await compiled(expressionIn(condition) ?? '').evaluate(undefined, {
    failed: true,
    error: failed.isSuperseded ? 'RotationSupersededError' : 'CredentialNotPropagatedError',
    failedState: failed.hasPlan ? 'SetSecret' : 'CreateSecret',
    plan: failed.hasPlan ? { strategy: 'single-user' } : null,
    before: null,
    mode: 'rotate',
    token: null,
    promoted: failed.promoted,
    databaseTouched: failed.touched,
  })) === true;

const RECOVERY = definitionOf('recovery').States;

/** Nothing is read or changed before the function that was in flight has ended. */
export const waitsForDrain = (): boolean => {
  const next = RECOVERY[RECOVERY.TakeLock?.Next ?? ''];
  return next?.Type === 'Wait' && next.Next === 'RecoverSecret';
};

/** That another execution has the lock is looked at again before the recovery ends. */
export const looksAgainForOthers = (): boolean => {
  const caught = RECOVERY.TakeLock?.Catch?.find(({ ErrorEquals }) =>
    ErrorEquals.includes('NothingToRecoverError'),
  );
  return RECOVERY[caught?.Next ?? '']?.Type === 'Choice';
};

/** After an error that leaves the outcome open, compensation looks again when the drain is over. */
export const looksAgain = async (): Promise<boolean> => {
  const { Assign } = definitionOf('rotation').States.CheckRestored ?? {};
  const again = compiled(expressionIn(String(Assign?.again)) ?? 'false');
  return (await again.evaluate(undefined, { uncertain: true })) === true;
};
