import type { LocalStack } from '../../local-stack/deployment/index.ts';
import { makeSubject, type StrategyName, type Subject } from '../faults/strategies.ts';

/** One secret of the soak. */
export interface Member {
  readonly number: number;
  readonly strategy: StrategyName;
  readonly subject: Subject;
}

/** An admin whose secret is rotated too, and the applications' secrets that are rotated through it. */
const GROUP: readonly StrategyName[] = [
  'alternating-first',
  'single-through-admin',
  'alternating-second',
  'single-through-admin',
  'alternating-first',
];

const ADMINS: readonly StrategyName[] = ['single-by-itself', 'admin-clone-first', 'admin-clone-second'];

/** Makes that many secrets, of all strategies, on one database. */
export const populate = async (stack: LocalStack, count: number): Promise<Member[]> => {
  const members: Member[] = [];
  let admin: Subject | undefined;
  for (let number = 0; number < count; number += 1) {
    const place = number % (GROUP.length + 1);
    const strategy =
      place === 0 ? pick(ADMINS, Math.floor(number / (GROUP.length + 1))) : pick(GROUP, place - 1);
    const subject = await makeSubject(stack, strategy, place === 0 ? undefined : admin?.secret);
    if (place === 0) admin = subject;
    members.push({ number, strategy, subject });
  }
  return members;
};

const pick = (names: readonly StrategyName[], index: number): StrategyName =>
  names[index % names.length] ?? 'single-by-itself';
