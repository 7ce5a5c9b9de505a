import type { Secret } from './secret.ts';
import { invalidRequest, notFound } from './service-error.ts';

const ARN_SUFFIX_LENGTH = 6;
const ENDS_LIKE_AN_ARN = /-[A-Za-z0-9]{6}$/;
const SUFFIX_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

export interface SecretStoreOptions {
  readonly region: string;
  readonly accountId: string;
  readonly now: () => Date;
  /** A whole number from 0 up to, not including, the bound. */
  readonly random: (bound: number) => number;
}

/** All secrets of the account and Region, and the ways to name one. */
export class SecretStore {
  private readonly secrets: Secret[] = [];
  private readonly options: SecretStoreOptions;

  constructor(options: SecretStoreOptions) {
    this.options = options;
  }

  get region(): string {
    return this.options.region;
  }

  /** Every secret that still exists, in the order of creation. */
  all(): readonly Secret[] {
    this.dropExpired();
    return this.secrets;
  }

  /** A name's ARN: Secrets Manager adds a hyphen and six random characters. */
  newArn(name: string): string {
    const { region, accountId, random } = this.options;
    const suffix = Array.from({ length: ARN_SUFFIX_LENGTH }, () =>
      SUFFIX_ALPHABET.charAt(random(SUFFIX_ALPHABET.length)),
    ).join('');
    return `arn:aws:secretsmanager:${region}:${accountId}:secret:${name}-${suffix}`;
  }

  add(secret: Secret): void {
    this.secrets.push(secret);
  }

  remove(secret: Secret): void {
    const index = this.secrets.indexOf(secret);
    if (index >= 0) this.secrets.splice(index, 1);
  }

  /** By ARN, by name, or by an ARN that lacks its random suffix: only where its end does not look like one. */
  find(secretId: string): Secret | undefined {
    const secrets = this.all();
    return (
      secrets.find(({ arn, name }) => arn === secretId || name === secretId) ??
      secrets.find(
        ({ arn }) => arn.slice(0, -(ARN_SUFFIX_LENGTH + 1)) === secretId && !ENDS_LIKE_AN_ARN.test(secretId),
      )
    );
  }

  /** The secret, marked for deletion or not. */
  get(secretId: string): Secret {
    const secret = this.find(secretId);
    if (!secret) throw notFound("Secrets Manager can't find the specified secret.");
    return secret;
  }

  /** The secret, for an operation that a secret marked for deletion refuses. */
  getActive(secretId: string): Secret {
    const secret = this.get(secretId);
    if (secret.deletedDate) {
      throw invalidRequest(
        "You can't perform this operation on the secret because it was marked for deletion.",
      );
    }
    return secret;
  }

  /** The secret, for an operation that changes it: replicas are changed through their primary. */
  getWritable(secretId: string): Secret {
    const secret = this.getActive(secretId);
    if (secret.primaryRegion && secret.primaryRegion !== this.options.region) {
      throw invalidRequest(
        "Operation not permitted on a replica secret. Call must be made in primary secret's region.",
      );
    }
    return secret;
  }

  /** A store of the same account and Region with a secret as it was. */
  withOnly(secret: Secret): SecretStore {
    const store = new SecretStore(this.options);
    store.add(secret);
    return store;
  }

  private dropExpired(): void {
    const now = this.options.now().getTime();
    for (const secret of [...this.secrets]) {
      if (secret.deletedDate && secret.deletedDate.getTime() <= now) this.remove(secret);
    }
  }
}
