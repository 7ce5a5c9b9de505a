import { mayJoin } from '../../../functions/create-secret/create-secret.ts';
import { candidatesIn } from '../../../functions/recover-secret/known-versions.ts';
import { isStuck } from '../../../functions/recover-secret/recovered-labels.ts';
import { stillProven } from '../../../functions/recover-secret/still-proven.ts';
import { mayTakeFrom, suspectsIn } from '../../../functions/recover-secret/take-over.ts';
import { startsRecovery } from '../../../functions/report-outcome/starts-recovery.ts';
import { isPutBack } from '../../../functions/restore-labels/restore-labels.ts';
import { CURRENT, hasLabel, lockHolder, OWNER } from '../../../functions/secret/labels.ts';
import { mayBegin, sameStages } from '../../../functions/secret/lock.ts';
import { isPendingFree } from '../../../functions/secret/pending-free.ts';
import { provenBy, wasGood } from '../../../functions/secret/proven-by.ts';
import type { SecretDescription } from '../../../functions/secret/secret-store.ts';
import { type Failed, looksAgain, looksAgainForOthers, readCompensation, waitsForDrain } from './choices.ts';

/** The product's own decisions over labels. A test may put a broken one in the place of each. */
export interface Decisions {
  readonly mayBegin: typeof mayBegin;
  readonly mayJoin: typeof mayJoin;
  readonly sameStages: typeof sameStages;
  readonly isPendingFree: typeof isPendingFree;
  readonly lockHolder: typeof lockHolder;
  /** Whether a step that changes something goes on. */
  readonly isOwner: (secret: SecretDescription, lockVersion: string) => boolean;
  readonly isFinished: (secret: SecretDescription, token: string) => boolean;
  readonly compensation: (failed: Failed) => string;
  readonly wasGood: typeof wasGood;
  readonly isPutBack: typeof isPutBack;
  readonly provenBy: typeof provenBy;
  readonly mayTakeFrom: typeof mayTakeFrom;
  readonly suspectsIn: typeof suspectsIn;
  readonly candidatesIn: typeof candidatesIn;
  readonly isStuck: typeof isStuck;
  readonly stillProven: typeof stillProven;
  readonly startsRecovery: typeof startsRecovery;
  /** Whether a recovery waits for the functions that were running when it took the lock. */
  readonly waitsForDrain: boolean;
  /** Whether a recovery looks again after the drain, before it leaves all to another execution. */
  readonly looksAgainForOthers: boolean;
  /** Whether compensation after an unknown outcome looks again after the drain. */
  readonly looksAgain: boolean;
}

export const ofTheProduct = async (): Promise<Decisions> => ({
  mayBegin,
  mayJoin,
  sameStages,
  isPendingFree,
  lockHolder,
  isOwner: (secret, lockVersion) => hasLabel(secret, lockVersion, OWNER),
  isFinished: (secret, token) => hasLabel(secret, token, CURRENT),
  compensation: await readCompensation(),
  wasGood,
  isPutBack,
  provenBy,
  mayTakeFrom,
  suspectsIn,
  candidatesIn,
  isStuck,
  stillProven,
  startsRecovery,
  waitsForDrain: waitsForDrain(),
  looksAgainForOthers: looksAgainForOthers(),
  looksAgain: await looksAgain(),
});

/** The same answers for the same labels: a search asks for them a million times. */
export const remembered = (decisions: Decisions): Decisions => ({
  ...decisions,
  mayBegin: remember(decisions.mayBegin),
  mayJoin: remember(decisions.mayJoin),
  sameStages: remember(decisions.sameStages),
  isPendingFree: remember(decisions.isPendingFree),
  isOwner: remember(decisions.isOwner),
  isFinished: remember(decisions.isFinished),
  isPutBack: remember(decisions.isPutBack),
  mayTakeFrom: remember(decisions.mayTakeFrom),
  suspectsIn: remember(decisions.suspectsIn),
  candidatesIn: remember(decisions.candidatesIn),
  isStuck: remember(decisions.isStuck),
  stillProven: remember(decisions.stillProven),
});

const numbers = new WeakMap<object, number>();
let last = 0;

/** A description is one object for the same labels: its number serves in place of what it says. */
const numberOf = (secret: object): number => {
  const known = numbers.get(secret);
  if (known !== undefined) return known;
  last += 1;
  numbers.set(secret, last);
  return last;
};

const isSecret = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && 'versions' in value;

const remember = <Given extends readonly unknown[], Answer>(
  decide: (...given: Given) => Answer,
): ((...given: Given) => Answer) => {
  const answers = new Map<string, Answer>();
  return (...given) => {
    const key = given.map((each) => (isSecret(each) ? numberOf(each) : JSON.stringify(each))).join();
    const known = answers.get(key);
    if (known !== undefined) return known;
    const answer = decide(...given);
    answers.set(key, answer);
    return answer;
  };
};
