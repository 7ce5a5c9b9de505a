import { randomBytes } from 'node:crypto';
import { CreateSecretCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type Credential, createUser, type DatabaseAddress, type DatabaseRole } from './database-admin.ts';
import type { LocalStackOptions } from './options.ts';

/** A password that fits DocumentDB's rule, made anew for each run and told to no one. */
export const newPassword = (): string => randomBytes(18).toString('base64url');

/** A secret of a database user. */
export interface DatabaseSecret extends Credential {
  readonly arn: string;
  readonly name: string;
}

/** The secrets of a stack that was just started. */
export interface DemoSet {
  readonly adminSecret: DatabaseSecret;
  readonly appSecret: DatabaseSecret;
  readonly extraSecrets: readonly DatabaseSecret[];
}

export interface MakeSecretOptions {
  /** @default - a name that no other secret has */
  readonly name?: string;
  /** @default - a name that no other user has */
  readonly username?: string;
  /** @default [{ role: 'readWrite', db: 'shop' }] */
  readonly roles?: readonly DatabaseRole[];
  /**
   * Whether the secret names the admin secret: by the tag, which counts, and in `masterarn`, as people have it.
   *
   * @default true
   */
  readonly masterarn?: boolean;
  readonly tags?: Readonly<Record<string, string>>;
  /**
   * Whether the user is made in the database too.
   *
   * @default true
   */
  readonly createUser?: boolean;
  /** Keys of the secret's JSON to add, to replace or, if undefined, to leave out. */
  readonly value?: Readonly<Record<string, unknown>>;
}

/** Makes secrets as people keep them, and the users in the database. */
export class DemoSecrets {
  private readonly client: SecretsManagerClient;
  private readonly address: DatabaseAddress;
  private readonly plainAddress: DatabaseAddress;
  private readonly operator: Credential;

  /**
   * @param address where the secrets say that the database is
   * @param plainAddress the same without TLS, where the users are made
   * @param operator an admin whose password nothing rotates
   */
  constructor(
    client: SecretsManagerClient,
    address: DatabaseAddress,
    plainAddress: DatabaseAddress,
    operator: Credential,
  ) {
    this.client = client;
    this.address = address;
    this.plainAddress = plainAddress;
    this.operator = operator;
  }

  /** The secret of the cluster's primary user. */
  private makeAdmin(
    name: string,
    primaryUser: Credential,
    tags: Readonly<Record<string, string>>,
  ): Promise<DatabaseSecret> {
    return this.create(name, primaryUser, {}, tags);
  }

  /** What every stack has from the start. */
  async makeAll(
    primaryUser: Credential,
    { extraSecrets: extra = 0, declared = false }: LocalStackOptions,
  ): Promise<DemoSet> {
    const tags = declared ? { 'docdb-rotation:strategy': 'admin-clone' } : {};
    const adminSecret = await this.makeAdmin('demo/admin', primaryUser, tags);
    const appSecret = await this.make(adminSecret, {
      name: 'demo/app',
      username: 'app',
      // Where there is a tag, people see what they can change.
      tags: { 'docdb-rotation:strategy': 'single-user' },
    });
    const extraSecrets: DatabaseSecret[] = [];
    for (let index = 1; index <= extra; index++) {
      extraSecrets.push(
        await this.make(adminSecret, { name: `demo/app-${index}`, username: `app_${index}` }),
      );
    }
    return { adminSecret, appSecret, extraSecrets };
  }

  /** The secret of an application's user, which is made in the database unless it is not wanted. */
  async make(admin: DatabaseSecret, options: MakeSecretOptions = {}): Promise<DatabaseSecret> {
    const suffix = randomBytes(4).toString('hex');
    const user = { username: options.username ?? `app_${suffix}`, password: newPassword() };
    if (options.createUser ?? true) {
      const roles = options.roles ?? [{ role: 'readWrite', db: 'shop' }];
      await createUser(this.plainAddress, this.operator, { ...user, roles });
    }
    const isNamed = options.masterarn ?? true;
    return this.create(
      options.name ?? `test/${suffix}`,
      user,
      { ...(isNamed ? { masterarn: admin.arn } : {}), ...options.value },
      { ...(isNamed ? { 'docdb-rotation:admin-secret': admin.arn } : {}), ...options.tags },
    );
  }

  private async create(
    name: string,
    user: Credential,
    more: Readonly<Record<string, unknown>>,
    tags: Readonly<Record<string, string>>,
  ): Promise<DatabaseSecret> {
    const value = {
      engine: 'mongo',
      host: this.address.host,
      port: this.address.port,
      ...user,
      ssl: true,
      dbClusterIdentifier: 'local',
      ...more,
    };
    const { ARN } = await this.client.send(
      new CreateSecretCommand({
        Name: name,
        SecretString: JSON.stringify(value),
        Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
      }),
    );
    return { arn: ARN ?? '', name, ...user };
  }
}
