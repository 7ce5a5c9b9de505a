import type { DatabaseRole, LocalStack } from '../../local-stack/deployment/index.ts';
import { loadWorld } from '../../support/deployed-world.ts';
import { endProblems, gainedRoles, roleProblems } from '../../support/invariants.ts';
import { placeOf } from '../faults/strategies.ts';
import type { Member } from './population.ts';

/**
 * What does not hold for a secret on which nothing is going on. Asks nothing about versions without a label, of which
 * each rotation leaves one more; nor for a label for each user, of which people who edit a value take one away.
 */
export const settledProblems = async (
  stack: LocalStack,
  { subject }: Member,
  roles: readonly DatabaseRole[],
): Promise<string[]> => {
  const view = await loadWorld(stack, placeOf(subject), 'labelled versions');
  const current = view.credentialUnder('AWSCURRENT')?.username;
  return [
    ...endProblems(view),
    // The other half has no more than the user of AWSCURRENT, and may have less.
    ...Object.entries(view.users).flatMap(([name, its]) =>
      name === current ? roleProblems(name, roles, its) : gainedRoles(name, roles, its),
    ),
  ];
};
