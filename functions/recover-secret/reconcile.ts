import {
  CertificateNotTrustedError,
  DatabaseIncompatibleError,
  DatabaseUnavailableError,
  HostNotFoundError,
  InvalidSecretError,
  NoUsableCredentialsError,
  ResetNotAllowedError,
  SecretNotRotatableError,
  SecretsManagerUnavailableError,
} from '../contract/errors.ts';
import type { ReconcileInput } from '../contract/steps.ts';
import type { Database } from '../database/database.ts';
import { readUntil } from '../runtime/read-again.ts';
import { assertAtItsCluster, isAtItsCluster } from '../secret/cluster-on-record.ts';
import { CURRENT, hasLabel, holderOf, isOldLabel, PENDING, PREVIOUS } from '../secret/labels.ts';
import { describeAsOwner, type LockPorts } from '../secret/lock.ts';
import {
  asPaired,
  asReturnedTo,
  asWritten,
  begunWithIn,
  isPromotingIn,
  isProvenIn,
  isReturnedTo,
  isUnfinishedIn,
  isUnsettled,
  isWrittenIn,
  namedIn,
  pairedIn,
  provenIn,
  provenVersions,
  recordOf,
  recordProven,
  versionOf,
  withNewest,
  withoutPromotion,
  withoutTwice,
  writtenIn,
} from '../secret/proven.ts';
import type { SecretDescription, SecretStore } from '../secret/secret-store.ts';
import {
  parseSecretValue,
  type SecretValue,
  sameCluster,
  sameEndpoint,
  sameLogin,
} from '../secret/secret-value.ts';
import { type RotationSettings, settingsOf } from '../secret/settings.ts';
import { isForItsUser } from '../secret/user-on-record.ts';
import { areOfOnePair } from '../secret/user-pair.ts';
import type { Clusters } from './clusters.ts';
import { disableOtherUser, withSeen } from './disable-other-user.ts';
import type { NamedFor } from './named-by-deployment.ts';
import { tellingWhatIsLeft } from './other-user-left.ts';
import { resetThroughAdmin } from './reset-through-admin.ts';
import { resetThroughCluster } from './reset-through-cluster.ts';

export interface ReconcilePorts extends LockPorts {
  readonly database: Database;
  readonly clusters: Clusters;
  /** The cluster that the deployment named for a secret. */
  readonly clusterOf: NamedFor;
  /** The user that the deployment named for a secret. */
  readonly userOf: NamedFor;
}

/** How the version that is AWSCURRENT now stood before. */
export type Kept = 'AWSCURRENT' | 'AWSPENDING' | 'AWSPREVIOUS';

export interface ReconcileResult {
  readonly outcome: 'nothing-to-do' | 'recovered';
  readonly version: string;
  readonly kept: Kept;
  readonly passwordReset?: boolean;
  readonly otherUser?: 'dropped' | 'locked';
}

