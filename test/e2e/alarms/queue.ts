import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { LocalStack } from '../../local-stack/deployment/index.ts';
import { awsOf } from './aws-of.ts';

const LONGEST_MS = 30_000;

/**
 * No one puts anything into a queue whose policy does not allow it:
 * https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html,
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
 */
const SENDERS = ['sns.amazonaws.com', 'events.amazonaws.com'];

const openTo = (services: readonly string[], queueArn: string): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: {
      Effect: 'Allow',
      Principal: { Service: services },
      Action: 'sqs:SendMessage',
      Resource: queueArn,
    },
  });

/** A queue that someone else fills, and everything that has come out of it. */
export class Queue<Message> {
  readonly received: Message[] = [];
  readonly arn: string;
  readonly #client: SQSClient;
  readonly #url: string;
  readonly #parse: (body: string) => Message;

  private constructor(client: SQSClient, url: string, arn: string, parse: (body: string) => Message) {
    this.#client = client;
    this.#url = url;
    this.arn = arn;
    this.#parse = parse;
  }

  static async open<Message>(
    stack: LocalStack,
    QueueName: string,
    parse: (body: string) => Message,
  ): Promise<Queue<Message>> {
    const client = new SQSClient(awsOf(stack));
    const { QueueUrl = '' } = await client.send(new CreateQueueCommand({ QueueName }));
    const { Attributes } = await client.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }),
    );
    const arn = Attributes?.QueueArn ?? '';
    await client.send(
      new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy: openTo(SENDERS, arn) } }),
    );
    return new Queue(client, QueueUrl, arn, parse);
  }

  /**
   * Waits for a message that is wanted; one that has come already will do.
   *
   * @throws Error if there is none in time
   */
  async waitFor(what: string, isWanted: (message: Message) => boolean): Promise<Message> {
    const deadline = Date.now() + LONGEST_MS;
    for (;;) {
      const found = this.received.find(isWanted);
      if (found !== undefined) return found;
      if (Date.now() > deadline) throw new Error(`no one was told of ${what} in ${LONGEST_MS / 1000} s`);
      await this.receive(1);
    }
  }

  /** Takes all that is there. */
  async drain(): Promise<readonly Message[]> {
    const before = this.received.length;
    while (await this.receive(0));
    return this.received.slice(before);
  }

  /** @returns how many messages came */
  private async receive(seconds: number): Promise<number> {
    const { Messages = [] } = await this.#client.send(
      new ReceiveMessageCommand({ QueueUrl: this.#url, MaxNumberOfMessages: 10, WaitTimeSeconds: seconds }),
    );
    for (const { Body = '', ReceiptHandle } of Messages) {
      this.received.push(this.#parse(Body));
      await this.#client.send(new DeleteMessageCommand({ QueueUrl: this.#url, ReceiptHandle }));
    }
    return Messages.length;
  }
}
