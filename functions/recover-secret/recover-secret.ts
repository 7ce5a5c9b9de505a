import { openAdminSession } from '../shared/admin-session.ts';
import type { RecoverSecretInput, RecoveryInput } from '../shared/contract.ts';
import {
  NoUsableCredentialsError,
  RotationInProgressError,
  SecretNotRotatableError,
} from '../shared/errors.ts';
import {
  CURRENT,
  hasLabel,
  holderOf,
  isLockFree,
  isTicket,
  PENDING,
  PREVIOUS,
  type StagingLabel,
  stopOf,
  ticketOf,
} from '../shared/labels.ts';
import { lockVersionOf, pendingVersionOf } from '../shared/lock-version.ts';
import { assertRotatable } from '../shared/ownership.ts';
import type { Clusters, Database, SecretDescription, SecretStore, Session } from '../shared/ports.ts';
import type { SecretValue } from '../shared/secret-value.ts';
import { type RotationSettings, settingsOf } from '../shared/strategy.ts';
import { areOfOnePair } from '../shared/users.ts';
import { readUsable, readVersion } from '../shared/versions.ts';
import { type ClusterOf, resetThroughCluster } from './reset-through-cluster.ts';
import { type StopRotationResult, stopRotation } from './stop-rotation.ts';

export interface RecoverSecretPorts {
  readonly secrets: SecretStore;
  readonly database: Database;
  readonly clusters: Clusters;
  readonly clusterOf: ClusterOf;
}

export interface RecoverSecretResult {
  readonly outcome: 'nothing-to-do' | 'recovered';
  /** The label that the version which is AWSCURRENT now had before. */
  readonly kept?: StagingLabel;
  readonly passwordReset?: boolean;
  readonly otherUser?: 'dropped' | 'locked';
}

interface Version {
  readonly id: string;
  readonly label: StagingLabel;
  readonly value: SecretValue;
}

interface Situation {
  readonly secret: SecretDescription;
  readonly settings: RotationSettings;
  readonly current: Version;
  readonly pending: Version | undefined;
  readonly previous: Version | undefined;
}

/** A recovery begins with `stop`; once the last step of what it stopped has ended, `recover` follows. */
export const recoverSecret = async (
  ports: RecoverSecretPorts,
  input: RecoverSecretInput,
): Promise<StopRotationResult | RecoverSecretResult> =>
  input.action === 'stop' ? await stopRotation(ports.secrets, input) : await clearRotation(ports, input);

/**
 * Clears what a stopped rotation left, this project's or another tool's: finds which labelled version logs in,
 * makes AWSCURRENT agree with the database, takes the other user of a pair out of use, and takes off a dangling
 * AWSPENDING.
 *
 * It goes forward where the database already has the pending password, since that ends an outage without another
 * change of the database. What it clears has been told to stop, and its last step has ended: nothing moves any more.
 *
 * Safe to repeat.
 *
 * @param input names the rotation whose lock may be taken; another one that runs is left alone
 * @throws NoUsableCredentialsError if no labelled version logs in, and no reset was asked for
 * @throws RotationInProgressError if another rotation has the secret, and AWSCURRENT does not log in: look again
 * @throws PasswordResetUnderWayError if `resetThroughCluster` is set: look again, until AWSCURRENT logs in
 */
const clearRotation = async (
  ports: RecoverSecretPorts,
  input: RecoveryInput,
): Promise<RecoverSecretResult> => {
  const secret = await ports.secrets.describe(input.secretId);
  assertRotatable(secret);
  // Its last step may have been TakeLockAgain, which ended after it had been told to stop.
  const token = input.token && pendingVersionOf(secret, input.token);
  const agreement = await agree(ports, secret.arn, input, token);
  if (agreement === undefined) return await standBack(ports, secret.arn, input);
  const { situation, kept, passwordReset } = agreement;
  const unlocked = await takeLockAway(ports.secrets, situation, token);
  const otherUser = await takeOutOfUse(ports, situation);
  const cleared = await takeTicketsOff(ports.secrets, secret.arn, input);
  const changed = kept !== CURRENT || passwordReset || unlocked || otherUser !== undefined || cleared;
  return {
    outcome: changed ? 'recovered' : 'nothing-to-do',
    kept,
    ...(passwordReset ? { passwordReset } : {}),
    ...(otherUser === undefined ? {} : { otherUser }),
  };
};

