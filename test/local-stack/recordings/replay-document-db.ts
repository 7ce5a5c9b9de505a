import type { DocumentDbStandIn } from '../document-db/index.ts';
import {
  type Credential,
  command,
  newCredential,
  newPassword,
  withClient,
} from '../document-db/test-client.ts';
import type { Replay } from './recording.ts';

interface Answered {
  readonly code?: unknown;
  readonly codeName?: unknown;
  readonly errmsg?: unknown;
  readonly message: string;
}

/** What an error of the driver has of the server's answer. */
const answerOf = async (call: Promise<unknown>): Promise<Answered> => {
  try {
    await call;
  } catch (error) {
    const { code, codeName, errmsg, message } = error as Answered;
    return { code, codeName, errmsg, message };
  }
  throw new Error('it was not refused');
};

export const ofDocumentDb = (
  stand: () => DocumentDbStandIn,
  primaryUser: Credential,
): Readonly<Record<string, Replay>> => ({
  'no-privilege': async () => {
    const user = newCredential();
    await stand().admin.putUser(user.name, user.password, ['readAnyDatabase']);
    const { code, codeName, errmsg } = await answerOf(command(stand(), user, { dropUser: 'someone' }));
    return { code, errmsg, ...(codeName === undefined ? {} : { codeName }) };
  },
  'unknown-mechanism': async () => {
    stand().setEngineVersion('4.0');
    try {
      const ping = command(stand(), primaryUser, { ping: 1 }, { authMechanism: 'SCRAM-SHA-256' });
      const { code, message } = await answerOf(ping);
      return { says: message.includes('[ -301 ]'), ...(code === undefined ? {} : { code }) };
    } finally {
      stand().setEngineVersion('5.0');
    }
  },
  'retryable-writes': async () => {
    const insert = withClient(
      stand(),
      primaryUser,
      (client) => client.db('app').collection('things').insertOne({ written: true }),
      { retryWrites: true },
    );
    return { code: (await answerOf(insert)).code };
  },
  'refused-login': async () => {
    const stranger = { ...primaryUser, password: newPassword() };
    return { code: (await answerOf(command(stand(), stranger, { ping: 1 }))).code };
  },
});
