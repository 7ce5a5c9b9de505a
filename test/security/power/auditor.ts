import { readFileSync } from 'node:fs';
import { MongoClient } from 'mongodb';
import { z } from 'zod';
import type { Role } from '../../../functions/database/database.ts';
import type { LocalStack } from '../../local-stack/deployment/index.ts';
import { newPassword } from '../../support/in-memory-secret-store.ts';

const Users = z.object({
  users: z.array(z.object({ roles: z.array(z.object({ role: z.string(), db: z.string() })) })),
});

/** Reads the users of the database, as a client of its own with a user of its own. */
export class Auditor {
  readonly #client: MongoClient;

  private constructor(client: MongoClient) {
    this.#client = client;
  }

  static async open({ documentDb }: LocalStack): Promise<Auditor> {
    const auth = { username: 'auditor', password: newPassword() };
    await documentDb.admin.putUser(auth.username, auth.password, ['root']);
    const client = new MongoClient(`mongodb://${documentDb.host}:${documentDb.port}`, {
      auth,
      authSource: 'admin',
      tls: true,
      ca: [readFileSync(documentDb.caFile, 'utf8')],
      directConnection: true,
      retryWrites: false,
    });
    return new Auditor(await client.connect());
  }

  /** @returns undefined for a user that does not exist */
  async rolesOf(username: string): Promise<readonly Role[] | undefined> {
    const { users } = Users.parse(await this.#client.db('admin').command({ usersInfo: username }));
    return users[0]?.roles;
  }

  async close(): Promise<void> {
    await this.#client.close();
  }
}