export interface Version {
  readonly id: string;
  readonly was: Kept;
  readonly value: SecretValue;
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

/**
 * Makes the secret and the database agree after something was cut off, by this project or another tool: finds which version logs in,
 * makes it AWSCURRENT, disables the other user of a pair, and takes AWSPENDING off what was stuck.
 *
 * A single user's goes forward where the database already has the pending password, since that ends an outage without another
 * change of the database; a pair's goes back where it can. The drain is over: nothing of the other execution moves any more.
 *
 * Safe to repeat.
 *
 * @throws RotationSupersededError if another recovery took the lock
 * @throws NoUsableCredentialsError if no version logs in, and no reset was asked for
 * @throws PasswordResetUnderWayError if `resetThroughCluster` is set: look again, until AWSCURRENT logs in
 */
export const reconcile = async (ports: ReconcilePorts, input: ReconcileInput): Promise<ReconcileResult> => {
  const secret = await describeAsOwner(ports, input.secretId, input.lockVersion);
  const context = await loadRecoveryContext(ports.secrets, secret, input);
  const good =
    (await currentElsewhere(ports.database, context)) ?? (await firstOrStranger(ports.database, context));
  if (good === undefined) await resetPassword(ports, context, input);
  else if (good.id !== context.currentVersion) await promote(ports, context, good);
  const version = good?.id ?? context.currentVersion;
  const pendingMoved = await takePendingOff(ports.secrets, secret, input.suspects, version);
  const disabled =
    good === undefined
      ? undefined
      : await tellingWhatIsLeft(secret.name, () => disableOtherUser(ports, context, good));
  const cleaned = await takeOldLabelsOff(ports.secrets, secret);
  // Minutes may have gone by: what another one has recorded since must not be written over.
  const now = await describeAsOwner(ports, input.secretId, input.lockVersion);
  const proven = stillProven(now, version, {
    suspects: input.suspects,
    open: leftOpen(context, good),
    isPromotedInUse:
      (good === undefined || good === context.elsewhere) && (await isPromotedInUse(ports, context)),
  });
  const record = disabled?.seen === undefined ? proven : withSeen(proven, disabled.seen);
  await recordProven(ports.secrets, secret.arn, recordOf(now), record);
  const kept = good?.was ?? CURRENT;
  const changed = kept !== CURRENT || good === undefined || pendingMoved || disabled !== undefined || cleaned;
  return {
    outcome: changed ? 'recovered' : 'nothing-to-do',
    version,
    kept,
    ...(good === undefined ? { passwordReset: true } : {}),
    ...(disabled === undefined ? {} : { otherUser: disabled.how }),
  };
};

/**
 * What is not settled by a recovery that stays with an AWSCURRENT of another place: the power over the pair's users is where these are. The next one, with the
 * right value back, has to find them.
 */
const leftOpen = ({ known }: RecoveryContext, good: Version | undefined): string[] =>
  good === undefined
    ? []
    : known.filter(({ value }) => !sameEndpoint(value.login, good.value.login)).map(({ id }) => id);

/** Whether a version whose promotion had begun logs in: a compensation may have dropped its user since. */
const isPromotedInUse = async (
  { database }: ReconcilePorts,
  { secret, candidates }: RecoveryContext,
): Promise<boolean> => {
  const promoting = candidates.filter(({ id }) => isPromotingIn(recordOf(secret), id));
  return (await firstThatLogsIn(database, promoting)) !== undefined;
};

/** AWSCURRENT first: what logs in there stays. */
export const candidatesIn = (
  secret: SecretDescription,
  suspects: readonly string[],
): { readonly id: string; readonly was: Kept }[] => {
  const previous = holderOf(secret, PREVIOUS);
  const candidates: { readonly id: string | undefined; readonly was: Kept }[] = [
    { id: holderOf(secret, CURRENT), was: 'AWSCURRENT' },
    ...suspects.map((id) => ({ id, was: 'AWSPENDING' as const })),
    { id: previous, was: 'AWSPREVIOUS' },
  ];
  return candidates.flatMap(({ id, was }) => (id === undefined ? [] : [{ id, was }]));
};

/**
 * Secrets Manager tries what was cut off again with the same token, whose version can't be written again. A revert that was cut off is
 * settled by now, but for one at another place, and one that this recovery has ended: with the other user's value put back, the next one has to see to its user.
 *
 * @param version AWSCURRENT by now
 * @param open versions at another place, where nothing was settled
 * @param isPromotedInUse whether the user of a version that was being promoted is left as it is, beside an AWSCURRENT that is not of that pair
 */
export const stillProven = (
  secret: SecretDescription,
  version: string,
  {
    suspects,
    open,
    isPromotedInUse,
  }: {
    readonly suspects: readonly string[];
    readonly open: readonly string[];
    readonly isPromotedInUse: boolean;
  },
): string[] => {
  const settled = withoutTwice(
    withNewest(secret, version).flatMap((entry) => {
      const id = versionOf(entry);
      if (!isPromotingIn(recordOf(secret), id)) return [entry];
      return isPromotedInUse || id === version ? asPaired(id) : withoutPromotion(entry);
    }),
  );
  const isGoneBackTo = (entry: string): boolean => isReturnedTo(entry) && versionOf(entry) === version;
  const isTriedAgain = (entry: string): boolean =>
    isGoneBackTo(entry) ||
    suspects.map(asWritten).includes(entry) ||
    (open.includes(versionOf(entry)) && isUnsettled(entry));
  const isSaidAlready = (entry: string): boolean =>
    !isReturnedTo(entry) && isProvenIn(settled, versionOf(entry));
  return [...settled, ...recordOf(secret).filter((entry) => isTriedAgain(entry) && !isSaidAlready(entry))];
};

/** @throws SecretNotRotatableError; UntrustedVersionError or InvalidSecretError if no version at all can be used */
const loadRecoveryContext = async (
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
    cutOff.some((each) => each.id !== id && sameLogin(each.value.login, value.login));
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
 * Two values that were written one after the other take every label from what worked before. It is tried too: else nothing would
 * log in, and a reset would set the password that someone wrote.
 */
const provenWithoutLabel = async (
  secrets: SecretStore,
  secret: SecretDescription,
  known: readonly Version[],
): Promise<Version[]> => {
  const ids = provenVersions(secret).filter((id) => !known.some((version) => version.id === id));
  const versions = await Promise.all(ids.map((id) => usable(secrets, secret, id, 'AWSPREVIOUS')));
  return versions.filter((version) => version !== undefined);
};

const usable = async (
  secrets: SecretStore,
  secret: SecretDescription,
  id: string,
  was: Kept,
): Promise<Version | undefined> => {
  const version = await parsed(secrets, secret, id, was);
  return version && isAtItsCluster(secret, version.value.login) ? version : undefined;
};

const parsed = async (
  secrets: SecretStore,
  secret: SecretDescription,
  id: string,
  was: Kept,
): Promise<Version | undefined> => {
  const text = await secrets.read(secret.arn, id);
  if (text === undefined) return undefined;
  try {
    return { id, was, value: parseSecretValue(text, `${was} (version ${id})`) };
  } catch (error) {
    if (error instanceof InvalidSecretError) return undefined;
    throw error;
  }
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

const firstThatLogsIn = async (
  database: Database,
  candidates: readonly Version[],
): Promise<Version | undefined> => {
  for (const version of candidates) {
    await using session = await database.login(version.value.login);
    if (session !== undefined) return version;
  }
  return undefined;
};

/** The operator said in so many words by whose power a password may be set which no version of the secret proves. */
const resetPassword = async (
  ports: ReconcilePorts,
  { secret, settings, candidates, currentVersion }: RecoveryContext,
  input: ReconcileInput,
): Promise<void> => {
  const current = candidates.find(({ id }) => id === currentVersion);
  if (current === undefined) {
    throw new NoUsableCredentialsError(
      `AWSCURRENT of ${secret.name} (version ${currentVersion}) can't be used, or is for another host or user than the versions that are proven, and none of these logs in; put the right value into the secret`,
    );
  }
  const { login } = current.value;
  if (input.resetThroughCluster || input.resetThroughAdmin) assertMayTell(secret, currentVersion);
  if (input.resetThroughCluster)
    return await resetThroughCluster(ports.clusters, ports.clusterOf, secret, login);
  if (!input.resetThroughAdmin) {
    throw new NoUsableCredentialsError(
      `no labelled version of ${secret.name} logs in as "${login.username}" at ${login.host}:${login.port}; put the right password into the secret, or add "resetThroughAdmin": true to the input to set the password of AWSCURRENT through the admin secret, or "resetThroughCluster": true if it is the cluster's primary user`,
    );
  }
  await resetThroughAdmin(ports, secret, settings, login);
};

/**
 * A reset sets the password that AWSCURRENT says: who may write the secret would choose it. So it is one that this project
 * wrote or saw log in, but for a secret that was never rotated; and none whose user a retirement has dropped: the name may be someone else's.
 */
const assertMayTell = (secret: SecretDescription, currentVersion: string): void => {
  const named = namedIn(recordOf(secret));
  if (provenVersions(secret).length === 0 || named.includes(currentVersion)) return;
  throw new ResetNotAllowedError(
    `AWSCURRENT of ${secret.name} (version ${currentVersion}) was neither written by a rotation nor seen to log in, or its user was dropped since, so no reset sets its password; move AWSCURRENT to a version that was (${named.join(', ') || 'there is none'}), and repeat the recovery`,
  );
};

const promote = async (
  { secrets, clock }: ReconcilePorts,
  { secret, currentVersion }: RecoveryContext,
  to: Version,
): Promise<void> => {
  // Where AWSPENDING is parked on AWSCURRENT it keeps no rotation from beginning. Once AWSCURRENT has left it would.
  if (hasLabel(secret, currentVersion, PENDING))
    await secrets.moveLabel(secret.arn, PENDING, { from: currentVersion });
  if (await secrets.moveLabel(secret.arn, CURRENT, { from: currentVersion, to: to.id })) return;
  const now = await readUntil(
    clock,
    () => secrets.describe(secret.arn),
    (answer) => holderOf(answer, CURRENT) !== currentVersion,
  );
  if (hasLabel(now, to.id, CURRENT)) return;
  throw new SecretsManagerUnavailableError(
    `AWSCURRENT of ${secret.name} was moved by someone else during the recovery; it looks again`,
  );
};

/** @returns whether AWSPENDING was on a version that was stuck, and is not AWSCURRENT now: there it is parked */
const takePendingOff = async (
  secrets: SecretStore,
  secret: SecretDescription,
  suspects: readonly string[],
  current: string,
): Promise<boolean> => {
  const holder = holderOf(secret, PENDING);
  if (holder === undefined || holder === current) return false;
  return (
    isStuck(secret, holder, suspects) && (await secrets.moveLabel(secret.arn, PENDING, { from: holder }))
  );
};

/** Whether the version with AWSPENDING is what was cut off, or stranded: anything else is someone else's. */
export const isStuck = (secret: SecretDescription, holder: string, suspects: readonly string[]): boolean =>
  suspects.includes(holder) || hasLabel(secret, holder, PREVIOUS);

/** @returns whether there was any label of the kind that this project used before 0.2 */
const takeOldLabelsOff = async (secrets: SecretStore, secret: SecretDescription): Promise<boolean> => {
  const old = Object.entries(secret.versions).flatMap(([from, labels]) =>
    labels.filter(isOldLabel).map((label) => ({ from, label })),
  );
  for (const { from, label } of old) await secrets.moveLabel(secret.arn, label, { from });
  return old.length > 0;
};
