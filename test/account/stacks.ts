import { setTimeout as sleep } from 'node:timers/promises';
import {
  DeleteStackCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  ListStackResourcesCommand,
  type Stack,
  type StackEvent,
} from '@aws-sdk/client-cloudformation';
import type { Place } from './place/place.ts';

const LONGEST_DELETION_MS = 40 * 60_000;
const MOST_ATTEMPTS = 4;

/** The stacks that are there and whose names begin so. */
export const stacksNamed = async ({ clients }: Place, prefix: string): Promise<Stack[]> => {
  const found: Stack[] = [];
  let NextToken: string | undefined;
  do {
    const page = await clients.cloudFormation.send(new DescribeStacksCommand({ NextToken }));
    found.push(...(page.Stacks ?? []));
    NextToken = page.NextToken;
  } while (NextToken);
  return found.filter(
    ({ StackName, StackStatus }) => StackName?.startsWith(prefix) && StackStatus !== 'DELETE_COMPLETE',
  );
};

/** What a stack says when it is deployed. */
export const outputsOf = async ({ clients }: Place, StackName: string): Promise<Record<string, string>> => {
  const { Stacks } = await clients.cloudFormation.send(new DescribeStacksCommand({ StackName }));
  return Object.fromEntries(
    (Stacks?.[0]?.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
  );
};

/** The names of a stack's resources of one type. */
export const resourcesOf = async ({ clients }: Place, StackName: string, type: string): Promise<string[]> => {
  const names: string[] = [];
  let NextToken: string | undefined;
  do {
    const page = await clients.cloudFormation.send(new ListStackResourcesCommand({ StackName, NextToken }));
    for (const { ResourceType, PhysicalResourceId } of page.StackResourceSummaries ?? [])
      if (ResourceType === type && PhysicalResourceId) names.push(PhysicalResourceId);
    NextToken = page.NextToken;
  } while (NextToken);
  return names;
};

/**
 * Deletes a stack in whatever state it is, and waits until it is gone. What hangs on network interfaces of functions is tried again.
 *
 * @returns its events
 */
export const deleteStack = async (place: Place, stackId: string): Promise<StackEvent[]> => {
  const { cloudFormation } = place.clients;
  const deadline = Date.now() + LONGEST_DELETION_MS;
  let attempts = 0;
  for (;;) {
    const status = await statusOf(place, stackId);
    if (status === undefined || status === 'DELETE_COMPLETE') return await eventsOf(place, stackId);
    if (status !== 'DELETE_IN_PROGRESS') {
      attempts += 1;
      if (attempts > MOST_ATTEMPTS || Date.now() > deadline)
        throw new Error(`the stack ${stackId} could not be deleted: ${status}`);
      await cloudFormation.send(new DeleteStackCommand({ StackName: stackId }));
    }
    await sleep(place.pollMilliseconds);
  }
};

const statusOf = async ({ clients }: Place, stackId: string): Promise<string | undefined> => {
  try {
    const { Stacks } = await clients.cloudFormation.send(new DescribeStacksCommand({ StackName: stackId }));
    return Stacks?.[0]?.StackStatus;
  } catch (error) {
    // That is how CloudFormation says that there is none by this name.
    if (error instanceof Error && error.message.includes('does not exist')) return undefined;
    throw error;
  }
};

const eventsOf = async ({ clients }: Place, stackId: string): Promise<StackEvent[]> => {
  const events: StackEvent[] = [];
  let NextToken: string | undefined;
  try {
    do {
      const page = await clients.cloudFormation.send(
        new DescribeStackEventsCommand({ StackName: stackId, NextToken }),
      );
      events.push(...(page.StackEvents ?? []));
      NextToken = page.NextToken;
    } while (NextToken);
  } catch {
    // Only told: the stack is gone, and with it, here, what it did.
  }
  return events;
};

/** How long the deletion of each resource took, the longest first. */
export const slowestDeletions = (events: readonly StackEvent[]): { type: string; seconds: number }[] => {
  const began = new Map<string, number>();
  const took: { type: string; seconds: number }[] = [];
  const inOrder = [...events].sort((one, other) => Number(one.Timestamp) - Number(other.Timestamp));
  for (const { LogicalResourceId = '', ResourceType = '', ResourceStatus, Timestamp } of inOrder) {
    if (ResourceStatus === 'DELETE_IN_PROGRESS' && !began.has(LogicalResourceId))
      began.set(LogicalResourceId, Number(Timestamp));
    const from = began.get(LogicalResourceId);
    const isStack = ResourceType === 'AWS::CloudFormation::Stack';
    if (ResourceStatus !== 'DELETE_COMPLETE' || from === undefined || isStack) continue;
    took.push({ type: ResourceType, seconds: Math.round((Number(Timestamp) - from) / 1000) });
  }
  return took.sort((one, other) => other.seconds - one.seconds).slice(0, 8);
};
