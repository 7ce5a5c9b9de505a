import { PORT, ROOT } from '../../support/in-memory-database.ts';
import { type Arena, EVIL_HOST } from './arena.ts';

/** My server lets everyone in, and says of each other user that it has none. */
export const withoutTheOtherUser = ({ world: { database } }: Arena): void => {
  const original = database.port.bind(database);
  const me = {
    ping: async () => {},
    instances: async () => [{ host: EVIL_HOST, port: PORT }],
    takesWrites: async () => 'here' as const,
    ownRoles: async () => ROOT,
    findUser: async () => undefined,
    createUser: async () => {},
    updateUser: async () => {},
    dropUser: async () => {},
    [Symbol.asyncDispose]: async () => {},
  };
  database.port = (gate) => {
    const port = original(gate);
    return { login: async (login) => (login.host === EVIL_HOST ? me : await port.login(login)) };
  };
};
