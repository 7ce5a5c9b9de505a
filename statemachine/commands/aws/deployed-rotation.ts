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

/** Where each machine, and the trigger, is within the construct: its logical id is the construct's own path, this, and eight characters. */
const PATHS = {
  rotation: ['StateMachine', 'Workflow'],
  recovery: ['Recovery', 'Workflow'],
  retirement: ['Retirement', ''],
  trigger: ['Functions', 'Trigger'],
} as const;

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
  const physicalId = (type: string, id: string, part: keyof typeof PATHS): string | undefined =>
    resources.find(
      ({ ResourceType, LogicalResourceId = '' }) =>
        ResourceType === type &&
        pathsIn(id, part).includes(LogicalResourceId.slice(0, -8)) &&
        /[0-9A-F]{8}$/.test(LogicalResourceId),
    )?.PhysicalResourceId;
  const ids = resources.flatMap(({ LogicalResourceId = '' }) => {
    const [, before] = /^(.*)Workflow[0-9A-F]{8}$/.exec(LogicalResourceId) ?? [];
    return before?.endsWith('StateMachine') ? [before.slice(0, -'StateMachine'.length), before] : [];
  });
  const found = new Map<string, DeployedRotation>();
  for (const id of ids) {
    const [rotation, recovery, retirement] = MACHINES.map((kind) =>
      physicalId('AWS::StepFunctions::StateMachine', id, kind),
    );
    if (rotation === undefined || recovery === undefined || retirement === undefined) continue;
    const triggerName = physicalId('AWS::Lambda::Function', id, 'trigger');
    found.set(id, { stack, machines: { rotation, recovery, retirement }, triggerName });
  }
  return found;
};

/**
 * CDK leaves a part of a path out where the one before ends with it: a construct of the id `StateMachine` has its machine at `StateMachineWorkflow`.
 * https://github.com/aws/aws-cdk/blob/main/packages/aws-cdk-lib/core/lib/private/uniqueid.ts
 */
const pathsIn = (id: string, part: keyof typeof PATHS): string[] => {
  const [first, last] = PATHS[part];
  return [`${id}${first}${last}`, ...(id.endsWith(first) ? [`${id}${last}`] : [])];
};
