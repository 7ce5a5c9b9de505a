import type { LocalStack } from '../../local-stack/deployment/index.ts';
import { type DocumentDbStandIn, startDocumentDb } from '../../local-stack/document-db/index.ts';
import { newPassword } from '../../support/in-memory-secret-store.ts';
import type { Credential } from './any-arena.ts';

/** A database of the attacker's, with a certificate that is trusted and the users that they like. */
export class EvilServer {
  readonly #database: DocumentDbStandIn;

  private constructor(database: DocumentDbStandIn) {
    this.#database = database;
  }

  static async start({ documentDb: { authority } }: LocalStack): Promise<EvilServer> {
    const primaryUser = { name: 'evilowner', password: newPassword() };
    return new EvilServer(await startDocumentDb({ primaryUser, authority }));
  }

  get keys(): { readonly host: string; readonly port: number } {
    return { host: this.#database.host, port: this.#database.port };
  }

  /** @param mayChangeUsers whoever may not has the admin's power asked for */
  async letIn({ username, password }: Credential, mayChangeUsers: boolean): Promise<void> {
    await this.#database.admin.putUser(username, password, mayChangeUsers ? ['root'] : []);
  }

  /** Whether one of these users came with a password that it was not let in with: it is none of the attacker's. */
  hasCaught(usernames: readonly string[]): boolean {
    return this.#database.observed.some(
      ({ command, outcome, user = '' }) =>
        command.startsWith('sasl') && outcome === 'error' && usernames.includes(user),
    );
  }

  stop(): Promise<void> {
    return this.#database.stop();
  }
}
