import { randomBytes } from 'node:crypto';
import {
  SecretNotRotatableError,
  SecretsManagerRefusedError,
  SecretsManagerUnavailableError,
} from '../../functions/contract/errors.ts';
import type {
  CurrentVersion,
  LabelMove,
  NewVersion,
  SecretStore,
} from '../../functions/secret/secret-store.ts';
import { assertRoomFor, CURRENT, holderOf, type LabelRules, labelWritten, moveLabel } from './label-rules.ts';
import { type Gate, openGate } from './port-calls.ts';
import { OldAnswers, type StaleReads } from './stale-reads.ts';
import { describe, newSecret, type StoredSecret } from './stored-secret.ts';

export const newVersionId = (): string => randomBytes(16).toString('hex');

export const newPassword = (): string => randomBytes(24).toString('base64url');

/**
 * Secrets Manager as its documentation says that it works, without the network:
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html
 */
export class InMemorySecretStore implements LabelRules {
  readonly #secrets = new Map<string, StoredSecret>();
  readonly #answers = new OldAnswers<StoredSecret>();
  readonly #late: (() => boolean)[] = [];
  #versionsMade = 0;
  /** Every password that was made here: none of them may ever be seen outside. */
  readonly passwords: string[] = [];
  keepsPendingOnLosingCurrent = false;
  acceptsFromWithoutHolder = false;
  refusesMoveToHolder = false;
  /** Which moves of labels their clients give up: they fail now, and are carried out when the test says so. */
  givesUp: (label: string, move: LabelMove) => boolean = () => false;

  /** Whether reads of ports answer what may be old, from now on: what is there now, everybody knows. Writes never do. */
  set staleReads(settings: StaleReads | undefined) {
    this.#answers.begin(settings, this.#secrets.values());
  }

  get staleReads(): StaleReads | undefined {
    return this.#answers.settings;
  }

  addSecret(name: string, tags: Record<string, string> = {}): string {
    const arn = `arn:aws:secretsmanager:eu-central-1:111122223333:secret:${name}-a1b2c3`;
    const secret = newSecret(arn, name, tags);
    this.#secrets.set(name, secret);
    this.#answers.restart(secret);
    return arn;
  }

  /** Puts a version there as if it had always been there: no read is too old to know it. */
  addVersion(secretId: string, labels: readonly string[], value: string | undefined): string {
    return this.addVersionWithId(secretId, this.nextVersionId(), labels, value);
  }

  /** The same, where the id means something. */
  addVersionWithId(
    secretId: string,
    id: string,
    labels: readonly string[],
    value: string | undefined,
  ): string {
    const secret = this.#find(secretId);
    addVersion(secret, labels, value, id);
    this.#answers.restart(secret);
    return id;
  }

