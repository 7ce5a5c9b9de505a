import { CreateStackCommand } from '@aws-sdk/client-cloudformation';
import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { z } from 'zod';
import { ownNames } from '../names.ts';
import type { Ports } from '../ports.ts';
import type { Group } from '../question.ts';
import { outputsOf, stacksNamed } from '../stacks.ts';
import { EVENTS_TEMPLATE } from './events-template.ts';
import { endOf, start } from './executions.ts';

/** What the event of an execution may tell. https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html */
const Event = z.looseObject({
  detail: z.looseObject({ executionArn: z.string(), status: z.string() }),
});

type Detail = z.infer<typeof Event>['detail'];

const makeStack = async (ports: Ports): Promise<Record<string, string>> => {
  const StackName = `${ownNames(ports.name)}-events`;
  ports.signal.throwIfAborted();
  await ports.clients.cloudFormation.send(
    new CreateStackCommand({
      StackName,
      TemplateBody: JSON.stringify(EVENTS_TEMPLATE),
      Capabilities: ['CAPABILITY_IAM'],
    }),
  );
  await ports.until('the stack with a key', 600, async () => {
    const [stack] = await stacksNamed(ports.place, StackName);
    return stack?.StackStatus?.endsWith('_COMPLETE') ? stack : undefined;
  });
  return await outputsOf(ports.place, StackName);
};

/** The event of the end of an execution. */
const eventOf = (ports: Ports, QueueUrl: string | undefined, executionArn: string): Promise<Detail> =>
  ports.until('the event of an execution', 120, async () => {
    const { Messages = [] } = await ports.clients.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl,
        WaitTimeSeconds: 5,
        MaxNumberOfMessages: 10,
        VisibilityTimeout: 1,
      }),
    );
    const details = Messages.map(({ Body = '' }) => Event.parse(JSON.parse(Body)).detail);
    return details.find((detail) => detail.executionArn === executionArn && detail.status !== 'RUNNING');
  });

/** Which of these the event tells. */
const toldBy = (detail: Detail): string[] =>
  ['input', 'output', 'error', 'cause'].filter((key) => typeof detail[key] === 'string');

/** What EventBridge is told. */
export const events: Group = {
  name: 'events',
  questions: [
    {
      id: 'events-under-a-key-of-the-customer',
      question:
        'Does the event of an execution under a customer’s key tell its input, output, error and cause?',
      notHere: 'the emulator encrypts nothing, so that its events tell all',
      beside: true,
      ask: async (ports) => {
        const outputs = await makeStack(ports);
        const inStack = { ...ports, outputs };
        const found: Record<string, unknown> = {};
        for (const fail of [false, true]) {
          const execution = await start(inStack, { fail });
          await endOf(inStack, execution);
          const detail = await eventOf(inStack, outputs.QueueUrl, execution);
          const { inputDetails, outputDetails } = detail;
          found[fail ? 'failed' : 'succeeded'] = { tells: toldBy(detail), inputDetails, outputDetails };
        }
        return { seen: JSON.stringify(found), facts: found };
      },
    },
  ],
};
