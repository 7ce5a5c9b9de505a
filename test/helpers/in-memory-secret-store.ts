import { randomBytes } from 'node:crypto';
import { SecretNotRotatableError, SecretsManagerRefusedError } from '../../functions/shared/errors.ts';
import type { LabelMove, NewVersion, SecretDescription, SecretStore } from '../../functions/shared/ports.ts';
import { type Gate, openGate } from './port-calls.ts';

interface StoredVersion {
  value: string | undefined;
  readonly labels: Set<string>;
}

interface StoredSecret {
  readonly arn: string;
  readonly name: string;
  readonly versions: Map<string, StoredVersion>;
  readonly tags: Record<string, string>;
  markedForDeletion: boolean;
  replicaOf: string | undefined;
  managedBy: string | undefined;
  /** The version that Secrets Manager made for a rotation of its own, and what proves the right to write it. */
  inRotation: { readonly token: string; readonly rotationToken: string } | undefined;
}

const CURRENT = 'AWSCURRENT';
const PREVIOUS = 'AWSPREVIOUS';

export const newVersionId = (): string => randomBytes(16).toString('hex');

export const newPassword = (): string => randomBytes(24).toString('base64url');

/**
 * Secrets Manager as its documentation says that it works, without the network:
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html
 */
export class InMemorySecretStore {
  readonly #secrets = new Map<string, StoredSecret>();
  /** Every password that was made here: none of them may ever be seen outside. */
  readonly passwords: string[] = [];

