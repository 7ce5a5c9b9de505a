import {
  GetRandomPasswordCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { MongoClient } from 'mongodb';
import type { FloorCounts, FloorRequest } from './floor-contract.ts';

interface Value {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
}

/**
 * The four steps of a rotation by the simplest client: nothing is locked, checked, repeated or put back. Whatever
 * orchestrates these steps with the same SDKs can't be faster.
 */
export class FloorRotation {
  readonly #secrets: SecretsManagerClient;
  readonly #certificate: string;
  readonly #request: FloorRequest;
  #secretsManagerCalls = 0;
  #logins = 0;
  #databaseCommands = 0;

  constructor(secrets: SecretsManagerClient, certificate: string, request: FloorRequest) {
    this.#secrets = secrets;
    this.#certificate = certificate;
    this.#request = request;
  }

  async run(): Promise<FloorCounts> {
    const { secretArn, adminArn } = this.#request;
    const current = await this.#read(secretArn);
    const pending = await this.#create(current.value);
    await this.#set(adminArn ? (await this.#read(adminArn)).value : current.value, pending.value);
    await this.#command(pending.value, { ping: 1 });
    await this.#finish(current.version, pending.version);
    return {
      secretsManagerCalls: this.#secretsManagerCalls,
      logins: this.#logins,
      databaseCommands: this.#databaseCommands,
    };
  }

  async #read(SecretId: string): Promise<{ version: string; value: Value }> {
    this.#secretsManagerCalls += 1;
    const { VersionId = '', SecretString = '' } = await this.#secrets.send(
      new GetSecretValueCommand({ SecretId }),
    );
    return { version: VersionId, value: JSON.parse(SecretString) };
  }

  async #create(current: Value): Promise<{ version: string; value: Value }> {
    this.#secretsManagerCalls += 2;
    const { RandomPassword: password = '' } = await this.#secrets.send(
      new GetRandomPasswordCommand({ ExcludePunctuation: true }),
    );
    const username = this.#request.isPair ? otherOf(current.username) : current.username;
    const value = { ...current, username, password };
    const { VersionId = '' } = await this.#secrets.send(
      new PutSecretValueCommand({
        SecretId: this.#request.secretArn,
        SecretString: JSON.stringify(value),
        VersionStages: ['AWSPENDING'],
      }),
    );
    return { version: VersionId, value };
  }

  async #set(power: Value, { username, password }: Value): Promise<void> {
    await this.#command(power, { updateUser: username, pwd: password, writeConcern: { w: 'majority' } });
  }

  async #finish(from: string, to: string): Promise<void> {
    this.#secretsManagerCalls += 1;
    await this.#secrets.send(
      new UpdateSecretVersionStageCommand({
        SecretId: this.#request.secretArn,
        VersionStage: 'AWSCURRENT',
        RemoveFromVersionId: from,
        MoveToVersionId: to,
      }),
    );
  }

  /** On a connection of its own, as the functions do: each login is another user's. */
  async #command({ host, port, username, password }: Value, command: Record<string, unknown>): Promise<void> {
    this.#logins += 1;
    this.#databaseCommands += 1;
    const client = new MongoClient(`mongodb://${host}:${port}/`, {
      auth: { username, password },
      authSource: 'admin',
      directConnection: true,
      tls: true,
      ca: this.#certificate,
      maxPoolSize: 1,
    });
    try {
      await client.connect();
      await client.db('admin').command(command);
    } finally {
      await client.close(true);
    }
  }
}

const otherOf = (username: string): string =>
  username.endsWith('_clone') ? username.slice(0, -'_clone'.length) : `${username}_clone`;
