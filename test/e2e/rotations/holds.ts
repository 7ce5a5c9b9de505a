import type { LocalStack } from '../../local-stack/deployment/index.ts';
import type { CommandEvent } from '../../local-stack/document-db/index.ts';

/** A rotation that does not come further for now. */
export interface Held {
  /** Resolves when the rotation is there. */
  readonly arrived: Promise<void>;
  readonly release: () => void;
}

/** Whether the database has just made a user, or changed its password. A user's own attempt is refused to most users. */
export const changedUser = (event: CommandEvent, user: string): boolean =>
  event.when === 'after' &&
  event.outcome === 'ok' &&
  event.target === user &&
  ['updateUser', 'createUser'].includes(event.command);

/** From the change of its password on, a user is refused, as where the password has not arrived: the rotation stays in its window. */
export const holdInWindow = ({ documentDb }: LocalStack, user: string): Held => {
  const { promise: arrived, resolve } = Promise.withResolvers<void>();
  let release = () => {};
  const stop = documentDb.onCommand((event) => {
    if (!changedUser(event, user)) return;
    stop();
    const fault = documentDb.faults.add({
      kind: 'refuse',
      code: 18,
      command: 'saslStart',
      user,
      times: Number.POSITIVE_INFINITY,
    });
    release = () => fault.remove();
    resolve();
  });
  return { arrived, release: () => release() };
};
