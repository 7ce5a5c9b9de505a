import type { SecretStore } from '../../functions/secret/secret-store.ts';
import { PortCalls } from './port-calls.ts';

/** Calls of which something else comes right before one: the first, or a later one, of that method. */
export const rightBefore = (method: string, happen: () => unknown, number = 1): PortCalls => {
  let seen = 0;
  return new PortCalls({
    turn: async (called) => {
      if (called !== method) return;
      seen += 1;
      if (seen === number) await happen();
    },
  });
};

/** Each label is moved, the reply gets lost, and the SDK sends the request again. */
export const sentAgain = (secrets: SecretStore): SecretStore => ({
  ...secrets,
  moveLabel: async (...move) => {
    await secrets.moveLabel(...move);
    return await secrets.moveLabel(...move);
  },
});
