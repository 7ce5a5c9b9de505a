import type { Role } from '../../functions/database/database.ts';
import { firstHolders, type Snapshot, type View } from './invariants.ts';

/** A version of a secret, as it shows to someone who reads it and tries to log in. */
export interface SeenVersion {
  readonly labels: readonly string[];
  /** None in a version that nobody has filled, or that only carries the lock. */
  readonly credential: { readonly username: string; readonly password: string } | undefined;
  readonly logsIn: boolean;
  readonly logsInEverywhere: boolean;
}

/** A secret and its database, as they were when someone looked. */
export class SeenWorld implements View {
  readonly isPair: boolean;
  readonly others = [];
  /** The oldest first; those without a label too. */
  readonly versions: ReadonlyMap<string, SeenVersion>;
  readonly users: Readonly<Record<string, readonly Role[]>>;

  constructor({ isPair, versions, users }: Pick<SeenWorld, 'isPair' | 'versions' | 'users'>) {
    this.isPair = isPair;
    this.versions = versions;
    this.users = users;
  }

  get labels(): Readonly<Record<string, string>> {
    const pairs = [...this.versions].flatMap(([version, { labels }]) =>
      labels.map((label) => [label, version]),
    );
    return Object.fromEntries(pairs);
  }

  /** What a labelled version holds. */
  credentialUnder(label: string): SeenVersion['credential'] {
    return this.versions.get(this.labels[label] ?? '')?.credential;
  }

  snapshot(): Snapshot {
    const holders = firstHolders(this.versions.keys(), (version) => this.versions.get(version)?.credential);
    return {
      labels: this.labels,
      logsIn: holders.filter((version) => this.logsIn(version)),
      users: this.users,
    };
  }

  logsIn(version: string | undefined): boolean {
    return this.versions.get(version ?? '')?.logsIn ?? false;
  }

  logsInEverywhere(version: string | undefined): boolean {
    return this.versions.get(version ?? '')?.logsInEverywhere ?? false;
  }

  usernameOf(version: string): string | undefined {
    return this.versions.get(version)?.credential?.username;
  }
}