  /** What RotateSecret does before it calls the rotation function. */
  beginRotation(secretId: string): { token: string; rotationToken: string } {
    const rotationToken = newPassword();
    this.passwords.push(rotationToken);
    return this.#change(secretId, (secret) => {
      secret.inRotation = {
        token: addVersion(secret, ['AWSPENDING'], undefined, this.nextVersionId()),
        rotationToken,
      };
      return secret.inRotation;
    });
  }

  /** What an operator does without a token: a version of its own, AWSCURRENT unless other labels are named. */
  putByHand(secretId: string, value: string, { labels = [CURRENT] }: { labels?: string[] } = {}): string {
    const token = this.nextVersionId();
    this.putWithId(secretId, token, value, labels);
    return token;
  }

  /** The same under an id of their choice. */
  putWithId(secretId: string, token: string, value: string, labels: string[]): 'written' | 'exists' {
    return this.#change(secretId, (secret) => {
      const rotation = secret.inRotation;
      if (rotation?.token === token && secret.versions.get(token)?.value === undefined)
        throw new SecretsManagerRefusedError('only the rotation function may write this version');
      return this.#write(secret, token, value, labels);
    });
  }

  markForDeletion(secretId: string): void {
    this.#change(secretId, (secret) => {
      secret.markedForDeletion = true;
    });
  }

  makeReplicaOf(secretId: string, region: string): void {
    this.#change(secretId, (secret) => {
      secret.replicaOf = region;
    });
  }

  /** As RDS and DocumentDB do with the secret of a primary user. */
  setManagedBy(secretId: string, service: string): void {
    this.#change(secretId, (secret) => {
      secret.managedBy = service;
    });
  }

  encryptWith(secretId: string, key: string): void {
    this.#change(secretId, (secret) => {
      secret.encryptionKey = key;
    });
  }

  setTag(secretId: string, key: string, value: string): void {
    this.#change(secretId, ({ tags }) => {
      tags[key] = value;
    });
  }

  removeTag(secretId: string, key: string): void {
    this.#change(secretId, ({ tags }) => {
      delete tags[key];
    });
  }

  /** The version that has the label. */
  holder(secretId: string, label: string): string | undefined {
    return holderOf(this.#find(secretId), label)?.[0];
  }

  valueOf(secretId: string, version: string): string | undefined {
    return this.#find(secretId).versions.get(version)?.value;
  }

  versionIds(secretId: string): string[] {
    return [...this.#find(secretId).versions.keys()];
  }

  /** Who holds which label. */
  labels(secretId: string): Record<string, string> {
    const holders: Record<string, string> = {};
    for (const [id, { labels }] of this.#find(secretId).versions)
      for (const label of labels) holders[label] = id;
    return holders;
  }

  /** Moves a label as someone else would, by no gate. */
  move(secretId: string, label: string, move: LabelMove): boolean {
    return this.#change(secretId, (secret) => moveLabel(secret, label, move, this));
  }

  /**
   * Carries out, by the rules and the labels of now, what clients gave up.
   *
   * @returns what each would have been answered; to no one an error is told as a no
   */
  carryOutLate(): boolean[] {
    return this.#late.splice(0).map((move) => {
      try {
        return move();
      } catch {
        return false;
      }
    });
  }

  /** The port of one process: it is what a monotonic read is monotonic for. */
  port(gate: Gate = openGate): SecretStore {
    const reader = {};
    const seen = (secretId: string): StoredSecret => this.#answers.seenBy(reader, this.#find(secretId));
    return {
      describe: (secretId) => gate('describe', () => describe(seen(secretId))),
      read: (secretArn, version) => gate('read', () => seen(secretArn).versions.get(version)?.value),
      readCurrent: (secretArn) =>
        gate('readCurrent', () => (this.#has(secretArn) ? currentOf(seen(secretArn)) : undefined)),
      listVersions: (secretArn) => gate('listVersions', () => [...seen(secretArn).versions.keys()]),
      put: (version) => gate('put', () => this.#put(version)),
      moveLabel: (secretArn, label, move) =>
        gate('moveLabel', () => this.#moveOrGiveUp(secretArn, label, move)),
      setTags: (secretArn, tags) =>
        gate('setTags', () => {
          for (const [key, value] of Object.entries(tags)) this.setTag(secretArn, key, value);
        }),
      askToTag: (secretArn) => gate('askToTag', () => void this.#find(secretArn)),
      newPassword: () => gate('newPassword', () => this.#newPassword()),
    };
  }

  #has(secretId: string): boolean {
    return [...this.#secrets.values()].some(({ name, arn }) => name === secretId || arn === secretId);
  }

  #find(secretId: string): StoredSecret {
    for (const secret of this.#secrets.values()) {
      if (secret.name === secretId || secret.arn === secretId) return secret;
    }
    throw new SecretNotRotatableError(`there is no secret ${secretId}`);
  }

  #change<T>(secretId: string, apply: (secret: StoredSecret) => T): T {
    const secret = this.#find(secretId);
    const result = apply(secret);
    this.#answers.changed(secret);
    return result;
  }

  /** The same ones in each world: what is made of them is known from the worlds before (remembered.ts). */
  nextVersionId(): string {
    this.#versionsMade += 1;
    return this.#versionsMade.toString(16).padStart(32, 'f');
  }

  #newPassword(): string {
    const password = newPassword();
    this.passwords.push(password);
    return password;
  }

  #put({ secretArn, token, value, label, rotationToken }: NewVersion): 'written' | 'exists' {
    return this.#change(secretArn, (secret) => {
      const rotation = secret.inRotation;
      if (rotation?.token === token && rotation.rotationToken !== rotationToken)
        throw new SecretsManagerRefusedError(
          'only the rotation function may write a version that is in rotation',
        );
      return this.#write(secret, token, value, [label]);
    });
  }

  /** A version is written once; the same value again changes nothing, not even the labels. */
  #write(secret: StoredSecret, token: string, value: string, labels: string[]): 'written' | 'exists' {
    const existing = secret.versions.get(token);
    if (existing?.value !== undefined) return existing.value === value ? 'written' : 'exists';
    // The first version of a secret is its current one, whatever labels were asked for.
    const given = secret.versions.size === 0 ? [...labels, CURRENT] : labels;
    assertRoomFor(secret, given);
    const version = existing ?? { value, labels: new Set() };
    version.value = value;
    secret.versions.set(token, version);
    labelWritten(secret, version, given, this);
    return 'written';
  }

  #moveOrGiveUp(secretArn: string, label: string, move: LabelMove): boolean {
    if (!this.givesUp(label, move)) return this.move(secretArn, label, move);
    this.#late.push(() => this.move(secretArn, label, move));
    throw new SecretsManagerUnavailableError(`moving ${label}: given up`);
  }
}

const addVersion = (
  secret: StoredSecret,
  labels: readonly string[],
  value: string | undefined,
  id: string,
): string => {
  for (const label of labels) holderOf(secret, label)?.[1].labels.delete(label);
  secret.versions.set(id, { value, labels: new Set(labels) });
  return id;
};

const currentOf = (secret: StoredSecret): CurrentVersion | undefined => {
  const [version, stored] = holderOf(secret, CURRENT) ?? [];
  return version === undefined || stored?.value === undefined ? undefined : { version, text: stored.value };
};
