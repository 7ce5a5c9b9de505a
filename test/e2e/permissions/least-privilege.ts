import type { RolePolicies, Statement } from '../../local-stack/iam/index.ts';

/**
 * Takes one permission away from a role of the running stack.
 *
 * @param resource as a statement has it; without it, whatever the action is permitted on
 * @returns puts it back
 */
export const takeAway = async (
  policies: RolePolicies,
  role: string,
  action: string,
  resource?: string,
): Promise<() => Promise<void>> => {
  const changed: (() => Promise<void>)[] = [];
  for (const [name, { Statement: statements }] of (await policies.all()).get(role) ?? []) {
    const rest = statements.flatMap((statement) => without(statement, action, resource));
    if (JSON.stringify(rest) === JSON.stringify(statements)) continue;
    await policies.put(role, name, rest);
    changed.push(() => policies.put(role, name, statements));
  }
  if (changed.length === 0)
    throw new Error(`${role} has no permission for ${action} on ${resource ?? 'anything'}`);
  return async () => {
    for (const putBack of changed) await putBack();
  };
};

/** What is left of a statement: its other actions on all, and this action on its other resources. */
const without = (statement: Statement, action: string, resource: string | undefined): Statement[] => {
  const { Action, Resource } = statement;
  const taken = resource === undefined ? Resource : [resource];
  if (!Action.includes(action) || !Resource.some((one) => taken.includes(one))) return [statement];
  const left = [
    { ...statement, Action: Action.filter((one) => one !== action) },
    { ...statement, Action: [action], Resource: Resource.filter((one) => !taken.includes(one)) },
  ];
  return left.filter((one) => one.Action.length > 0 && one.Resource.length > 0);
};