  addSecret(name: string, tags: Record<string, string> = {}): string {
    const arn = `arn:aws:secretsmanager:eu-central-1:111122223333:secret:${name}-a1b2c3`;
    this.#secrets.set(name, {
      arn,
      name,
      versions: new Map(),
      tags: { ...tags },
      markedForDeletion: false,
      replicaOf: undefined,
      managedBy: undefined,
      inRotation: undefined,
    });
    return arn;
  }

  /** Puts a version there as if it had always been there. */
  addVersion(secretId: string, labels: readonly string[], value: string | undefined): string {
    return this.addVersionWithId(secretId, newVersionId(), labels, value);
  }

  addVersionWithId(
    secretId: string,
    id: string,
    labels: readonly string[],
    value: string | undefined,
  ): string {
    const secret = this.#find(secretId);
    for (const label of labels) this.#holder(secret, label)?.[1].labels.delete(label);
    secret.versions.set(id, { value, labels: new Set(labels) });
    return id;
  }

  /** What RotateSecret does before it calls the rotation function. */
  beginRotation(secretId: string): { token: string; rotationToken: string } {
    const secret = this.#find(secretId);
    const rotation = {
      token: this.addVersion(secretId, ['AWSPENDING'], undefined),
      rotationToken: newPassword(),
    };
    secret.inRotation = rotation;
    this.passwords.push(rotation.rotationToken);
    return rotation;
  }

  markForDeletion(secretId: string): void {
    this.#find(secretId).markedForDeletion = true;
  }

  makeReplicaOf(secretId: string, region: string): void {
    this.#find(secretId).replicaOf = region;
  }

  /** As RDS and DocumentDB do with the secret of a primary user. */
  letManage(secretId: string, service: string): void {
    this.#find(secretId).managedBy = service;
  }

  setTag(secretId: string, key: string, value: string): void {
    this.#find(secretId).tags[key] = value;
  }

  /** The version that has the label. */
  holder(secretId: string, label: string): string | undefined {
    return this.#holder(this.#find(secretId), label)?.[0];
  }

  valueOf(secretId: string, version: string): string | undefined {
    return this.#find(secretId).versions.get(version)?.value;
  }

  versionIds(secretId: string): string[] {
    return [...this.#find(secretId).versions.keys()];
  }

  /** Who holds which label, for people and for comparing. */
  labels(secretId: string): Record<string, string> {
    const pairs = [...this.#find(secretId).versions].flatMap(([id, { labels }]) =>
      [...labels].map((label): [string, string] => [label, id]),
    );
    return Object.fromEntries(pairs.sort(([one], [other]) => one.localeCompare(other)));
  }

  /** Moves a label as somebody else would, by no gate. */
  move(secretId: string, label: string, move: LabelMove): boolean {
    return this.#move(this.#find(secretId), label, move);
  }

  port(gate: Gate = openGate): SecretStore {
    return {
      describe: (secretId) => gate('describe', () => describe(this.#find(secretId))),
      read: (secretArn, version) => gate('read', () => this.#find(secretArn).versions.get(version)?.value),
      readCurrent: (secretArn) =>
        gate('readCurrent', () => {
          const [version, stored] = this.#holder(this.#find(secretArn), CURRENT) ?? [];
          return version === undefined || stored?.value === undefined
            ? undefined
            : { version, text: stored.value };
        }),
      listVersions: (secretArn) => gate('listVersions', () => [...this.#find(secretArn).versions.keys()]),
      put: (version) => gate('put', () => this.#put(version)),
      moveLabel: (secretArn, label, move) =>
        gate('moveLabel', () => this.#move(this.#find(secretArn), label, move)),
      setTag: (secretArn, key, value) => gate('setTag', () => this.setTag(secretArn, key, value)),
      newPassword: () => gate('newPassword', () => this.#newPassword()),
    };
  }

  #find(secretId: string): StoredSecret {
    for (const secret of this.#secrets.values()) {
      if (secret.name === secretId || secret.arn === secretId) return secret;
    }
    throw new SecretNotRotatableError(`there is no secret ${secretId}`);
  }

  #holder(secret: StoredSecret, label: string): [string, StoredVersion] | undefined {
    return [...secret.versions].find(([, { labels }]) => labels.has(label));
  }

  #newPassword(): string {
    const password = newPassword();
    this.passwords.push(password);
    return password;
  }

  /** A version is written once; the same value again changes nothing. */
  #put({ secretArn, token, value, label, rotationToken }: NewVersion): 'written' | 'exists' {
    const secret = this.#find(secretArn);
    const rotation = secret.inRotation;
    if (rotation?.token === token && rotation.rotationToken !== rotationToken)
      throw new SecretsManagerRefusedError(
        'only the rotation function may write a version that is in rotation',
      );
    const existing = secret.versions.get(token);
    if (existing?.value !== undefined && existing.value !== value) return 'exists';
    this.#holder(secret, label)?.[1].labels.delete(label);
    if (existing === undefined) secret.versions.set(token, { value, labels: new Set([label]) });
    else {
      existing.value = value;
      existing.labels.add(label);
    }
    return 'written';
  }

  #move(secret: StoredSecret, label: string, { from, to }: LabelMove): boolean {
    const holder = this.#holder(secret, label);
    if (from !== undefined && holder?.[0] !== from) return false;
    if (to === undefined) return this.#takeOff(holder, label);
    const target = secret.versions.get(to);
    if (target === undefined) throw new SecretNotRotatableError(`there is no version ${to}`);
    if (holder?.[0] === to) return true;
    // Without RemoveFromVersionId a label that somebody holds does not move.
    if (holder !== undefined && from === undefined) return false;
    holder?.[1].labels.delete(label);
    target.labels.add(label);
    if (label === CURRENT && holder !== undefined) this.#follow(secret, holder[1]);
    return true;
  }

  /** AWSCURRENT can move, but not vanish. */
  #takeOff(holder: [string, StoredVersion] | undefined, label: string): boolean {
    if (holder === undefined || label === CURRENT) return false;
    holder[1].labels.delete(label);
    return true;
  }

  /** "Secrets Manager also automatically moves AWSPREVIOUS to the version that AWSCURRENT was removed from." */
  #follow(secret: StoredSecret, left: StoredVersion): void {
    this.#holder(secret, PREVIOUS)?.[1].labels.delete(PREVIOUS);
    left.labels.add(PREVIOUS);
  }
}

const describe = (secret: StoredSecret): SecretDescription => ({
  arn: secret.arn,
  name: secret.name,
  versions: Object.fromEntries(
    [...secret.versions]
      .filter(([, { labels }]) => labels.size > 0)
      .map(([id, { labels }]): [string, string[]] => [id, [...labels]]),
  ),
  tags: { ...secret.tags },
  markedForDeletion: secret.markedForDeletion,
  ...(secret.replicaOf === undefined ? {} : { replicaOf: secret.replicaOf }),
  ...(secret.managedBy === undefined ? {} : { managedBy: secret.managedBy }),
});
