import type { CreateSecretInput, Plan } from '../shared/contract.ts';
import {
  NothingToRollBackError,
  PendingVersionMismatchError,
  RotationInProgressError,
  SecretNotRotatableError,
  UnknownTokenError,
} from '../shared/errors.ts';
import { CURRENT, hasLabel, holderOf, PENDING, PREVIOUS, ticketOf } from '../shared/labels.ts';
import { assertRotatable } from '../shared/ownership.ts';
import type { SecretDescription, SecretStore } from '../shared/ports.ts';
import { parseSecretValue, type SecretValue, sameCluster, withCredential } from '../shared/secret-value.ts';
import { type RotationSettings, settingsOf } from '../shared/strategy.ts';
import { otherUserOf } from '../shared/users.ts';
import { readVersion } from '../shared/versions.ts';

export interface CreateSecretPorts {
  readonly secrets: SecretStore;
}

/** The parts of one call, read once and handed on. */
interface Situation {
  readonly secret: SecretDescription;
  readonly current: string;
  readonly currentValue: SecretValue;
  readonly settings: RotationSettings;
  readonly input: CreateSecretInput;
  readonly rotationToken: string | undefined;
}

/**
 * Step 1 of 4: makes the pending version durable, and takes the lock.
 *
 * The version is the write-ahead record: it exists before the database changes, so that whatever happens later,
 * some labelled version holds the password that the database has. The database is not touched here.
 *
 * Safe to repeat: a value that is already there is used (a version can't be rewritten), a lock that is already
 * held by this rotation is kept.
 *
 * @param rotationToken comes with Secrets Manager's event only. With it this call may write a version that is in
 *   rotation: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html
 * @throws RotationInProgressError if another version holds the lock; nothing of it is touched
 * @throws SecretNotRotatableError, InvalidSecretError, UnknownTokenError, PendingVersionMismatchError,
 *   NothingToRollBackError, before anything is written
 */
export const createSecret = async (
  { secrets }: CreateSecretPorts,
  input: CreateSecretInput,
  rotationToken?: string,
): Promise<Plan> => {
  const secret = await secrets.describe(input.secretId);
  assertRotatable(secret);
  const current = holderOf(secret, CURRENT);
  if (current === undefined)
    throw new SecretNotRotatableError(`${secret.name} has no AWSCURRENT; put a value into it first`);

  const currentValue = await readVersion(secrets, secret.arn, current, 'AWSCURRENT');
  const settings = settingsOf(secret, currentValue);
  const situation: Situation = { secret, current, currentValue, settings, input, rotationToken };
  const version = versionToPromote(situation);
  if (version === current) return plan(situation, version, currentValue, 'already-promoted');

  assertLockIsFree(situation, version);
  const { value, outcome } = await ensureValue(secrets, situation, version);
  assertSamePair(situation, value);
  await takeLock(secrets, situation, version);
  return plan(situation, version, value, outcome);
};

const versionToPromote = ({ secret, input }: Situation): string => {
  if (input.mode === 'rotate') return input.token;
  const previous = holderOf(secret, PREVIOUS);
  if (previous !== undefined) return previous;
  throw new NothingToRollBackError(`${secret.name} has no AWSPREVIOUS to go back to`);
};

/** A look before anything is written; the compare-and-set of `takeLock` decides. */
const assertLockIsFree = ({ secret, current, input }: Situation, version: string): void => {
  const holder = holderOf(secret, PENDING);
  if (holder === undefined || holder === current) return;
  const own = version === input.token || hasLabel(secret, version, ticketOf(input.token));
  if (holder === version && own) return;
  throw inProgress(secret, holder);
};

const inProgress = (secret: SecretDescription, holder: string | undefined): RotationInProgressError =>
  new RotationInProgressError(
    `another rotation of ${secret.name} holds AWSPENDING${holder === undefined ? '' : ` (version ${holder})`}; wait for its end, or run this machine with "mode": "recover" if it is stuck`,
  );

const ensureValue = async (
  secrets: SecretStore,
  situation: Situation,
  version: string,
): Promise<{ value: SecretValue; outcome: Plan['outcome'] }> => {
  const { secret, input, rotationToken, currentValue, settings } = situation;
  const existing = await secrets.read(secret.arn, version);
  if (existing !== undefined) {
    return { value: parseSecretValue(existing, `AWSPENDING (version ${version})`), outcome: 'already-there' };
  }
  await assertMayWrite(secrets, situation, version);
  const username = pendingUser(settings, currentValue);
  const text = withCredential(currentValue, username, await secrets.newPassword());
  await secrets.put({
    secretArn: secret.arn,
    token: version,
    value: text,
    label: input.startedBy === 'secrets-manager' ? PENDING : ticketOf(input.token),
    ...(rotationToken === undefined ? {} : { rotationToken }),
  });
  return { value: parseSecretValue(text, 'AWSPENDING'), outcome: 'created' };
};