/**
 * Another rotation has the secret. If AWSCURRENT logs in, nothing more has to be remembered of what was stopped. If it
 * does not, the other one may be about to promote its own, or fail too: then what this version has on record ends the
 * outage, at another look.
 *
 * @throws RotationInProgressError
 */
const standBack = async (
  { secrets, database }: RecoverSecretPorts,
  secretArn: string,
  input: RecoveryInput,
): Promise<RecoverSecretResult> => {
  const secret = await secrets.describe(secretArn);
  const { value } = await currentOf(secrets, secret);
  await using session = await database.login(value.login);
  if (session === undefined) {
    throw new RotationInProgressError(
      `another rotation of ${secret.name} holds AWSPENDING (version ${holderOf(secret, PENDING)}), and AWSCURRENT does not log in yet; wait for its end`,
    );
  }
  const cleared = await takeTicketsOff(secrets, secretArn, input);
  return { outcome: cleared ? 'recovered' : 'nothing-to-do' };
};

interface Agreement {
  readonly situation: Situation;
  /** The label that the version which is AWSCURRENT now had before. */
  readonly kept: StagingLabel;
  readonly passwordReset: boolean;
}

/**
 * Makes AWSCURRENT a version that logs in.
 * @returns undefined if the secret is in the hands of another rotation, and nothing was touched
 */
const agree = async (
  ports: RecoverSecretPorts,
  secretArn: string,
  input: RecoveryInput,
  token: string | undefined,
): Promise<Agreement | undefined> => {
  const secret = await ports.secrets.describe(secretArn);
  if (isSomebodyElses(secret, token)) return undefined;
  const situation = await look(ports.secrets, secret, token);
  const good = await firstThatLogsIn(ports.database, situation);
  if (good === undefined) {
    // Another rotation may have begun since, and set a password that is none of these.
    if (isSomebodyElses(await ports.secrets.describe(secretArn), token)) return undefined;
    await resetPassword(ports, situation, input);
  } else if (good !== situation.current) await promote(ports.secrets, situation, good);
  return { situation, kept: good?.label ?? CURRENT, passwordReset: good === undefined };
};

/**
 * Takes a dangling AWSPENDING off. The label of the stop keeps its version on record until all is done.
 * @param token that rotation's, and no other
 * @returns whether there was one
 */
const takeLockAway = async (
  secrets: SecretStore,
  { secret }: Situation,
  token: string | undefined,
): Promise<boolean> => {
  const holder = holderOf(secret, PENDING);
  if (holder === undefined || holder !== token) return false;
  // AWSPENDING on AWSCURRENT is a legal end: Secrets Manager leaves it there itself.
  if (holder === holderOf(await secrets.describe(secret.arn), CURRENT)) return false;
  return await secrets.moveLabel(secret.arn, PENDING, { from: holder });
};

/** Whether another rotation has the lock by now. */
const isSomebodyElses = (secret: SecretDescription, token: string | undefined): boolean =>
  !isLockFree(secret) && holderOf(secret, PENDING) !== token;

const look = async (
  secrets: SecretStore,
  secret: SecretDescription,
  token: string | undefined,
): Promise<Situation> => {
  const current = await currentOf(secrets, secret);
  return {
    secret,
    settings: settingsOf(secret, current.value),
    current,
    pending: await candidate(secrets, secret, PENDING, pendingOf(secret, token), current),
    previous: await candidate(secrets, secret, PREVIOUS, holderOf(secret, PREVIOUS), current),
  };
};

const currentOf = async (secrets: SecretStore, secret: SecretDescription): Promise<Version> => {
  const id = holderOf(secret, CURRENT);
  if (id === undefined)
    throw new SecretNotRotatableError(`${secret.name} has no AWSCURRENT; put a value into it first`);
  return { id, label: CURRENT, value: await readVersion(secrets, secret.arn, id, CURRENT) };
};

/** The token's version while it has AWSPENDING, a ticket or a stop; without a token, one that a recovery left halfway. */
const pendingOf = (secret: SecretDescription, token: string | undefined): string | undefined => {
  const onRecord = (id: string): boolean =>
    [PENDING, ticketOf(id), stopOf(id)].some((label) => hasLabel(secret, id, label));
  if (token !== undefined) return onRecord(token) ? token : undefined;
  return Object.keys(secret.versions).find(onRecord);
};

