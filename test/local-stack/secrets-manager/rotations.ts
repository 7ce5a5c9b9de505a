import type { Secret } from './secret.ts';

export type RotationStep = 'createSecret' | 'setSecret' | 'testSecret' | 'finishSecret';

export interface RotationFailure {
  readonly step?: RotationStep;
  /** The error's name, or what Lambda calls the failure. */
  readonly type: string;
  readonly message: string;
}

/** One rotation, as CloudTrail's RotationStarted, RotationSucceeded and RotationFailed tell it. */
export interface Rotation {
  readonly secretArn: string;
  /** The client request token, which is the pending version's id. It changes if a retry takes a new one. */
  versionId: string;
  /** `test`: RotateImmediately was false, so only testSecret is called. */
  readonly mode: 'rotate' | 'test';
  status: 'running' | 'succeeded' | 'failed' | 'cancelled';
  attempts: number;
  /** The calls of the rotation function that were made, those of all attempts. */
  readonly steps: RotationStep[];
  /** Why attempts failed, one each. */
  readonly failures: RotationFailure[];
  /** Resolves, never rejects, when the rotation is over. */
  readonly ended: Promise<Rotation>;
}

/** The rotations of the stand-in's life, in the order they began. */
export class Rotations {
  readonly all: Rotation[] = [];
  private readonly find: (secretId: string) => Secret;

  constructor(find: (secretId: string) => Secret) {
    this.find = find;
  }

  /** The rotations of a secret, named as any operation may name it. */
  of(secretId: string): Rotation[] {
    const { arn } = this.find(secretId);
    return this.all.filter(({ secretArn }) => secretArn === arn);
  }

  /** The latest rotation of a secret. */
  latest(secretId: string): Rotation | undefined {
    return this.of(secretId).at(-1);
  }

  /** Resolves when no rotation runs any more. */
  async settled(): Promise<void> {
    await Promise.all(this.all.map(({ ended }) => ended));
  }
}