/** Secrets Manager makes its version itself, and lets only the rotation function write into it. */
const assertMayWrite = async (
  secrets: SecretStore,
  { secret, input, rotationToken }: Situation,
  version: string,
): Promise<void> => {
  if (input.startedBy === 'on-demand') return;
  const known =
    secret.versions[version] ?? ((await secrets.listVersions(secret.arn)).includes(version) ? [] : undefined);
  if (known === undefined)
    throw new UnknownTokenError(
      `${secret.name} has no version ${version}; a token comes from Secrets Manager, leave it out to start a rotation`,
    );
  if (rotationToken === undefined && !known.includes(PENDING)) {
    throw new UnknownTokenError(
      `version ${version} of ${secret.name} has no value and is not in rotation; start the rotation again`,
    );
  }
};

const pendingUser = ({ strategy }: RotationSettings, { login }: SecretValue): string =>
  strategy === 'single-user' ? login.username : otherUserOf(login.username);

/** @throws PendingVersionMismatchError: the credential would go to a cluster, or change a user, that nobody meant */
const assertSamePair = ({ secret, currentValue, settings, input }: Situation, pending: SecretValue): void => {
  if (!sameCluster(pending.login, currentValue.login)) {
    throw new PendingVersionMismatchError(
      `the pending version of ${secret.name} is for ${pending.login.host}:${pending.login.port}, AWSCURRENT for ${currentValue.login.host}:${currentValue.login.port}; start a new rotation`,
    );
  }
  const { username } = pending.login;
  const expected = [pendingUser(settings, currentValue)];
  // A secret whose strategy was changed has an AWSPREVIOUS of the strategy before.
  if (input.mode === 'rollback')
    expected.push(currentValue.login.username, otherUserOf(currentValue.login.username));
  if (expected.includes(username)) return;
  throw new PendingVersionMismatchError(
    `the pending version of ${secret.name} is for the user "${username}", but this rotation is for "${expected[0]}"; start a new rotation`,
  );
};

/** AWSPENDING by compare-and-set. Who loses takes its own ticket off again, and touches nothing else. */
const takeLock = async (secrets: SecretStore, situation: Situation, version: string): Promise<void> => {
  const { secret, current, input } = situation;
  const ticket = ticketOf(input.token);
  if (input.mode === 'rollback') await secrets.moveLabel(secret.arn, ticket, { to: version });
  const holder = holderOf(secret, PENDING);
  if (holder === version) return;
  const won = await secrets.moveLabel(secret.arn, PENDING, {
    to: version,
    ...(holder === current ? { from: current } : {}),
  });
  if (won || (await heldByNow(secrets, secret.arn)) === version) return;
  await secrets.moveLabel(secret.arn, ticket, { from: version });
  throw inProgress(secret, undefined);
};

/** A compare-and-set that seems lost may be our own, whose reply got lost and which the SDK sent again. */
const heldByNow = async (secrets: SecretStore, secretArn: string): Promise<string | undefined> =>
  holderOf(await secrets.describe(secretArn), PENDING);

const plan = (
  situation: Situation,
  version: string,
  pending: SecretValue,
  outcome: Plan['outcome'],
): Plan => {
  const { secret, current, currentValue, settings, input } = situation;
  const previous = holderOf(secret, PREVIOUS);
  const users = { current: currentValue.login.username, pending: pending.login.username };
  return {
    outcome,
    secretArn: secret.arn,
    secretName: secret.name,
    token: input.token,
    version,
    startedBy: input.startedBy,
    strategy: users.current === users.pending ? 'single-user' : settings.strategy,
    ...(settings.adminSecret === undefined ? {} : { adminSecret: settings.adminSecret }),
    predecessor: settings.predecessor,
    graceSeconds: settings.graceSeconds,
    labelsBefore: {
      current,
      ...(previous === undefined ? {} : { previous }),
      ...(holderOf(secret, PENDING) === current ? { pending: current } : {}),
    },
    users,
    host: `${currentValue.login.host}:${currentValue.login.port}`,
  };
};
