import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { recover, run, settledProblems } from '../e2e/rotations/outside-judge.ts';
import type { DatabaseSecret, LocalStack } from '../local-stack/deployment/index.ts';
import { labelsOf } from '../support/deployed-world.ts';
import { READ_WRITE, ROOT } from '../support/in-memory-database.ts';
import type { End, Person, Place } from './any-person.ts';

/** The act on the deployed stack, with the clients of AWS and of the database. */
export class StackPerson implements Person {
  readonly secret: DatabaseSecret;
  readonly user: string;
  readonly otherUser: string;
  readonly host: string;
  readonly #stack: LocalStack;
  readonly #adminSecret: string;
  readonly #retirements: string[] = [];

  private constructor(stack: LocalStack, secret: DatabaseSecret, adminSecret: string) {
    this.#stack = stack;
    this.secret = secret;
    this.#adminSecret = adminSecret;
    this.user = secret.username;
    this.otherUser = `${secret.username}_clone`;
    this.host = stack.documentDb.host;
  }

  static async at(stack: LocalStack, place: Place): Promise<StackPerson> {
    const { strategy = 'single-user', tags = {}, rotations = 0 } = place;
    const isAdmin = strategy === 'admin-clone';
    const admin = place.ownAdminSecret
      ? await stack.makeSecret({ roles: [...ROOT], masterarn: false })
      : stack.adminSecret;
    const secret = await stack.makeSecret({
      roles: [...(isAdmin ? ROOT : READ_WRITE)],
      masterarn: !isAdmin,
      tags: {
        'docdb-rotation:strategy': strategy,
        ...(isAdmin ? {} : { 'docdb-rotation:admin-secret': admin.arn }),
        ...tags,
      },
    });
    const person = new StackPerson(stack, secret, admin.arn);
    for (let count = 0; count < rotations; count++) {
      const { status, cause } = await person.rotate();
      if (status !== 'SUCCEEDED') throw new Error(cause);
    }
    return person;
  }

  async text(label = 'AWSCURRENT'): Promise<string> {
    return await this.#textOf(this.secret.arn, label);
  }

  async write(text: string, label = 'AWSCURRENT'): Promise<void> {
    await this.#stack.secretsManager.send(
      new PutSecretValueCommand({
        SecretId: this.secret.arn,
        SecretString: text,
        VersionStages: [label],
      }),
    );
  }

  labels(): Promise<Readonly<Record<string, string>>> {
    return labelsOf(this.#stack, this.secret.arn);
  }

  async move(label: string, { from, to }: { readonly from?: string; readonly to?: string }): Promise<void> {
    await this.#stack.secretsManager.send(
      new UpdateSecretVersionStageCommand({
        SecretId: this.secret.arn,
        VersionStage: label,
        RemoveFromVersionId: from,
        MoveToVersionId: to,
      }),
    );
  }

  async tag(Key: string, Value: string): Promise<void> {
    await this.#stack.secretsManager.send(
      new TagResourceCommand({ SecretId: this.secret.arn, Tags: [{ Key, Value }] }),
    );
  }

  async untag(key: string): Promise<void> {
    await this.#stack.secretsManager.send(
      new UntagResourceCommand({ SecretId: this.secret.arn, TagKeys: [key] }),
    );
  }

  async setPassword(username: string, password: string): Promise<void> {
    await this.#stack.runCommand({ updateUser: username, pwd: password });
  }

  async createUser(username: string, password: string): Promise<void> {
    await this.#stack.runCommand({ createUser: username, pwd: password, roles: [...READ_WRITE] });
  }

  async dropUser(username: string): Promise<void> {
    await this.#stack.runCommand({ dropUser: username });
  }

  async hasUser(username: string): Promise<boolean> {
    await Promise.all(this.#retirements.map((each) => this.#stack.retirements.waitFor(each)));
    const { users } = await this.#stack.runCommand({ usersInfo: username });
    return Array.isArray(users) && users.length > 0;
  }

  async writeAdminSecret(change: (text: string) => string): Promise<void> {
    const SecretString = change(await this.#textOf(this.#adminSecret, 'AWSCURRENT'));
    await this.#stack.secretsManager.send(
      new PutSecretValueCommand({ SecretId: this.#adminSecret, SecretString }),
    );
  }

  async rotate(input: object = {}): Promise<End> {
    const end = await run(this.#stack, { secretId: this.secret.arn, ...input });
    const { retirement } = end.output;
    if (typeof retirement === 'string') this.#retirements.push(retirement);
    return end;
  }

  recover(input: object = {}): Promise<End> {
    return recover(this.#stack, { secretId: this.secret.arn, ...input });
  }

  problems(): Promise<readonly string[]> {
    return settledProblems(this.#stack, this.secret.arn);
  }

  /** What stays makes each decision about a grant take longer. */
  async leave(): Promise<void> {
    await this.#stack.removeSecret(this.secret.arn);
  }

  async #textOf(SecretId: string, VersionStage: string): Promise<string> {
    const { SecretString = '' } = await this.#stack.secretsManager.send(
      new GetSecretValueCommand({ SecretId, VersionStage }),
    );
    return SecretString;
  }
}
