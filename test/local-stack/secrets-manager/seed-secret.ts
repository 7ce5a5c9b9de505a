import { randomUUID } from 'node:crypto';
import type { Secret } from './secret.ts';
import type { SecretStore } from './secret-store.ts';
import { attachLabel, CURRENT } from './version-labels.ts';
import { writeVersion } from './version-values.ts';

interface Seed {
  readonly name: string;
  readonly secretString: string;
  readonly tags?: Readonly<Record<string, string>>;
}

/**
 * A replica, as replication would make it: a region has it, but only the primary may change it.
 *
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/replicate-secrets.html
 */
export interface ReplicaSeed extends Seed {
  readonly primaryRegion: string;
}

/**
 * A secret as a service makes it, with a name and with tags that no one else may give.
 *
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/service-linked-secrets.html
 */
export interface ManagedSeed extends Seed {
  readonly owningService: string;
}

/** Puts a secret into the store that no caller of the API could make. */
export const seedSecret = (store: SecretStore, seed: ReplicaSeed | ManagedSeed, now: Date): string => {
  const { name, secretString, tags, ...origin } = seed;
  const secret: Secret = {
    arn: store.newArn(name),
    name,
    tags: new Map(Object.entries(tags ?? {})),
    wasTagged: tags !== undefined,
    versions: new Map(),
    createdDate: now,
    lastChangedDate: now,
    ...origin,
  };
  const value = { kind: 'string', text: secretString } as const;
  attachLabel(secret, writeVersion(secret, randomUUID(), value, now).version, CURRENT);
  store.add(secret);
  return secret.arn;
};
