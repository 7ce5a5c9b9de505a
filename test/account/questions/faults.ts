import { ListStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import {
  DescribeDBClustersCommand,
  ModifyDBClusterCommand,
  RebootDBInstanceCommand,
} from '@aws-sdk/client-docdb';
import { DeleteRolePolicyCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { stacksOf } from '../names.ts';
import type { Ports } from '../ports.ts';
import type { Group } from '../question.ts';
import { DENYING_POLICY } from '../take-down.ts';
import { type Ended, endOf, execute, judge, start, statesOf, toldEnd, toldVerdict } from './executions.ts';

/** A policy takes some time to be known everywhere. */
const MOST_ATTEMPTS = 6;

/** The role of the function behind a state. */
const roleOf = async (ports: Ports, step: string): Promise<string> => {
  const { rotation } = stacksOf(ports.name);
  let NextToken: string | undefined;
  do {
    const page = await ports.clients.cloudFormation.send(
      new ListStackResourcesCommand({ StackName: rotation, NextToken }),
    );
    const found = page.StackResourceSummaries?.find(
      ({ ResourceType, LogicalResourceId }) =>
        ResourceType === 'AWS::Lambda::Function' && LogicalResourceId?.includes(step),
    );
    if (found?.PhysicalResourceId) {
      const { Role = '' } = await ports.functionNamed(found.PhysicalResourceId);
      return Role.split('/').at(-1) ?? '';
    }
    NextToken = page.NextToken;
  } while (NextToken);
  throw new Error(`the stack ${rotation} has no function for ${step}`);
};

/** Rotates until it does not succeed: only then has the fault arrived. */
const untilItFails = async (ports: Ports): Promise<{ ended: Ended; attempts: number }> => {
  for (let attempts = 1; ; attempts++) {
    const ended = await execute(ports, { secretId: ports.secretArn('Single') });
    if (ended.status !== 'SUCCEEDED' || attempts >= MOST_ATTEMPTS) return { ended, attempts };
  }
};

/** Until a check says that all is well again. */
const untilMended = (ports: Ports): Promise<Ended> =>
  ports.until('a verify to succeed again', 300, async () => {
    const ended = await execute(ports, { secretId: ports.secretArn('Single'), mode: 'verify' });
    return ended.status === 'SUCCEEDED' ? ended : undefined;
  });

const setSecurityGroup = (ports: Ports, output: string): Promise<unknown> =>
  ports.clients.documentDb.send(
    new ModifyDBClusterCommand({
      DBClusterIdentifier: ports.outputs.ClusterIdentifier,
      VpcSecurityGroupIds: [ports.outputs[output] ?? ''],
      ApplyImmediately: true,
    }),
  );

const awaitReach = (ports: Ports, wanted: boolean): Promise<true> =>
  ports.until(`the cluster to be ${wanted ? 'open' : 'closed'}`, 300, async () => {
    // Instance 0 would take a login to be found: the cluster's endpoint is in the secret.
    const [outcome] = await ports.probe([{ do: 'reach', at: 'cluster', milliseconds: 3_000 }]);
    return outcome?.ok === wanted ? true : undefined;
  });

/** A sample of what goes wrong in an account. */
export const faults: Group = {
  name: 'faults',
  questions: [
    {
      id: 'denied-permission',
      question:
        'How does a rotation end whose SetSecret may not read secrets any more, and what logs in after that?',
      ask: async (ports) => {
        const policy = { RoleName: await roleOf(ports, 'SetSecret'), PolicyName: DENYING_POLICY };
        const PolicyDocument = JSON.stringify({
          Version: '2012-10-17',
          Statement: [{ Effect: 'Deny', Action: 'secretsmanager:GetSecretValue', Resource: '*' }],
        });
        await ports.clients.iam.send(new PutRolePolicyCommand({ ...policy, PolicyDocument }));
        const { ended, attempts } = await untilItFails(ports).finally(() =>
          ports.clients.iam.send(new DeleteRolePolicyCommand(policy)),
        );
        const verdict = await judge(ports, 'Single');
        const mended = await untilMended(ports);
        return {
          seen: `${toldEnd(ended)}; ${toldVerdict(verdict)}`,
          facts: { ended, attempts, ...verdict, mended },
        };
      },
    },
    {
      id: 'closed-security-group',
      question: 'How does a rotation end when someone has closed the security group of the cluster?',
      notHere: 'the database of the local stack has no security group before it',
      ask: async (ports) => {
        await setSecurityGroup(ports, 'ClosedSecurityGroupId');
        const ended = await awaitReach(ports, false)
          .then(() => execute(ports, { secretId: ports.secretArn('Single') }))
          .finally(() => setSecurityGroup(ports, 'OpenSecurityGroupId'));
        await awaitReach(ports, true);
        const verdict = await judge(ports, 'Single');
        const mended = await untilMended(ports);
        return { seen: `${toldEnd(ended)}; ${toldVerdict(verdict)}`, facts: { ended, ...verdict, mended } };
      },
    },
    {
      id: 'rebooted-instance',
      question: 'How does a rotation end when the primary instance is rebooted at its begin?',
      notHere: 'the stand-in for the API of clusters has no reboot',
      ask: async (ports) => {
        const { DBClusters } = await ports.clients.documentDb.send(
          new DescribeDBClustersCommand({ DBClusterIdentifier: ports.outputs.ClusterIdentifier }),
        );
        const writer = DBClusters?.[0]?.DBClusterMembers?.find(({ IsClusterWriter }) => IsClusterWriter);
        const execution = await start(ports, { secretId: ports.secretArn('Pair') });
        await ports.clients.documentDb.send(
          new RebootDBInstanceCommand({ DBInstanceIdentifier: writer?.DBInstanceIdentifier }),
        );
        const ended = await endOf(ports, execution);
        const states = await statesOf(ports, execution);
        const verdict = await ports.until('both instances to answer', 300, async () => {
          const found = await judge(ports, 'Pair');
          return found.currentLogsIn.every((each) => each) ? found : undefined;
        });
        return {
          seen: `${toldEnd(ended)}, in ${states.length} states; ${toldVerdict(verdict)}`,
          facts: { ended, states, ...verdict },
        };
      },
    },
    {
      id: 'inactive-function',
      question: 'What does a call come to of a function that Lambda has made inactive?',
      notAnywhere: 'Lambda makes a function inactive only after weeks without a call',
    },
  ],
};
