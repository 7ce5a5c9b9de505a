import { holderOf, logsInEverywhere, look, type OutsideView } from '../faults/outside-view.ts';
import { labelProblems } from '../faults/verdict.ts';
import type { LocalStack } from '../stack/local-stack/index.ts';
import type { Member } from './population.ts';

/** What does not hold for a secret on which nothing is going on. */
export const settledProblems = async (
  stack: LocalStack,
  { subject }: Member,
  roles: readonly string[],
): Promise<string[]> => {
  const view = await look(stack, subject);
  const current = view.credentials.get(holderOf(view, 'AWSCURRENT') ?? '');
  const accepted = current !== undefined && (await logsInEverywhere(stack, current));
  return [
    ...labelProblems(view),
    ...(accepted ? [] : ['AWSCURRENT does not log in on every instance']),
    ...roleProblems(view, current?.username, roles),
  ];
};

/** The current user has its roles, no more and no less; its other half has no more. */
const roleProblems = (
  { users }: OutsideView,
  current: string | undefined,
  expected: readonly string[],
): string[] => {
  const problems: string[] = [];
  for (const [name, roles] of users) {
    const gained = roles.filter((role) => !expected.includes(role));
    if (gained.length > 0) problems.push(`"${name}" has gained ${gained.join(', ')}`);
    if (name === current && expected.some((role) => !roles.includes(role))) {
      problems.push(`"${name}" lacks roles that it should have`);
    }
  }
  return problems;
};
