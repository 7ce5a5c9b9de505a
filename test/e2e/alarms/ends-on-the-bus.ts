import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { z } from 'zod';
import type { LocalStack } from '../../local-stack/deployment/index.ts';
import { awsOf } from './aws-of.ts';
import { Queue } from './queue.ts';

/** The project's own event, as README.md promises it to the one who wants to know of ends. */
const End = z.object({
  source: z.literal('docdb-rotation'),
  'detail-type': z.enum(['Rotation Ended', 'Recovery Ended', 'Retirement Ended']),
  resources: z.array(z.string()),
  detail: z.looseObject({
    outcome: z.string(),
    executionArn: z.string(),
    secret: z.string().optional(),
    runbook: z.string().optional(),
  }),
});
export type End = z.infer<typeof End>;

/** Has the ends come into a queue, by a rule as an application's team would write it. */
export const listenForEnds = async (stack: LocalStack): Promise<Queue<End>> => {
  const queue = await Queue.open(stack, 'ends', (body) => End.parse(JSON.parse(body)));
  const client = new EventBridgeClient(awsOf(stack));
  await client.send(
    new PutRuleCommand({ Name: 'ends', EventPattern: JSON.stringify({ source: ['docdb-rotation'] }) }),
  );
  await client.send(new PutTargetsCommand({ Rule: 'ends', Targets: [{ Id: 'queue', Arn: queue.arn }] }));
  return queue;
};
