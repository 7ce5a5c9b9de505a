import { DescribeDBClustersCommand } from '@aws-sdk/client-docdb';
import { DeleteRolePolicyCommand, NoSuchEntityException } from '@aws-sdk/client-iam';
import { ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { DeleteSecretCommand, ListSecretsCommand } from '@aws-sdk/client-secrets-manager';
import { ListExecutionsCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { ownNames, stacksOf } from './names.ts';
import type { Place } from './place/place.ts';
import { deleteStack, resourcesOf, slowestDeletions, stacksNamed } from './stacks.ts';

/** The policy by which a question takes a permission away. CloudFormation does not know it, and deletes no role that has it. */
export const DENYING_POLICY = 'docdb-rotation-conformance-denied';

/** CloudFormation shortens the stack's name in the names of its resources. */
const NAME_PART = 20;

export interface TakenDown {
  readonly seconds: number;
  /** How long single resources took. */
  readonly slowest: readonly { type: string; seconds: number }[];
  /** What is still there, by name. */
  readonly left: readonly string[];
}

/** A question that was cut off may still make something while the first pass goes. */
const MOST_PASSES = 3;

/** Takes down all that a kit of this name has made, whatever state it is in. It can be begun again at any point. */
export const takeDown = async (
  place: Place,
  name: string,
  tell: (what: string) => void,
): Promise<TakenDown> => {
  const started = performance.now();
  const slowest: { type: string; seconds: number }[] = [];
  let left: string[] = [];
  for (let pass = 0; pass < MOST_PASSES; pass++) {
    slowest.push(...(await deleteStacks(place, name, tell)));
    tell('deleting secrets that questions have made');
    await deleteSecrets(place, name);
    left = await leftovers(place, name);
    if (left.length === 0) break;
  }
  return {
    seconds: Math.round((performance.now() - started) / 1000),
    slowest: slowest.sort((one, other) => other.seconds - one.seconds).slice(0, 8),
    left,
  };
};

const deleteStacks = async (
  place: Place,
  name: string,
  tell: (what: string) => void,
): Promise<{ type: string; seconds: number }[]> => {
  const { ground, rotation } = stacksOf(name);
  const slowest: { type: string; seconds: number }[] = [];
  const stacks = await stacksNamed(place, `${name}-`);
  for (const stack of inOrder(
    stacks.map(({ StackName = '' }) => StackName),
    [rotation, ground],
  )) {
    const { StackId = stack } = stacks.find(({ StackName }) => StackName === stack) ?? {};
    tell(`deleting the stack ${stack}`);
    if (stack === rotation) await release(place, stack);
    slowest.push(...slowestDeletions(await deleteStack(place, StackId)));
  }
  return slowest;
};

const deleteSecrets = async (place: Place, name: string): Promise<void> => {
  for (const SecretId of await secretsNamed(place, name))
    await place.clients.secretsManager.send(
      new DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true }),
    );
};

/** What questions have made goes first, the ground last. */
const inOrder = (stacks: readonly string[], last: readonly string[]): string[] => [
  ...stacks.filter((stack) => !last.includes(stack)),
  ...last.filter((stack) => stacks.includes(stack)),
];

/** Ends what would keep resources from being deleted. */
const release = async (place: Place, stackName: string): Promise<void> => {
  const { iam, stepFunctions } = place.clients;
  for (const RoleName of await resourcesOf(place, stackName, 'AWS::IAM::Role').catch(() => []))
    await iam
      .send(new DeleteRolePolicyCommand({ RoleName, PolicyName: DENYING_POLICY }))
      .catch((error: unknown) => {
        if (!(error instanceof NoSuchEntityException)) throw error;
      });
  const machines = await resourcesOf(place, stackName, 'AWS::StepFunctions::StateMachine').catch(() => []);
  for (const stateMachineArn of machines) {
    const { executions = [] } = await stepFunctions
      .send(new ListExecutionsCommand({ stateMachineArn, statusFilter: 'RUNNING' }))
      .catch(() => ({ executions: [] }));
    for (const { executionArn } of executions)
      await stepFunctions.send(new StopExecutionCommand({ executionArn })).catch(() => {});
  }
};

const secretsNamed = async ({ clients }: Place, name: string): Promise<string[]> => {
  const found: string[] = [];
  let NextToken: string | undefined;
  do {
    const page = await clients.secretsManager.send(
      new ListSecretsCommand({ NextToken, Filters: [{ Key: 'name', Values: [name] }] }),
    );
    for (const { ARN, Name } of page.SecretList ?? [])
      if (ARN && (Name?.startsWith(`${name}/`) || Name?.startsWith(ownNames(name)))) found.push(ARN);
    NextToken = page.NextToken;
  } while (NextToken);
  return found;
};

/** What is there of a kit, by name. */
export const leftovers = async (place: Place, name: string): Promise<string[]> => {
  const stacks = (await stacksNamed(place, `${name}-`)).map(({ StackName }) => `stack ${StackName}`);
  const secrets = (await secretsNamed(place, name)).map((arn) => `secret ${arn.split(':').at(-1)}`);
  const functions: string[] = [];
  let Marker: string | undefined;
  do {
    const page = await place.clients.lambda.send(new ListFunctionsCommand({ Marker }));
    for (const { FunctionName } of page.Functions ?? [])
      if (FunctionName?.startsWith(name.slice(0, NAME_PART))) functions.push(`function ${FunctionName}`);
    Marker = page.NextMarker;
  } while (Marker);
  const { DBClusters = [] } = await place.clients.documentDb.send(new DescribeDBClustersCommand({}));
  const clusters = DBClusters.filter(({ DBClusterIdentifier }) =>
    DBClusterIdentifier?.startsWith(name.slice(0, NAME_PART).toLowerCase()),
  );
  return [
    ...stacks,
    ...secrets,
    ...functions,
    ...clusters.map(({ DBClusterIdentifier }) => `cluster ${DBClusterIdentifier}`),
  ];
};
