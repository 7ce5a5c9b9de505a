import { InvalidSecretError, SecretNotRotatableError } from '../contract/errors.ts';
import type { ReconcileInput } from '../contract/steps.ts';
import type { Database } from '../database/database.ts';
import { sameCredential } from '../database/same-credential.ts';
import { assertAtItsCluster } from '../secret/cluster-on-record.ts';
import { CURRENT, hasLabel, holderOf, PREVIOUS } from '../secret/labels.ts';
import type { LockPorts } from '../secret/lock.ts';
import {
  asReturnedTo,
  begunWithIn,
  isProvenIn,
  isUnfinishedIn,
  isWrittenIn,
  pairedIn,
  provenIn,
  provenVersions,
  recordOf,
  writtenIn,
} from '../secret/proven.ts';
import type { SecretDescription, SecretStore } from '../secret/secret-store.ts';
import { sameCluster, sameEndpoint } from '../secret/secret-value.ts';
import { type RotationSettings, settingsOf } from '../secret/settings.ts';
import { isForItsUser } from '../secret/user-on-record.ts';
import { areOfOnePair } from '../secret/user-pair.ts';
import type { Clusters } from './clusters.ts';
import { candidatesIn, parsed, provenWithoutLabel, usable, type Version } from './known-versions.ts';
import type { NamedFor } from './named-by-deployment.ts';

export interface ReconcilePorts extends LockPorts {
  readonly database: Database;
  readonly clusters: Clusters;
  /** The cluster that the deployment named for a secret. */
  readonly clusterOf: NamedFor;
  /** The user that the deployment named for a secret. */
  readonly userOf: NamedFor;
}

/** What a recovery found, before it changed anything. */
export interface RecoveryContext {
  readonly secret: SecretDescription;
  readonly settings: RotationSettings;
  /** The recovery's own. */
  readonly lockVersion: string;
  readonly currentVersion: string;
  /** AWSCURRENT, where it is for another place or for other users. */
  readonly elsewhere: Version | undefined;
  /** For another place or user than what is proven last, or than AWSCURRENT where nothing is: they are tried when nothing else logs in. */
  readonly strangers: readonly Version[];
  /** AWSCURRENT first, then the suspects, AWSPREVIOUS, and what else is proven, of a pair before the suspects: only for the place and the users that are proven. */
  readonly candidates: readonly Version[];
  /** All of these, for whatever place and user. */
  readonly known: readonly Version[];
}

/** @throws SecretNotRotatableError; UntrustedVersionError or InvalidSecretError if no version at all can be used */
export const loadRecoveryContext = async (
  secrets: SecretStore,
  secret: SecretDescription,
  { suspects, lockVersion }: ReconcileInput,
): Promise<RecoveryContext> => {
  const currentVersion = holderOf(secret, CURRENT);
  if (currentVersion === undefined)
    throw new SecretNotRotatableError(`${secret.name} has no AWSCURRENT; put a value into it first`);
  const record = recordOf(secret);
  // Anyone may name in a marker what a rotation has replaced: what is one of a pair is tried as the record has it, the promoted one first.
  const isSettled = (id: string): boolean => pairedIn(record).includes(id) && !isUnfinishedIn(record, id);
  const named = suspects.filter((id) => !isSettled(id));
  const [current, ...others] = candidatesIn(secret, [...named, ...writtenIn(record)]);
  const begunWith = begunWithIn(record).map((id) => ({ id, was: PREVIOUS }) as const);
  const versions = await Promise.all(
    [...(current ? [current] : []), ...begunWith, ...others].map(({ id, was }) =>
      usable(secrets, secret, id, was),
    ),
  );
  const found = versions.filter((version) => version !== undefined);
  const unique = found.filter(({ id }, index) => found.findIndex((other) => other.id === id) === index);
  const unlabelled = await provenWithoutLabel(secrets, secret, unique);
  const settings = settingsOf(secret);
  const reference =
    referenceOf(
      secret,
      await ofItsUser(secrets, secret, settings, unique),
      await ofItsUser(secrets, secret, settings, unlabelled),
    ) ?? referenceOf(secret, unique, unlabelled);
  if (reference === undefined) return await refuseAll(secrets, secret, currentVersion);
  return {
    secret,
    settings,
    lockVersion,
    currentVersion,
    elsewhere: unique.find((version) => version.id === currentVersion && !isMeant(version, reference)),
    strangers: strangersIn(secret, [...unique, ...unlabelled], reference),
    candidates: inOrder(secret, settings, currentVersion, [
      ...unique.filter((version) => isMeant(version, reference)),
      ...unlabelled.filter((version) => isForSameUsers(version, reference)),
    ]),
    known: [...unique, ...unlabelled],
  };
};

