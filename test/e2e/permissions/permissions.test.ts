import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LocalStack, startLocalStack } from '../../local-stack/deployment/index.ts';
import type { AccessDecision } from '../../local-stack/iam/index.ts';
import { expectNoPasswordAnywhere, expectSettled, recover } from '../rotations/outside-judge.ts';
import { type DeployedNames, deployedNames } from './deployed-names.ts';
import { takeAway } from './least-privilege.ts';
import {
  FUNCTION_NAMES,
  FUNCTIONS,
  type FunctionName,
  NOT_SEEN_LOCALLY,
  type Permission,
  type ResourceName,
} from './permission-table.ts';
import { SCENARIOS, type Scenario } from './scenarios.ts';
import type { Subject } from './subject.ts';

/** What the roles are permitted is what they need, all of it: seen on the stack, which lets them do nothing else. */
let stack: LocalStack;
let deployed: Map<FunctionName, DeployedNames>;
beforeAll(async () => {
  stack = await startLocalStack({ propagationTimeoutSeconds: 6, drainSeconds: 1, waitScale: 0.2 });
  deployed = await deployedNames(stack);
});
afterAll(async () => {
  await stack?.stop();
});

/** One action of one function on one kind of resource. */
interface Grant {
  readonly role: FunctionName;
  readonly action: string;
  readonly on: ResourceName;
}

const serviceOf = (action: string): string => action.split(':')[0] ?? '';

/** All that a run can show. */
const GRANTS: readonly Grant[] = FUNCTION_NAMES.flatMap((role) =>
  FUNCTIONS[role].flatMap(({ actions, on }: Permission) =>
    actions
      .filter((action) => !(serviceOf(action) in NOT_SEEN_LOCALLY))
      .map((action) => ({ role, action, on })),
  ),
);

const nameOf = ({ role, action, on }: Grant): string => `${role} ${action} on ${on}`;

const functionOf = (role: string): FunctionName | undefined =>
  FUNCTION_NAMES.find((name) => deployed.get(name)?.roleName === role);

/** What was asked, in the words of the table; undefined if it was about another secret. */
const grantOf = ({ role, action, resource }: AccessDecision, subject: Subject): Grant | undefined => {
  const name = functionOf(role);
  const on =
    action === 'states:ListExecutions' ? 'the rotation and the recovery machine' : kindOf(resource, subject);
  return name && on && { role: name, action, on };
};

const kindOf = (resource: string, { secret, admin }: Subject): ResourceName | undefined => {
  if (resource === secret.arn) return 'the secret';
  if (resource === admin.arn) return 'its admin secret';
  if (resource === '*') return 'every resource';
  if (resource === stack.stateMachineArn) return 'the rotation machine';
  if (resource.startsWith(`${stack.stateMachineArn.replace(':stateMachine:', ':execution:')}:`)) {
    return 'its executions';
  }
  if (resource.startsWith(`${stack.recoveries.stateMachineArn.replace(':stateMachine:', ':execution:')}:`)) {
    return 'executions of the recovery';
  }
  if (resource.startsWith(`${stack.retirementStateMachineArn.replace(':stateMachine:', ':execution:')}:`)) {
    return 'executions of the retirement';
  }
  if (resource === stack.operatorsTopicArn) return "the operators' topic";
  return resource.endsWith(':event-bus/default') ? 'the default event bus' : undefined;
};

/** What was asked since then. Decisions of two services are in two lists, so that they are counted. */
const askedSince = (before: readonly AccessDecision[]): AccessDecision[] => {
  const seen = Map.groupBy(before, (decision) => JSON.stringify(decision));
  const now = Map.groupBy(stack.accessDecisions(), (decision) => JSON.stringify(decision));
  return [...now].flatMap(([key, decisions]) =>
    decisions.length > (seen.get(key)?.length ?? 0) ? decisions.slice(0, 1) : [],
  );
};

