import { setTimeout as sleep } from 'node:timers/promises';
import { ListSecretsCommand } from '@aws-sdk/client-secrets-manager';
import { credentialIn, labelsOf } from '../../../support/deployed-world.ts';
import type { LocalStack } from '../../deployment/index.ts';
import type { Login, SecretView, VersionView, WatchedSecret } from '../model.ts';

const LOOK_EVERY_MS = 1000;
const LOG_IN_EVERY_MS = 150;
const TELL_EVERY_MS = 500;

export interface SecretListener {
  changed(): void;
  loggedIn(secret: string, logins: readonly Login[]): void;
}

/** Looks at one secret, as someone without any part in its rotation does: its labels, which of its versions log in, and a client. */
export class SecretWatch {
  readonly #stack: LocalStack;
  secrets: readonly SecretView[] = [];
  watched: WatchedSecret | undefined;
  #chosen: string;
  #logins: Login[] = [];

  constructor(stack: LocalStack) {
    this.#stack = stack;
    this.#chosen = stack.appSecret.name;
  }

  /** @returns whether there is such a secret */
  choose(name: string): boolean {
    const isKnown = this.secrets.some((secret) => secret.name === name);
    if (isKnown) this.#chosen = name;
    return isKnown;
  }

  /** @returns how to stop it */
  start(listener: SecretListener, isWanted: () => boolean): () => Promise<void> {
    const stopping = new AbortController();
    const { signal } = stopping;
    // A database that is down, or a stack that ends, is no reason to end the page.
    const repeat = async (every: number, work: () => Promise<void> | void): Promise<void> => {
      while (!signal.aborted) {
        if (isWanted()) await Promise.resolve(work()).catch(() => {});
        await sleep(every, undefined, { signal }).catch(() => {});
      }
    };
    const loops = [
      repeat(LOOK_EVERY_MS, () => this.#look(listener)),
      repeat(LOG_IN_EVERY_MS, () => this.#logIn()),
      repeat(TELL_EVERY_MS, () => this.#tell(listener)),
    ];
    return async () => {
      stopping.abort();
      await Promise.all(loops);
    };
  }

  async #look(listener: SecretListener): Promise<void> {
    const { SecretList = [] } = await this.#stack.secretsManager.send(
      new ListSecretsCommand({ MaxResults: 100 }),
    );
    const secrets = SecretList.map(({ Name = '', ARN = '' }) => ({ name: Name, arn: ARN }));
    const secret = secrets.find(({ name }) => name === this.#chosen) ?? secrets[0];
    const watched = secret && { ...secret, versions: await this.#versionsOf(secret.arn) };
    const isSame = JSON.stringify([secrets, watched]) === JSON.stringify([this.secrets, this.watched]);
    this.secrets = secrets;
    this.watched = watched;
    if (!isSame) listener.changed();
  }

  async #versionsOf(arn: string): Promise<VersionView[]> {
    const labels = await labelsOf(this.#stack, arn);
    const ids = [...new Set(Object.values(labels))];
    return await Promise.all(
      ids.map(async (id) => ({
        id,
        labels: Object.keys(labels)
          .filter((label) => labels[label] === id)
          .sort(),
        ...(await this.#logsIn(arn, id)),
      })),
    );
  }

  async #logsIn(arn: string, id: string): Promise<Pick<VersionView, 'user' | 'logsIn'>> {
    const credential = await credentialIn(this.#stack, arn, id);
    if (!credential) return { logsIn: [] };
    const { instances } = this.#stack.documentDb;
    const logsIn = await Promise.all(
      instances.map((instance) => this.#stack.logsIn(credential, instance).catch(() => false)),
    );
    return { user: credential.username, logsIn };
  }

  /** To an application a login that is refused and one that gets no answer are the same. */
  async #logIn(): Promise<void> {
    const at = Date.now();
    const accepted = await this.#stack
      .credentialOf(this.#chosen)
      .then((credential) => this.#stack.logsIn(credential))
      .catch(() => false);
    this.#logins.push({ at, accepted, milliseconds: Date.now() - at });
  }

  #tell(listener: SecretListener): void {
    const logins = this.#logins.splice(0);
    if (logins.length > 0) listener.loggedIn(this.#chosen, logins);
  }
}
