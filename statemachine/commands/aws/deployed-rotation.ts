import {
  type CloudFormationClient,
  ListStackResourcesCommand,
  paginateDescribeStacks,
  type StackResourceSummary,
} from '@aws-sdk/client-cloudformation';
import { CommandError } from '../command-error.ts';
import { EXIT } from '../exit-codes.ts';

export const DEFAULT_STACK = 'docdb-rotation';

export const MACHINES = ['rotation', 'recovery', 'retirement'] as const;
export type Machine = (typeof MACHINES)[number];

/** One rotation that is deployed: by the stack of this repository, the plain template, or a construct in an app. */
export interface DeployedRotation {
  readonly stack: string;
  /** The ARN of each state machine. */
  readonly machines: Readonly<Record<Machine, string>>;
  /** The function that Secrets Manager calls. */
  readonly triggerName: string | undefined;
}

export interface StackOptions {
  readonly stack: string;
  /** The construct's id, where a stack has several rotations. */
  readonly rotation?: string;
}

/** How the logical id of each machine ends before the eight characters that CDK adds; what is in front is the construct's path. */
const ENDINGS: Readonly<Record<Machine, string>> = {
  rotation: 'StateMachineWorkflow',
  recovery: 'RecoveryWorkflow',
  retirement: 'Retirement',
};

/**
 * Finds the machines of a rotation among the resources of its stack: it needs no outputs, so that a construct in any app is found as
 * the stack of this repository is.
 *
 * @throws CommandError if the stack has none, or several and none was chosen
 */
export const findRotation = async (
  client: CloudFormationClient,
  { stack, rotation }: StackOptions,
): Promise<DeployedRotation> => {
  const found = rotationsIn(stack, await resourcesOf(client, stack));
  const names = [...found.keys()].join(', ');
  const chosen = rotation === undefined ? [...found.values()] : [found.get(rotation)];
  const [first] = chosen;
  if (found.size === 0) {
    throw new CommandError(
      `the stack ${stack} has no rotation of docdb-rotation in it; name the stack of your app by --stack or DOCDB_ROTATION_STACK`,
    );
  }
  if (first === undefined)
    throw new CommandError(`the stack ${stack} has no rotation ${rotation}; it has ${names}`);
  if (chosen.length > 1) {
    throw new CommandError(
      `the stack ${stack} has several rotations; choose one by --rotation: ${names}`,
      EXIT.usage,
    );
  }
  return first;
};

/** The outputs of a rotation begin their descriptions with this (infra/rotation-outputs.ts). */
const OUTPUT = 'docdb-rotation: ';

/**
 * All rotations of the account and Region: those of each stack with outputs of this project.
 *
 * @throws CommandError if there is none
 */
export const everyRotation = async (client: CloudFormationClient): Promise<DeployedRotation[]> => {
  const rotations: DeployedRotation[] = [];
  for await (const { Stacks = [] } of paginateDescribeStacks({ client }, {})) {
    for (const { StackName: stack = '', Outputs = [] } of Stacks) {
      if (!Outputs.some(({ Description = '' }) => Description.startsWith(OUTPUT))) continue;
      rotations.push(...rotationsIn(stack, await resourcesOf(client, stack)).values());
    }
  }
  if (rotations.length > 0) return rotations;
  throw new CommandError(
    `no stack in ${await client.config.region()} has a rotation of docdb-rotation in it; name another Region by --region, or another account by --profile`,
  );
};

const resourcesOf = async (client: CloudFormationClient, stack: string): Promise<StackResourceSummary[]> => {
  const resources: StackResourceSummary[] = [];
  let NextToken: string | undefined;
  try {
    do {
      const page = await client.send(new ListStackResourcesCommand({ StackName: stack, NextToken }));
      resources.push(...(page.StackResourceSummaries ?? []));
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
  } catch (error) {
    if (!(error instanceof Error) || !/does not exist/.test(error.message)) throw error;
    throw new CommandError(
      `there is no stack ${stack} in ${await client.config.region()}; name the stack of your app by --stack or DOCDB_ROTATION_STACK, and its Region by --region`,
    );
  }
  return resources;
};

/** The rotations among the resources of a stack, by the id of the construct. */
export const rotationsIn = (
  stack: string,
  resources: readonly Pick<
    StackResourceSummary,
    'ResourceType' | 'LogicalResourceId' | 'PhysicalResourceId'
  >[],
): Map<string, DeployedRotation> => {
  const physicalId = (type: string, logicalId: string): string | undefined =>
    resources.find(
      ({ ResourceType, LogicalResourceId = '' }) =>
        ResourceType === type &&
        LogicalResourceId.slice(0, -8) === logicalId &&
        /[0-9A-F]{8}$/.test(LogicalResourceId),
    )?.PhysicalResourceId;
  const machine = (id: string, kind: Machine) =>
    physicalId('AWS::StepFunctions::StateMachine', `${id}${ENDINGS[kind]}`);
  const ids = resources.flatMap(
    ({ LogicalResourceId = '' }) =>
      /^(.*)StateMachineWorkflow[0-9A-F]{8}$/.exec(LogicalResourceId)?.[1] ?? [],
  );
  const found = new Map<string, DeployedRotation>();
  for (const id of ids) {
    const [rotation, recovery, retirement] = MACHINES.map((kind) => machine(id, kind));
    if (rotation === undefined || recovery === undefined || retirement === undefined) continue;
    const triggerName = physicalId('AWS::Lambda::Function', `${id}FunctionsTrigger`);
    found.set(id, { stack, machines: { rotation, recovery, retirement }, triggerName });
  }
  return found;
};