const isPartOf = ({ about }: Scenario, { role }: Grant): boolean =>
  about === undefined ? role !== 'ReportOutcome' : role === about;

const named = <T>(cases: readonly T[], name: (one: T) => string): [string, T][] =>
  cases.map((one) => [name(one), one]);

/** The first scenario that needed a permission, by its name. */
const neededBy = new Map<string, Scenario>();

test.each(FUNCTION_NAMES)('What is deployed for %s is what the table says', async (name) => {
  const statements = await stack.rolePolicies.statementsOf(deployed.get(name)?.roleName ?? '');
  const permitted = statements.filter(({ Resource }) => Resource.includes(stack.appSecret.arn));
  const expected = GRANTS.filter(({ role, on }) => role === name && on === 'the secret');
  expect([...new Set(permitted.flatMap(({ Action }) => Action))].sort()).toEqual(
    expected.map(({ action }) => action).sort(),
  );
});

describe('With the permissions of the template', () => {
  test.each(named(SCENARIOS, ({ name }) => name))('%s', async (_name, scenario) => {
    const subject = await scenario.prepare(stack);
    const before = stack.accessDecisions();

    expect(await scenario.act(stack, subject)).toMatch(scenario.ends);

    const asked = askedSince(before);
    expect(asked.filter(({ allowed }) => !allowed)).toEqual([]);
    for (const decision of asked) {
      const grant = grantOf(decision, subject);
      if (grant && isPartOf(scenario, grant) && !neededBy.has(nameOf(grant))) {
        neededBy.set(nameOf(grant), scenario);
      }
    }
    await scenario.mend?.(stack, subject);
    await expectSettled(stack, subject.secret.arn);
  });

  test('every permission is used, and what is asked for beside is nothing', () => {
    expect([...neededBy.keys()].sort()).toEqual(GRANTS.map(nameOf).sort());
  });
});

const arnOf = (on: ResourceName, { secret, admin }: Subject): string | undefined => {
  if (on === 'the secret') return secret.arn;
  return on === 'its admin secret' ? admin.arn : undefined;
};

/** Takes the permission away, has happen what needed it, and puts the permission and the secret right again. */
const withoutPermission = async (_name: string, grant: Grant): Promise<void> => {
  const scenario = neededBy.get(nameOf(grant));
  if (!scenario) throw new Error(`nothing needs ${nameOf(grant)}`);
  const subject = await scenario.prepare(stack);
  const role = deployed.get(grant.role)?.roleName ?? '';
  const putBack = await takeAway(stack.rolePolicies, role, grant.action, arnOf(grant.on, subject));

  const before = stack.accessDecisions();
  const end = await scenario.act(stack, subject).finally(putBack);

  // SNS has a name of its own for it: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html#API_Publish_Errors
  expect(end).toMatch(/AccessDeniedException|AuthorizationError/);
  expect(end).not.toMatch(scenario.ends);
  const denied = askedSince(before).filter(({ allowed }) => !allowed);
  const missed = denied.flatMap((decision) => grantOf(decision, subject) ?? []).map(nameOf);
  expect([...new Set(missed)]).toEqual([nameOf(grant)]);
  await scenario.mend?.(stack, subject);
  await recover(stack, { secretId: subject.secret.arn });
  await expectSettled(stack, subject.secret.arn);
};

const ofOneSecret = ({ on }: Grant): boolean => on === 'the secret' || on === 'its admin secret';

/** Several rotations at once, on two cores. */
describe.concurrent('With one permission for one secret taken away', { timeout: 300_000 }, () => {
  test.each(named(GRANTS.filter(ofOneSecret), nameOf))('%s', withoutPermission);
});

describe('With one permission taken away', () => {
  test.each(
    named(
      GRANTS.filter((grant) => !ofOneSecret(grant)),
      nameOf,
    ),
  )('%s', withoutPermission);
});

test('no password is in any history, log, output or cause of all this', async () => {
  await expectNoPasswordAnywhere(stack);
});
