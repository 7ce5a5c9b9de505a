import { OldAnswers, type StaleReads } from '../../support/stale-reads.ts';
import type { Caller } from './operations/operation.ts';
import type { Secret } from './secret.ts';
import type { SecretStore } from './secret-store.ts';

/** The operations that may answer what was true before. */
const READS: ReadonlySet<string> = new Set(['DescribeSecret', 'GetSecretValue', 'ListSecretVersionIds']);

/** Old answers on demand. Who signs with another access key is another reader. */
export class StaleAnswers {
  private readonly answers = new OldAnswers<Secret>();
  private readonly store: SecretStore;

  constructor(store: SecretStore) {
    this.store = store;
  }

  set settings(settings: StaleReads | undefined) {
    this.answers.begin(settings, this.store.all());
  }

  get settings(): StaleReads | undefined {
    return this.answers.settings;
  }

  /** To be called after whatever may have changed secrets. */
  changed(): void {
    if (this.settings) for (const secret of this.store.all()) this.answers.changed(secret);
  }

  /** The store as an operation finds it, which is the truth for whatever writes. */
  storeFor(operation: string, secretId: unknown, caller: Caller): SecretStore {
    if (!this.settings || !READS.has(operation) || typeof secretId !== 'string') return this.store;
    const secret = this.store.find(secretId);
    if (!secret) return this.store;
    // A copy, since reading leaves the date of its day.
    return this.store.withOnly(structuredClone(this.answers.seenBy(caller.accessKeyId, secret)));
  }
}
