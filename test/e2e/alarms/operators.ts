import { SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { z } from 'zod';
import type { LocalStack } from '../../local-stack/deployment/index.ts';
import { awsOf } from './aws-of.ts';
import { Queue } from './queue.ts';

/** What SNS wraps a message in: https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html */
const Envelope = z.object({ Subject: z.string().optional(), Message: z.string() });

/** What CloudWatch writes of an alarm. */
const AlarmMessage = z.object({
  AlarmName: z.string(),
  AlarmDescription: z.string(),
  NewStateValue: z.string(),
});

/** A message of the operators' topic. */
export interface Told {
  readonly subject: string;
  readonly text: string;
  /** Set if an alarm says it. */
  readonly alarm: z.infer<typeof AlarmMessage> | undefined;
}

/** The one who has subscribed to the operators' topic. */
export const subscribeAsOperator = async (stack: LocalStack): Promise<Queue<Told>> => {
  const queue = await Queue.open(stack, 'operator', parse);
  await new SNSClient(awsOf(stack)).send(
    new SubscribeCommand({ TopicArn: stack.operatorsTopicArn, Protocol: 'sqs', Endpoint: queue.arn }),
  );
  return queue;
};

const parse = (body: string): Told => {
  const { Subject = '', Message } = Envelope.parse(JSON.parse(body));
  return { subject: Subject, text: Message, alarm: alarmIn(Message) };
};

const alarmIn = (message: string): Told['alarm'] =>
  message.startsWith('{') ? AlarmMessage.parse(JSON.parse(message)) : undefined;
