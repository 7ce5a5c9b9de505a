import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { EventBus } from './report-outcome.ts';

/** Rules on events of this project look for it. */
const SOURCE = 'docdb-rotation';

export const eventBridge = (client: EventBridgeClient): EventBus => ({
  put: async (detailType, resources, detail) => {
    const entry = {
      Source: SOURCE,
      DetailType: detailType,
      Resources: [...resources],
      Detail: JSON.stringify(detail),
    };
    const { FailedEntryCount, Entries } = await client.send(new PutEventsCommand({ Entries: [entry] }));
    if (FailedEntryCount) {
      throw new Error(`EventBridge did not take the event: ${Entries?.[0]?.ErrorCode ?? 'unknown error'}`);
    }
  },
});