/**
 * A rotation of a pair leaves the user that is in use as it is: going on with what was cut off would end no outage, so it is tried last. Garbage in AWSCURRENT
 * changes nothing of that, nor does someone's copy of what was cut off: the record knows the one, and not the other.
 */
const inOrder = (
  secret: SecretDescription,
  { strategy }: RotationSettings,
  currentVersion: string,
  versions: readonly Version[],
): readonly Version[] => {
  if (strategy === 'single-user') return versions;
  const record = recordOf(secret);
  const isCutOff = ({ id }: Version): boolean => isWrittenIn(record, id) || record.includes(asReturnedTo(id));
  const cutOff = versions.filter(isCutOff);
  const isCopy = ({ id, value }: Version): boolean =>
    cutOff.some((each) => each.id !== id && sameCredential(each.value.login, value.login));
  const current = versions.filter(({ id }) => id === currentVersion);
  const ids = [...begunWithIn(record), ...provenIn(record)];
  const settled = ids.flatMap((id) => versions.filter((version) => version.id === id && !isCutOff(version)));
  const inUse = [...current, ...settled].filter((version) => !isCopy(version));
  return [...new Set([...inUse, ...cutOff, ...versions])];
};

/** Where the tag that names the cluster is wrong, every value is for elsewhere: so it is named, and how to take it off. */
const refuseAll = async (
  secrets: SecretStore,
  secret: SecretDescription,
  currentVersion: string,
): Promise<never> => {
  const current = await parsed(secrets, secret, currentVersion, CURRENT);
  if (current) assertAtItsCluster(secret, CURRENT, current.value.login);
  throw new InvalidSecretError(
    `no labelled version of ${secret.name} can be used, and none that is proven; put the right value into the secret`,
  );
};

const ofItsUser = async (
  secrets: SecretStore,
  secret: SecretDescription,
  settings: RotationSettings,
  versions: readonly Version[],
): Promise<Version[]> => {
  const own = await Promise.all(
    versions.map(({ id, value }) =>
      isForItsUser(secrets, secret, settings, { version: id, login: value.login }),
    ),
  );
  return versions.filter((_, index) => own[index]);
};

/**
 * Where nothing is proven, all that has a label; else what is proven too, other than AWSCURRENT: a host that answered once may be gone, and what logs in
 * at the right one be on record still.
 */
const strangersIn = (
  secret: SecretDescription,
  versions: readonly Version[],
  reference: Version,
): Version[] => {
  const proven = provenVersions(secret);
  const isTried = ({ id }: Version): boolean =>
    proven.length === 0 || (proven.includes(id) && !hasLabel(secret, id, CURRENT));
  return versions.filter((version) => !isMeant(version, reference) && isTried(version));
};

/**
 * Where and for whom the secret is. A proven version tells, if there is one, also where two values written one after the other
 * have taken its label; AWSCURRENT may have been written by someone with a slip of the pen, or with another host in mind.
 */
const referenceOf = (
  secret: SecretDescription,
  labelled: readonly Version[],
  unlabelled: readonly Version[],
): Version | undefined => {
  const record = recordOf(secret);
  const isProven = ({ id }: Version): boolean => isProvenIn(record, id);
  return labelled.find(isProven) ?? unlabelled[0] ?? labelled[0];
};

const isMeant = (version: Version, reference: Version): boolean =>
  sameEndpoint(version.value.login, reference.value.login) && isForSameUsers(version, reference);

const isForSameUsers = ({ value }: Version, { value: reference }: Version): boolean =>
  sameCluster(value.login, reference.login) && areOfOnePair(value.login.username, reference.login.username);
