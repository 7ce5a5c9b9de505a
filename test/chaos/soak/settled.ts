import type { LocalStack } from '../../local-stack/deployment/index.ts';
import {
  credentialIn,
  holderOf,
  labelsOf,
  logsInEverywhere,
  usersInDatabase,
} from '../faults/outside-view.ts';
import { labelProblems } from '../faults/verdict.ts';
import type { Member } from './population.ts';

/**
 * What does not hold for a secret on which nothing is going on. Asks nothing about versions without a label, of which
 * each rotation leaves one more.
 */
export const settledProblems = async (
  stack: LocalStack,
  { subject }: Member,
  roles: readonly string[],
): Promise<string[]> => {
  const { arn } = subject.secret;
  const labels = await labelsOf(stack, arn);
  const version = holderOf({ labels }, 'AWSCURRENT');
  const current = version === undefined ? undefined : await credentialIn(stack, arn, version);
  const accepted = current !== undefined && (await logsInEverywhere(stack, current));
  return [
    ...labelProblems({ labels }),
    ...(accepted ? [] : ['AWSCURRENT does not log in on every instance']),
    ...roleProblems(await usersInDatabase(stack, subject), current?.username, roles),
  ];
};

/** The current user has its roles, no more and no less; its other half has no more. */
const roleProblems = (
  users: ReadonlyMap<string, readonly string[]>,
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
