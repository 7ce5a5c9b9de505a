import type { RotationRules } from './rotation-schedule.ts';

/** What a version holds: text or bytes (base64, as it comes over the wire), never both. */
export type SecretValue =
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'binary'; readonly base64: string };

export interface SecretVersion {
  readonly id: string;
  /** Nothing until the rotation function writes it, for a version that RotateSecret made. */
  value?: SecretValue;
  readonly labels: Set<string>;
  readonly createdDate: Date;
  lastAccessedDate?: Date;
  /** Set on a version that RotateSecret made: what its writer must show. */
  rotationToken?: string;
}

/** What RotateSecret configured; it outlives CancelRotateSecret, which only turns it off. */
export interface RotationConfiguration {
  enabled: boolean;
  lambdaArn?: string;
  rules?: RotationRules;
  /** From when the next rotation is counted: a rotation, a manual write, or the configuration itself. */
  countedFrom: Date;
  lastRotatedDate?: Date;
}

export interface Secret {
  readonly arn: string;
  readonly name: string;
  description?: string;
  kmsKeyId?: string;
  readonly tags: Map<string, string>;
  /** What was never tagged is told without Tags; what lost all of them, with none. */
  wasTagged?: boolean;
  readonly versions: Map<string, SecretVersion>;
  readonly createdDate: Date;
  lastChangedDate: Date;
  lastAccessedDate?: Date;
  /** When it will be gone, for a secret marked for deletion. */
  deletedDate?: Date;
  resourcePolicy?: string;
  rotation?: RotationConfiguration;
  /** Set on a seeded replica, and differs from the region of the stand-in. */
  readonly primaryRegion?: string;
  /** Set on a seeded secret that a service has made, and manages. */
  readonly owningService?: string;
}
