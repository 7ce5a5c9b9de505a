import type { SecretDescription } from '../../functions/secret/secret-store.ts';

/** Secrets as the store in memory keeps them. */
export interface StoredSecret {
  readonly arn: string;
  readonly name: string;
  readonly versions: Map<string, StoredVersion>;
  readonly tags: Record<string, string>;
  markedForDeletion: boolean;
  replicaOf: string | undefined;
  managedBy: string | undefined;
  /** Where it is encrypted with a key of the user's. */
  encryptionKey: string | undefined;
  /** The version that Secrets Manager made for a rotation of its own, and what proves the right to write it. */
  inRotation: { readonly token: string; readonly rotationToken: string } | undefined;
}

export interface StoredVersion {
  value: string | undefined;
  readonly labels: Set<string>;
}

export const newSecret = (
  arn: string,
  name: string,
  tags: Readonly<Record<string, string>>,
): StoredSecret => ({
  arn,
  name,
  versions: new Map(),
  tags: { ...tags },
  markedForDeletion: false,
  replicaOf: undefined,
  managedBy: undefined,
  encryptionKey: undefined,
  inRotation: undefined,
});

/** What DescribeSecret tells of it. */
export const describe = (secret: StoredSecret): SecretDescription => ({
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
  ...(secret.encryptionKey === undefined ? {} : { encryptionKey: secret.encryptionKey }),
});