/** A version of another cluster, or for a user that is neither of the pair, is no candidate: nobody meant it. */
const candidate = async (
  secrets: SecretStore,
  secret: SecretDescription,
  label: StagingLabel,
  id: string | undefined,
  current: Version,
): Promise<Version | undefined> => {
  if (id === current.id) return undefined;
  const value = await readUsable(secrets, secret.arn, id, current.value);
  if (id === undefined || value === undefined) return undefined;
  return areOfOnePair(value.login.username, current.value.login.username) ? { id, label, value } : undefined;
};

const firstThatLogsIn = async (
  database: Database,
  { current, pending, previous }: Situation,
): Promise<Version | undefined> => {
  for (const version of [current, pending, previous]) {
    if (version === undefined) continue;
    await using session = await database.login(version.value.login);
    if (session !== undefined) return version;
  }
  return undefined;
};

/** Somebody said in so many words by whose power a password may be set which no version of the secret proves. */
const resetPassword = async (
  ports: RecoverSecretPorts,
  { secret, settings, current }: Situation,
  input: RecoveryInput,
): Promise<void> => {
  const { login } = current.value;
  const { resetThroughAdmin } = input;
  if (input.resetThroughCluster)
    return await resetThroughCluster(ports.clusters, ports.clusterOf, secret, login);
  if (!resetThroughAdmin) {
    throw new NoUsableCredentialsError(
      `no labelled version of ${secret.name} logs in as "${login.username}" at ${login.host}:${login.port}; put the right password into the secret, or add "resetThroughAdmin": true to the input to set the password of AWSCURRENT through the admin secret, or "resetThroughCluster": true if it is the cluster's primary user`,
    );
  }
  await using admin = await openAdminSession(ports, settings.adminSecret, login);
  await admin.updateUser(login.username, { password: login.password });
};

const promote = async (secrets: SecretStore, { secret, current }: Situation, to: Version): Promise<void> => {
  // Where AWSPENDING rests on AWSCURRENT it is no lock. Once AWSCURRENT has left it would be one.
  if (hasLabel(secret, current.id, PENDING))
    await secrets.moveLabel(secret.arn, PENDING, { from: current.id });
  if (await secrets.moveLabel(secret.arn, CURRENT, { from: current.id, to: to.id })) return;
  if (hasLabel(await secrets.describe(secret.arn), to.id, CURRENT)) return;
  throw new RotationInProgressError(
    `AWSCURRENT of ${secret.name} was moved by somebody else during the recovery; look again, and repeat it`,
  );
};

/**
 * The pending credential of a pair belongs to the other user. If it logs in, the stopped rotation made that user or
 * changed it. One that AWSPREVIOUS is not for did not exist before (CheckBefore refuses it) and is dropped; the other
 * is locked, since nobody knows with which power it was before. The next rotation, or a rollback, brings it back.
 */
const takeOutOfUse = async (
  ports: RecoverSecretPorts,
  situation: Situation,
): Promise<RecoverSecretResult['otherUser']> => {
  const { pending, current, previous } = situation;
  const username = pending?.value.login.username;
  if (pending === undefined || username === undefined || username === current.value.login.username)
    return undefined;
  await using accepted = await ports.database.login(pending.value.login);
  if (accepted === undefined) return undefined;
  await using power = await openPower(ports, situation);
  if (previous?.value.login.username === username) {
    await power.updateUser(username, { password: await ports.secrets.newPassword() });
    return 'locked';
  }
  await power.dropUser(username);
  return 'dropped';
};

const openPower = async (
  ports: RecoverSecretPorts,
  { current, settings, secret }: Situation,
): Promise<Session> => {
  if (settings.strategy !== 'admin-clone')
    return await openAdminSession(ports, settings.adminSecret, current.value.login);
  const own = await ports.database.login(current.value.login);
  if (own !== undefined) return own;
  throw new NoUsableCredentialsError(
    `AWSCURRENT of ${secret.name} stopped logging in during the recovery; repeat it`,
  );
};

/** @returns whether there was anything to take off */
const takeTicketsOff = async (
  secrets: SecretStore,
  secretArn: string,
  { token, everyTicket }: RecoveryInput,
): Promise<boolean> => {
  const { versions } = await secrets.describe(secretArn);
  const own = token === undefined ? [] : [token, lockVersionOf(token)];
  const tickets = Object.entries(versions)
    .filter(([version]) => everyTicket || own.includes(version))
    .flatMap(([version, labels]) => labels.filter(isTicket).map((label) => ({ version, label })));
  for (const { version, label } of tickets) await secrets.moveLabel(secretArn, label, { from: version });
  return tickets.length > 0;
};
