import { SecretsManagerUnavailableError } from '../contract/errors.ts';
import type { MetricName } from '../contract/metrics.ts';
import type { Clock } from '../runtime/clock.ts';
import { holderOf, OWNER } from '../secret/labels.ts';
import type { SecretDescription } from '../secret/secret-store.ts';
import { versionIdsOf } from '../secret/version-ids.ts';

/**
 * Longer than an answer is old, and than the trigger takes between the lock and the start of the execution that it is
 * for.
 */
const MOMENT_MS = 15_000;

export interface CheckLocksPorts {
  /** Which version has which labels. */
  labels(secretId: string): Promise<Pick<SecretDescription, 'versions'>>;
  /** The ARNs of all executions that run, of each machine that may have the lock. */
  running(): Promise<readonly string[]>;
  record(metric: MetricName, value: number): void;
  readonly clock: Pick<Clock, 'sleep'>;
}

export interface CheckedLocks {
  /** Secrets that are locked by an execution that does not run. */
  readonly stuck: readonly string[];
  /** Secrets that could not be looked at, and why. The daily check counts them. */
  readonly unknown: readonly { readonly secret: string; readonly error: string }[];
}

/** Secrets whose owner label belongs to no running execution, and the version that has it. */
type Suspects = ReadonlyMap<string, string>;

/**
 * Looks for a lock that no running execution holds: what should have released it, or recovered it, has failed or never
 * started. The label is read before the list, so that an execution that ends meanwhile is no suspect. Both may be old
 * answers: what counts is there a moment later too, on the same version.
 */
export const checkLocks = async (
  ports: CheckLocksPorts,
  secrets: readonly string[],
): Promise<CheckedLocks> => {
  const unknown: { secret: string; error: string }[] = [];
  const describeStuck = async (among: readonly string[]): Promise<Suspects> => {
    const owners = await ownersOf(ports, among, unknown);
    return owners.size === 0 ? owners : withoutExecution(owners, await ports.running());
  };
  const suspects = await describeStuck(secrets);
  const stuck = suspects.size === 0 ? [] : await stillThere(ports, suspects, describeStuck);
  ports.record('LockWithoutExecution', stuck.length);
  return { stuck, unknown };
};

const stillThere = async (
  { clock }: CheckLocksPorts,
  suspects: Suspects,
  describeStuck: (among: readonly string[]) => Promise<Suspects>,
): Promise<string[]> => {
  await clock.sleep(MOMENT_MS);
  const now = await describeStuck([...suspects.keys()]);
  return [...suspects].filter(([secret, owner]) => now.get(secret) === owner).map(([secret]) => secret);
};

const ownersOf = async (
  ports: CheckLocksPorts,
  secrets: readonly string[],
  unknown: { secret: string; error: string }[],
): Promise<Map<string, string>> => {
  const owners = new Map<string, string>();
  for (const secret of secrets) {
    try {
      const owner = holderOf(await ports.labels(secret), OWNER);
      if (owner !== undefined) owners.set(secret, owner);
    } catch (error) {
      // It would be the same for the others, one time-out after the other.
      if (error instanceof SecretsManagerUnavailableError) throw error;
      unknown.push({ secret, error: error instanceof Error ? error.name : typeof error });
    }
  }
  return owners;
};

const withoutExecution = (owners: Suspects, running: readonly string[]): Suspects => {
  const held = new Set(running.flatMap(versionIdsOf));
  return new Map([...owners].filter(([, owner]) => !held.has(owner)));
};
