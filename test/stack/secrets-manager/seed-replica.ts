import { randomUUID } from 'node:crypto';
import type { Secret } from './secret.ts';
import type { SecretStore } from './secret-store.ts';
import { attachLabel, CURRENT } from './version-labels.ts';
import { writeVersion } from './version-values.ts';

export interface ReplicaSeed {
  readonly name: string;
  readonly secretString: string;
  readonly primaryRegion: string;
  readonly tags?: Readonly<Record<string, string>>;
}

/**
 * Puts a replica into the store, as replication would: a region has it, but only the primary may change it.
 *
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/replicate-secrets.html
 */
export const seedReplica = (store: SecretStore, seed: ReplicaSeed, now: Date): string => {
  const secret: Secret = {
    arn: store.newArn(seed.name),
    name: seed.name,
    tags: new Map(Object.entries(seed.tags ?? {})),
    versions: new Map(),
    createdDate: now,
    lastChangedDate: now,
    primaryRegion: seed.primaryRegion,
  };
  const value = { kind: 'string', text: seed.secretString } as const;
  attachLabel(secret, writeVersion(secret, randomUUID(), value, now).version, CURRENT);
  store.add(secret);
  return secret.arn;
};
