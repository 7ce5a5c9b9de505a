import { openAdminSession } from '../shared/admin-session.ts';
import type { RecoverSecretInput } from '../shared/contract.ts';
import {
  NoUsableCredentialsError,
  RotationInProgressError,
  SecretNotRotatableError,
} from '../shared/errors.ts';
import {
  CURRENT,
  hasLabel,
  holderOf,
  isTicket,
  PENDING,
  PREVIOUS,
  type StagingLabel,
} from '../shared/labels.ts';
import { assertRotatable } from '../shared/ownership.ts';
import type { Database, SecretDescription, SecretStore, Session } from '../shared/ports.ts';
import type { SecretValue } from '../shared/secret-value.ts';
import { type RotationSettings, settingsOf } from '../shared/strategy.ts';
import { areOfOnePair } from '../shared/users.ts';
import { readUsable, readVersion } from '../shared/versions.ts';

export interface RecoverSecretPorts {
  readonly secrets: SecretStore;
  readonly database: Database;
}

export interface RecoverSecretResult {
  readonly outcome: 'nothing-to-do' | 'recovered';
  /** The label that the version which is AWSCURRENT now had before. */
  readonly kept?: StagingLabel;
  readonly passwordReset?: boolean;
  readonly otherUser?: 'dropped' | 'locked' | undefined;
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

/**
 * Clears what a stopped rotation left, this project's or another tool's: finds which labelled version logs in,
 * makes AWSCURRENT agree with the database, takes the other user of a pair out of use, and takes off a dangling
 * AWSPENDING.
 *
 * It goes forward where the database already has the pending password, since that ends an outage without another
 * change of the database. Safe to repeat.
 *
 * @param input with a token, only that rotation's remains are cleared, and another one that runs is left alone
 * @throws NoUsableCredentialsError if no labelled version logs in and `resetThroughAdmin` is not set
 */
export const recoverSecret = async (
  ports: RecoverSecretPorts,
  input: RecoverSecretInput,
): Promise<RecoverSecretResult> => {
  const secret = await ports.secrets.describe(input.secretId);
  assertRotatable(secret);
  if (isSomebodyElses(secret, input.token)) {
    const cleared = await clearLabels(ports.secrets, secret.arn, input.token);
    return { outcome: cleared ? 'recovered' : 'nothing-to-do' };
  }
  const situation = await look(ports.secrets, secret);
  const good = await firstThatLogsIn(ports.database, candidates(situation));
  if (good === undefined) await resetPassword(ports, situation, input);
  const kept = good ?? situation.current;
  if (kept !== situation.current) await promote(ports.secrets, secret, situation.current, kept);
  const otherUser = await takeOutOfUse(ports, situation, kept);
  const cleared = await clearLabels(ports.secrets, secret.arn, input.token);
  const late = await lookAgain(ports, situation, kept);

  const changed = kept !== situation.current || good === undefined || cleared;
  return {
    outcome: changed || otherUser !== undefined || late.changed ? 'recovered' : 'nothing-to-do',
    kept: late.kept.label,
    ...(good === undefined ? { passwordReset: true } : {}),
    ...((late.otherUser ?? otherUser) ? { otherUser: late.otherUser ?? otherUser } : {}),
  };
};

/**
 * A rotation that was still alive may have changed the database between our look and the loss of its lock. What it
 * changes after that it takes back itself (see SetSecret), so this second look is the last that is needed.
 */
const lookAgain = async (
  ports: RecoverSecretPorts,
  situation: Situation,
  kept: Version,
): Promise<{ kept: Version; changed: boolean; otherUser?: RecoverSecretResult['otherUser'] }> => {
  const others = candidates(situation).filter((version) => version !== kept);
  const now = (await firstThatLogsIn(ports.database, [kept, ...others])) ?? kept;
  if (now !== kept) {
    await promote(ports.secrets, situation.secret, kept, now);
    return { kept: now, changed: true };
  }
  const otherUser = await takeOutOfUse(ports, situation, kept);
  return { kept, changed: otherUser !== undefined, otherUser };
};

/** With a token: whether another rotation has the lock by now. AWSPENDING that rests on AWSCURRENT is no lock. */
const isSomebodyElses = (secret: SecretDescription, token: string | undefined): boolean => {
  const holder = holderOf(secret, PENDING);
  return (
    token !== undefined && holder !== undefined && holder !== token && holder !== holderOf(secret, CURRENT)
  );
};

const look = async (secrets: SecretStore, secret: SecretDescription): Promise<Situation> => {
  const id = holderOf(secret, CURRENT);
  if (id === undefined)
    throw new SecretNotRotatableError(`${secret.name} has no AWSCURRENT; put a value into it first`);
  const value = await readVersion(secrets, secret.arn, id, CURRENT);
  const current: Version = { id, label: CURRENT, value };
  return {
    secret,
    settings: settingsOf(secret, value),
    current,
    pending: await candidate(secrets, secret, PENDING, current),
    previous: await candidate(secrets, secret, PREVIOUS, current),
  };
};

/** A version of another cluster, or for a user that is neither of the pair, is no candidate: nobody meant it. */
const candidate = async (
  secrets: SecretStore,
  secret: SecretDescription,
  label: StagingLabel,
  current: Version,
): Promise<Version | undefined> => {
  const id = holderOf(secret, label);
  if (id === current.id) return undefined;
  const value = await readUsable(secrets, secret.arn, id, current.value);
  if (id === undefined || value === undefined) return undefined;
  return areOfOnePair(value.login.username, current.value.login.username) ? { id, label, value } : undefined;
};

const candidates = ({ current, pending, previous }: Situation): Version[] =>
  [current, pending, previous].filter((version) => version !== undefined);

const firstThatLogsIn = async (
  database: Database,
  versions: readonly Version[],
): Promise<Version | undefined> => {
  for (const version of versions) {
    await using session = await database.login(version.value.login);
    if (session !== undefined) return version;
  }
  return undefined;
};

/** Somebody said in so many words that the admin secret may set a password which no version of the secret proves. */
const resetPassword = async (
  ports: RecoverSecretPorts,
  { secret, settings, current }: Situation,
  { resetThroughAdmin }: RecoverSecretInput,
): Promise<void> => {
  const { login } = current.value;
  if (!resetThroughAdmin) {
    throw new NoUsableCredentialsError(
      `no labelled version of ${secret.name} logs in as "${login.username}" at ${login.host}:${login.port}; put the right password into the secret, or add "resetThroughAdmin": true to the input to set the password of AWSCURRENT through the admin secret`,
    );
  }
  await using admin = await openAdminSession(ports, settings.adminSecret, login);
  await admin.updateUser(login.username, { password: login.password });
};

const promote = async (
  secrets: SecretStore,
  { arn, name }: SecretDescription,
  from: Version,
  to: Version,
): Promise<void> => {
  if (await secrets.moveLabel(arn, CURRENT, { from: from.id, to: to.id })) return;
  if (hasLabel(await secrets.describe(arn), to.id, CURRENT)) return;
  throw new RotationInProgressError(
    `AWSCURRENT of ${name} was moved by somebody else during the recovery; look again, and repeat it`,
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
  kept: Version,
): Promise<RecoverSecretResult['otherUser']> => {
  const { pending, current, previous } = situation;
  const username = pending?.value.login.username;
  if (kept !== current) return undefined;
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

/**
 * Takes off AWSPENDING where it dangles, and the tickets of rotations that never got the lock.
 * @param token only that rotation's, if given
 * @returns whether there was anything to take off
 */
const clearLabels = async (
  secrets: SecretStore,
  secretArn: string,
  token: string | undefined,
): Promise<boolean> => {
  const secret = await secrets.describe(secretArn);
  let cleared = false;
  for (const [version, labels] of Object.entries(secret.versions)) {
    if (token !== undefined && version !== token) continue;
    for (const label of labels) {
      // AWSPENDING on AWSCURRENT is a legal end: Secrets Manager leaves it there itself.
      const dangling = label === PENDING && !labels.includes(CURRENT);
      if (!dangling && !isTicket(label)) continue;
      await secrets.moveLabel(secretArn, label, { from: version });
      cleared = true;
    }
  }
  return cleared;
};
