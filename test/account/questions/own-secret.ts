import { randomBytes } from 'node:crypto';
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  PutSecretValueCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { ownNames } from '../names.ts';
import type { Ports } from '../ports.ts';

export const CURRENT = 'AWSCURRENT';
export const PREVIOUS = 'AWSPREVIOUS';
export const PENDING = 'AWSPENDING';

/** What AWS answered to a call: nothing is wrong, or the error's name and text. */
export type Called =
  | { readonly ok: true }
  | { readonly ok: false; readonly error: string; readonly message: string };

export const call = async (work: Promise<unknown>): Promise<Called> => {
  try {
    await work;
    return { ok: true };
  } catch (error) {
    const known = error instanceof Error ? error : new Error(String(error));
    return { ok: false, error: known.name, message: known.message };
  }
};

export const toldCall = (called: Called): string =>
  called.ok ? 'accepted' : `${called.error}: "${called.message}"`;

/** A secret that a question makes for itself. Its values are no passwords. Versions are told as v1, v2 … in the order in which they were made. */
export class OwnSecret {
  readonly arn: string;
  readonly #ports: Ports;
  readonly #versions: string[];

  private constructor(ports: Ports, arn: string, first: string) {
    this.#ports = ports;
    this.arn = arn;
    this.#versions = [first];
  }

  static async make(ports: Ports, tags: Readonly<Record<string, string>> = {}): Promise<OwnSecret> {
    ports.signal.throwIfAborted();
    const { ARN = '', VersionId = '' } = await ports.clients.secretsManager.send(
      new CreateSecretCommand({
        Name: `${ownNames(ports.name)}-${randomBytes(4).toString('hex')}`,
        SecretString: '[]',
        Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
      }),
    );
    return new OwnSecret(ports, ARN, VersionId);
  }

  /** Puts a version. Without labels AWS decides which it gets. */
  async put(labels?: string[]): Promise<void> {
    const { VersionId = '' } = await this.#ports.clients.secretsManager.send(
      new PutSecretValueCommand({
        SecretId: this.arn,
        SecretString: JSON.stringify([this.#versions.length]),
        ...(labels === undefined ? {} : { VersionStages: labels }),
      }),
    );
    this.#versions.push(VersionId);
  }

  /** @param from, to numbers of versions, from 1 */
  move(label: string, { from, to }: { readonly from?: number; readonly to?: number }): Promise<unknown> {
    return this.#ports.clients.secretsManager.send(
      new UpdateSecretVersionStageCommand({
        SecretId: this.arn,
        VersionStage: label,
        ...(from === undefined ? {} : { RemoveFromVersionId: this.id(from) }),
        ...(to === undefined ? {} : { MoveToVersionId: this.id(to) }),
      }),
    );
  }

  id(version: number): string {
    return this.#versions[version - 1] ?? '';
  }

  /** Which version has which label. */
  async labels(): Promise<Record<string, string>> {
    const { VersionIdsToStages = {} } = await this.#ports.clients.secretsManager.send(
      new DescribeSecretCommand({ SecretId: this.arn }),
    );
    const pairs = Object.entries(VersionIdsToStages).flatMap(([id, labels]) =>
      labels.map((label) => [label, this.#nameOf(id)] as const),
    );
    return Object.fromEntries(pairs.sort());
  }

  #nameOf(id: string): string {
    if (!this.#versions.includes(id)) this.#versions.push(id);
    return `v${this.#versions.indexOf(id) + 1}`;
  }
}
