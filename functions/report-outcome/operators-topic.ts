import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import type { Operators } from './report-outcome.ts';

export const operatorsTopic = (client: SNSClient, TopicArn: string): Operators => ({
  tell: async ({ subject, message }) => {
    await client.send(new PublishCommand({ TopicArn, Subject: subject, Message: message }));
  },
});
