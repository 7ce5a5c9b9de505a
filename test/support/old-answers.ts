import { CURRENT, holderOf } from '../../functions/secret/labels.ts';
import type { CurrentVersion, SecretDescription, SecretStore } from '../../functions/secret/secret-store.ts';
import type { Gate } from './port-calls.ts';
import { type RotationWorld, SECRET } from './rotation-world.ts';

/** How the secret stood since a moment. */
interface Stand {
  readonly since: number;
  readonly description: SecretDescription;
  readonly values: ReadonlyMap<string, string | undefined>;
}

/**
 * Answers of Secrets Manager that are up to some time old, as eventual consistency allows. Changes are compared with what is
 * there, never with what is old.
 */
export class OldAnswers {
  readonly #world: RotationWorld;
  readonly #stands: Stand[] = [];

  /** Is to be made before anything happens. */
  constructor(world: RotationWorld) {
    this.#world = world;
  }

  /** After each change of the secret, by whomever. */
  async note(): Promise<void> {
    const { store, clock } = this.#world;
    const description = await store.port().describe(SECRET);
    const values = new Map(store.versionIds(SECRET).map((id) => [id, store.valueOf(SECRET, id)] as const));
    this.#stands.push({ since: clock.now(), description, values });
  }

  #standAt(time: number): Stand | undefined {
    return this.#stands.findLast(({ since }) => since <= time) ?? this.#stands[0];
  }

  /**
   * @param age how old the next answer is, in milliseconds
   * @param isMonotonic whether one reader never sees the secret as it was before an answer that it got
   */
  port(fresh: SecretStore, gate: Gate, age: () => number, isMonotonic: boolean): SecretStore {
    let seen = Number.NEGATIVE_INFINITY;
    const stand = (): Stand | undefined => {
      const time = Math.max(this.#world.clock.now() - age(), isMonotonic ? seen : Number.NEGATIVE_INFINITY);
      seen = Math.max(seen, time);
      return this.#standAt(time);
    };
    const isHere = (secretId: string): boolean => [SECRET, this.#world.secretArn].includes(secretId);
    const described = async (secretId: string): Promise<SecretDescription> =>
      isHere(secretId)
        ? await gate('describe', () => (stand() as Stand).description)
        : await fresh.describe(secretId);
    return {
      ...fresh,
      describe: described,
      read: async (secretArn, version) =>
        isHere(secretArn)
          ? await gate('read', () => stand()?.values.get(version))
          : await fresh.read(secretArn, version),
      readCurrent: async (secretArn) =>
        isHere(secretArn)
          ? await gate('readCurrent', () => currentOf(stand()))
          : await fresh.readCurrent(secretArn),
    };
  }
}

const currentOf = (stand: Stand | undefined): CurrentVersion | undefined => {
  if (stand === undefined) return undefined;
  const version = holderOf(stand.description, CURRENT);
  const text = version === undefined ? undefined : stand.values.get(version);
  return version === undefined || text === undefined ? undefined : { version, text };
};
