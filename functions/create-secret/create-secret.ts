import type { CreateSecretInput, Plan } from '../shared/contract.ts';
import {
  NothingToRollBackError,
  PendingVersionMismatchError,
  RotationInProgressError,
  SecretNotRotatableError,
  SecretsManagerRefusedError,
  UnknownTokenError,
} from '../shared/errors.ts';
import { CURRENT, hasLabel, holderOf, isLockFree, PENDING, PREVIOUS, ticketOf } from '../shared/labels.ts';
import { assertRotatable } from '../shared/ownership.ts';
import type { SecretDescription, SecretStore } from '../shared/ports.ts';
import { parseSecretValue, type SecretValue, sameEndpoint, withCredential } from '../shared/secret-value.ts';
import { type RotationSettings, settingsOf } from '../shared/strategy.ts';
import { otherUserOf } from '../shared/users.ts';
import { readVersion } from '../shared/versions.ts';
import { takeTicketOff } from './ticket.ts';

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
 * some labelled version holds the password that the database has. The database is not touched here. For a rollback
 * the pending version is a copy of AWSPREVIOUS: a lock of its own, which no other rotation can share.
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
  const situation = await lookAt(secrets, input, rotationToken);
  const { secret, current, currentValue } = situation;
  if (input.token === current) return plan(situation, currentValue, 'already-promoted');

  // A look before anything is written; the compare-and-set of `takeLock` decides.
  if (!isLockFree(secret) && !hasLabel(secret, input.token, PENDING)) {
    await takeTicketOff(secrets, secret, input.token);
    throw inProgress(secret, holderOf(secret, PENDING));
  }
  const { value, outcome } = await ensureValue(secrets, situation);
  assertSamePair(situation, value);
  await takeLock(secrets, situation);
  return plan(situation, value, outcome);
};

const lookAt = async (
  secrets: SecretStore,
  input: CreateSecretInput,
  rotationToken: string | undefined,
): Promise<Situation> => {
  const secret = await describeOrRefuse(secrets, input);
  assertRotatable(secret);
  const current = holderOf(secret, CURRENT);
  if (current === undefined) {
    throw new SecretNotRotatableError(`${secret.name} has no AWSCURRENT; put a value into it first`);
  }
  const currentValue = await readVersion(secrets, secret.arn, current, 'AWSCURRENT');
  return { secret, current, currentValue, settings: settingsOf(secret, currentValue), input, rotationToken };
};

/**
 * The first call of all. If it is denied on demand, nothing was done, and no operator has to put anything right.
 * Secrets Manager's version is there already, with AWSPENDING: that has to be taken off.
 */
const describeOrRefuse = async (
  secrets: SecretStore,
  { secretId, startedBy }: CreateSecretInput,
): Promise<SecretDescription> => {
  try {
    return await secrets.describe(secretId);
  } catch (error) {
    if (startedBy === 'secrets-manager' || !(error instanceof SecretsManagerRefusedError)) throw error;
    throw new SecretNotRotatableError(`${error.message} (does this stack manage the secret?)`);
  }
};

const inProgress = (secret: SecretDescription, holder: string | undefined): RotationInProgressError =>
  new RotationInProgressError(
    `another rotation of ${secret.name} holds AWSPENDING${holder === undefined ? '' : ` (version ${holder})`}; wait for its end, or run this machine with "mode": "recover" if it is stuck`,
  );

const ensureValue = async (
  secrets: SecretStore,
  situation: Situation,
): Promise<{ value: SecretValue; outcome: Plan['outcome'] }> => {
  const { secret, input, rotationToken } = situation;
  const existing = await secrets.read(secret.arn, input.token);
  if (existing !== undefined) {
    assertMayReuse(situation);
    return {
      value: parseSecretValue(existing, `AWSPENDING (version ${input.token})`),
      outcome: 'already-there',
    };
  }
  await assertMayWrite(secrets, situation);
  const text = await newValue(secrets, situation);
  await secrets.put({
    secretArn: secret.arn,
    token: input.token,
    value: text,
    label: input.startedBy === 'secrets-manager' ? PENDING : ticketOf(input.token),
    ...(rotationToken === undefined ? {} : { rotationToken }),
  });
  return { value: parseSecretValue(text, 'AWSPENDING'), outcome: 'created' };
};

