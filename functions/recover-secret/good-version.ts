import {
  CertificateNotTrustedError,
  DatabaseIncompatibleError,
  DatabaseUnavailableError,
  HostNotFoundError,
} from '../contract/errors.ts';
import type { Database } from '../database/database.ts';
import type { Version } from './known-versions.ts';
import type { RecoveryContext } from './recovery-context.ts';

/**
 * The version that is to be AWSCURRENT.
 *
 * @returns undefined if none logs in
 */
export const goodVersion = async (
  database: Database,
  context: RecoveryContext,
): Promise<Version | undefined> =>
  (await currentElsewhere(database, context)) ?? (await firstOrStranger(database, context));

/**
 * An AWSCURRENT for another place or user than what is proven: someone moved on, or had a slip of the pen. It stays if it logs in.
 * What its host answers otherwise, or that there is none, is no reason to wait: what is proven counts then.
 */
const currentElsewhere = async (
  database: Database,
  { elsewhere }: RecoveryContext,
): Promise<Version | undefined> => {
  if (elsewhere === undefined) return undefined;
  try {
    return await firstThatLogsIn(database, [elsewhere]);
  } catch (error) {
    if (isUnusable(error)) return undefined;
    throw error;
  }
};

/**
 * Before the first rotation nothing is proven, and a slip in AWSCURRENT's host or user would be all that is tried, for hours. So what has another
 * label is tried too, at its own place: it is for who may write AWSCURRENT to say what applications read.
 */
const firstOrStranger = async (
  database: Database,
  { candidates, strangers }: RecoveryContext,
): Promise<Version | undefined> => {
  try {
    const own = await firstThatLogsIn(database, candidates);
    return own ?? (await firstThatAnswers(database, strangers));
  } catch (error) {
    if (!isUnusable(error)) throw error;
    const good = await firstThatAnswers(database, strangers);
    if (good === undefined) throw error;
    return good;
  }
};

/** Each is at a place of its own: one that does not answer says nothing of the next. */
const firstThatAnswers = async (
  database: Database,
  strangers: readonly Version[],
): Promise<Version | undefined> => {
  let first: unknown;
  for (const stranger of strangers) {
    try {
      const good = await firstThatLogsIn(database, [stranger]);
      if (good !== undefined) return good;
    } catch (error) {
      if (!isUnusable(error)) throw error;
      first ??= error;
    }
  }
  if (first !== undefined) throw first;
  return undefined;
};

const isUnusable = (error: unknown): boolean => ELSEWHERE_UNUSABLE.some((kind) => error instanceof kind);

const ELSEWHERE_UNUSABLE = [
  CertificateNotTrustedError,
  DatabaseIncompatibleError,
  DatabaseUnavailableError,
  HostNotFoundError,
];

export const firstThatLogsIn = async (
  database: Database,
  candidates: readonly Version[],
): Promise<Version | undefined> => {
  for (const version of candidates) {
    await using session = await database.login(version.value.login);
    if (session !== undefined) return version;
  }
  return undefined;
};
