import { hasLabel, ticketOf } from '../shared/labels.ts';
import type { SecretDescription, SecretStore } from '../shared/ports.ts';

/** Takes the label of its own off a version that has the lock by now, or does not get it. */
export const takeTicketOff = async (
  secrets: SecretStore,
  secret: SecretDescription,
  version: string,
): Promise<void> => {
  const ticket = ticketOf(version);
  if (hasLabel(secret, version, ticket)) await secrets.moveLabel(secret.arn, ticket, { from: version });
};