/** An old version's password may be known to somebody. Only the trigger may bring a version back into rotation. */
const assertMayReuse = ({ secret, input, rotationToken }: Situation): void => {
  const inRotation =
    hasLabel(secret, input.token, PENDING) || hasLabel(secret, input.token, ticketOf(input.token));
  if (inRotation || rotationToken !== undefined) return;
  throw new UnknownTokenError(
    `version ${input.token} of ${secret.name} is an old one, without AWSPENDING; leave the token out to start a rotation`,
  );
};

const newValue = async (
  secrets: SecretStore,
  { secret, input, currentValue, settings }: Situation,
): Promise<string> => {
  if (input.mode === 'rotate') {
    const user = pendingUser(settings, currentValue);
    return withCredential(currentValue, user, await secrets.newPassword(), 'AWSCURRENT');
  }
  const previous = holderOf(secret, PREVIOUS);
  if (previous === undefined)
    throw new NothingToRollBackError(`${secret.name} has no AWSPREVIOUS to go back to`);
  const { json } = await readVersion(secrets, secret.arn, previous, PREVIOUS);
  return JSON.stringify(json);
};

/** Secrets Manager makes its version itself, and lets only the rotation function write into it. */
const assertMayWrite = async (
  secrets: SecretStore,
  { secret, input, rotationToken }: Situation,
): Promise<void> => {
  const version = input.token;
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

const endpoint = ({ login: { host, port, tls } }: SecretValue): string =>
  `${host}:${port} ${tls ? 'with' : 'without'} TLS`;

/** @throws PendingVersionMismatchError: the credential would go to a cluster, or change a user, that nobody meant */
const assertSamePair = ({ secret, currentValue, settings, input }: Situation, pending: SecretValue): void => {
  if (!sameEndpoint(pending.login, currentValue.login)) {
    throw new PendingVersionMismatchError(
      `the pending version of ${secret.name} is for ${endpoint(pending)}, AWSCURRENT for ${endpoint(currentValue)}; start a new rotation`,
    );
  }
  const { username } = pending.login;
  const expected = [pendingUser(settings, currentValue)];
  // A pair that was rotated in place before has an AWSPREVIOUS for the same user.
  if (input.mode === 'rollback') expected.push(currentValue.login.username);
  if (expected.includes(username)) return;
  throw new PendingVersionMismatchError(
    `the pending version of ${secret.name} is for the user "${username}", but this rotation is for "${expected[0]}"; start a new rotation`,
  );
};

/** AWSPENDING by compare-and-set. Who loses takes its own ticket off again, and touches nothing else. */
const takeLock = async (secrets: SecretStore, { secret, current, input }: Situation): Promise<void> => {
  const holder = holderOf(secret, PENDING);
  const from = holder === current ? { from: current } : {};
  const won =
    holder === input.token || (await secrets.moveLabel(secret.arn, PENDING, { to: input.token, ...from }));
  const now = await secrets.describe(secret.arn);
  await takeTicketOff(secrets, now, input.token);
  // A compare-and-set that seems lost may be our own, whose reply got lost and which the SDK sent again.
  if (!won && !hasLabel(now, input.token, PENDING)) throw inProgress(secret, holderOf(now, PENDING));
  await assertNothingMoved(secrets, secret, now, input.token);
};

/** A whole rotation may have gone by since the look: what was planned by it would change the user that is in use now. */
const assertNothingMoved = async (
  secrets: SecretStore,
  seen: SecretDescription,
  now: SecretDescription,
  token: string,
): Promise<void> => {
  if ([CURRENT, PREVIOUS].every((label) => holderOf(seen, label) === holderOf(now, label))) return;
  await secrets.moveLabel(now.arn, PENDING, { from: token });
  throw new RotationInProgressError(
    `somebody else moved the labels of ${now.name} while this rotation began, another rotation for example; start it again`,
  );
};

const plan = (situation: Situation, pending: SecretValue, outcome: Plan['outcome']): Plan => {
  const { secret, current, currentValue, settings, input } = situation;
  const previous = holderOf(secret, PREVIOUS);
  const users = { current: currentValue.login.username, pending: pending.login.username };
  return {
    outcome,
    secretArn: secret.arn,
    secretName: secret.name,
    token: input.token,
    target: input.mode === 'rollback' && previous !== undefined ? previous : input.token,
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
