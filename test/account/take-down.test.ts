import { describe, expect, it } from 'vitest';
import type { Clients } from './clients.ts';
import type { Place } from './place/place.ts';
import { slowestDeletions } from './stacks.ts';
import { DENYING_POLICY, takeDown } from './take-down.ts';

interface Command {
  readonly constructor: { readonly name: string };
  readonly input: Record<string, unknown>;
}

/** An account with the two stacks, whose deletions come to what is told: the emulator never fails to delete one. */
const account = (deletions: readonly ('DELETE_FAILED' | 'gone')[]) => {
  const calls: string[] = [];
  const left = new Map([
    ['kit-rotation', [...deletions]],
    ['kit-ground', ['gone'] as ('DELETE_FAILED' | 'gone')[]],
  ]);
  const status = new Map([...left.keys()].map((name) => [name, 'CREATE_COMPLETE']));
  const stackOf = (name: string) => ({ StackName: name, StackId: name, StackStatus: status.get(name) });
  const answers: Record<string, (input: Record<string, unknown>) => unknown> = {
    DescribeStacksCommand: ({ StackName }) => {
      if (StackName === undefined) return { Stacks: [...status.keys()].map(stackOf) };
      if (!status.has(String(StackName))) throw new Error(`Stack with id ${StackName} does not exist`);
      return { Stacks: [stackOf(String(StackName))] };
    },
    DeleteStackCommand: ({ StackName }) => {
      const name = String(StackName);
      const next = left.get(name)?.shift() ?? 'DELETE_FAILED';
      if (next === 'gone') status.delete(name);
      else status.set(name, next);
      return {};
    },
    ListStackResourcesCommand: () => ({
      StackResourceSummaries: [
        { ResourceType: 'AWS::IAM::Role', PhysicalResourceId: 'role' },
        { ResourceType: 'AWS::StepFunctions::StateMachine', PhysicalResourceId: 'machine' },
      ],
    }),
    ListExecutionsCommand: () => ({ executions: [{ executionArn: 'execution' }] }),
  };
  const send = async ({ constructor: { name }, input }: Command) => {
    calls.push(`${name} ${Object.values(input).join(' ')}`.trim());
    return answers[name]?.(input) ?? {};
  };
  const client = { send };
  const clients = new Proxy({}, { get: () => client }) as Clients;
  const place: Place = {
    kind: 'aws',
    region: 'eu-central-1',
    clients,
    pollMilliseconds: 1,
    prepare: async () => {},
    deploy: async () => {},
    endDeployment: async () => {},
  };
  return { place, calls };
};

describe('the way down', () => {
  it('takes off the permission that a question had denied, and ends executions, before the stack goes', async () => {
    const { place, calls } = account(['gone']);
    expect((await takeDown(place, 'kit', () => {})).left).toEqual([]);
    const at = (call: string) => calls.indexOf(call);
    const deletion = at('DeleteStackCommand kit-rotation');
    expect(at(`DeleteRolePolicyCommand role ${DENYING_POLICY}`)).toBeGreaterThanOrEqual(0);
    expect(at(`DeleteRolePolicyCommand role ${DENYING_POLICY}`)).toBeLessThan(deletion);
    expect(at('StopExecutionCommand execution')).toBeLessThan(deletion);
    expect(deletion).toBeLessThan(at('DeleteStackCommand kit-ground'));
  });

  it('deletes a stack again that hung on something', async () => {
    const { place, calls } = account(['DELETE_FAILED', 'DELETE_FAILED', 'gone']);
    expect((await takeDown(place, 'kit', () => {})).left).toEqual([]);
    expect(calls.filter((call) => call === 'DeleteStackCommand kit-rotation')).toHaveLength(3);
  });

  it('fails and names the stack that can’t be deleted', async () => {
    const { place } = account(Array.from({ length: 20 }, () => 'DELETE_FAILED' as const));
    await expect(takeDown(place, 'kit', () => {})).rejects.toThrow('kit-rotation could not be deleted');
  });

  it('tells how long each resource took, the slowest first', () => {
    const event = (LogicalResourceId: string, ResourceStatus: string, second: number) => ({
      StackId: '',
      EventId: '',
      StackName: '',
      LogicalResourceId,
      ResourceType: LogicalResourceId,
      ResourceStatus: ResourceStatus as 'DELETE_COMPLETE',
      Timestamp: new Date(second * 1000),
    });
    const events = [
      event('Function', 'DELETE_COMPLETE', 900),
      event('Role', 'DELETE_COMPLETE', 12),
      event('Role', 'DELETE_IN_PROGRESS', 10),
      event('Function', 'DELETE_IN_PROGRESS', 5),
      event('Vpc', 'DELETE_IN_PROGRESS', 900),
    ];
    expect(slowestDeletions(events)).toEqual([
      { type: 'Function', seconds: 895 },
      { type: 'Role', seconds: 2 },
    ]);
  });
});
