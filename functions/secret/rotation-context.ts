import {
  NothingToRevertError,
  PendingVersionMismatchError,
  SecretNotRotatableError,
} from '../contract/errors.ts';
import type { CreateSecretInput, Plan } from '../contract/steps.ts';
import { assertAtItsCluster, tellsCluster } from './cluster-on-record.ts';
import { CURRENT, holderOf, PENDING, PREVIOUS } from './labels.ts';
import { recordAtStart } from './proven.ts';
import { assertRotatable } from './rotatable.ts';
import type { SecretDescription, SecretStore } from './secret-store.ts';
import { parseSecretValue, type SecretValue, sameEndpoint, withCredential } from './secret-value.ts';
import { assertTagsKnown, type RotationSettings, settingsOf } from './settings.ts';
import { assertForItsUser, isUserNamed, type OnRecord, onRecord } from './user-on-record.ts';
import { otherUserOf } from './user-pair.ts';
import { readVersion } from './versions.ts';

/** What one call of CreateSecret goes by, read once and handed on. */
export interface RotationContext {
  readonly secret: SecretDescription;
  readonly currentVersion: string;
  /** AWSCURRENT; to go back, the version with AWSPREVIOUS: AWSCURRENT may be the very thing that is broken. */
  readonly reference: SecretValue;
  readonly settings: RotationSettings;
  readonly mode: CreateSecretInput['mode'];
  readonly onRecord: OnRecord;
}

/** @throws SecretNotRotatableError, InvalidSecretError, UntrustedVersionError, NothingToRevertError */
export const loadContext = async (
  secrets: SecretStore,
  secret: SecretDescription,
  mode: CreateSecretInput['mode'],
): Promise<RotationContext> => {
  assertRotatable(secret);
  if (mode === 'rotate') assertTagsKnown(secret);
  const currentVersion = holderOf(secret, CURRENT);
  if (currentVersion === undefined)
    throw new SecretNotRotatableError(`${secret.name} has no AWSCURRENT; put a value into it first`);
  const label = mode === 'revert' ? PREVIOUS : CURRENT;
  const version = holderOf(secret, label);
  if (version === undefined)
    throw new NothingToRevertError(`${secret.name} has no AWSPREVIOUS to go back to`);
  const reference = await readVersion(secrets, secret.arn, version, label);
  assertAtItsCluster(secret, `${label} (version ${version})`, reference.login);
  const settings = settingsOf(secret);
  const asked = { version, login: reference.login };
  await assertForItsUser(secrets, secret, settings, { ...asked, label });
  const known = await onRecord(secrets, secret, settings, asked);
  return { secret, currentVersion, reference, settings, mode, onRecord: known };
};

/** The text of a new version: another password, and for a pair the other user. */
export const newValue = async (
  secrets: SecretStore,
  { reference, settings }: RotationContext,
): Promise<string> =>
  withCredential(reference, pendingUser(settings, reference), await secrets.newPassword(), CURRENT);

/** Who a rotation makes the new version for. */
export const pendingUser = ({ strategy }: RotationSettings, { login }: SecretValue): string =>
  strategy === 'single-user' ? login.username : otherUserOf(login.username);

const endpoint = ({ login: { host, port, tls } }: SecretValue): string =>
  `${host}:${port} ${tls ? 'with' : 'without'} TLS`;

/** @throws PendingVersionMismatchError: the credential would go to a cluster, or change a user, that was not meant */
export const parsePending = ({ secret, reference, settings }: RotationContext, text: string): SecretValue => {
  const pending = parseSecretValue(text, 'the pending version');
  if (!sameEndpoint(pending.login, reference.login)) {
    throw new PendingVersionMismatchError(
      `the pending version of ${secret.name} is for ${endpoint(pending)}, AWSCURRENT for ${endpoint(reference)}; start a new rotation`,
    );
  }
  const expected = pendingUser(settings, reference);
  if (pending.login.username === expected) {
    assertMadeFrom(reference, pending, text, secret);
    return pending;
  }
  throw new PendingVersionMismatchError(
    `the pending version of ${secret.name} is for the user "${pending.login.username}", but this rotation is for "${expected}"; start a new rotation`,
  );
};

/** Between two attempts someone may have corrected AWSCURRENT: what the pending version took over from the one before must not come back. */
const assertMadeFrom = (
  reference: SecretValue,
  { login: { username, password } }: SecretValue,
  text: string,
  secret: SecretDescription,
): void => {
  if (withCredential(reference, username, password, CURRENT) === text) return;
  throw new PendingVersionMismatchError(
    `the pending version of ${secret.name} was made from another AWSCURRENT than it has now; start a new rotation`,
  );
};

interface Decided {
  readonly outcome: Plan['outcome'];
  readonly lockVersion: string;
  readonly pendingVersion: string;
  readonly pending: SecretValue;
  /** The user of AWSCURRENT. */
  readonly currentUser: string;
  readonly proven: readonly string[];
}

/** @param seen the secret as the owner of the lock sees it */
export const planOf = (context: RotationContext, seen: SecretDescription, decided: Decided): Plan => {
  const { currentVersion, settings } = context;
  const { pending, currentUser, proven, ...rest } = decided;
  const previous = holderOf(seen, PREVIOUS);
  const users = { current: currentUser, pending: pending.login.username };
  const host = `${pending.login.host}:${pending.login.port}`;
  // Going back from someone else's value grants and retires nothing.
  const isLeftOut = context.mode === 'revert' && context.onRecord.unknownCurrent;
  const takesTurns = users.current !== users.pending && !isLeftOut;
  return {
    ...rest,
    secretArn: seen.arn,
    secretName: seen.name,
    strategy: takesTurns ? settings.strategy : 'single-user',
    ...(settings.adminSecret === undefined ? {} : { adminSecret: settings.adminSecret }),
    retirementPolicy: settings.retirementPolicy,
    graceSeconds: settings.graceSeconds,
    labelsBefore: {
      current: currentVersion,
      ...(previous === undefined ? {} : { previous }),
      ...(holderOf(seen, PENDING) === currentVersion ? { pending: currentVersion } : {}),
    },
    users,
    host,
    proven: [...new Set([...proven, ...recordAtStart(seen)])],
    ...(context.mode === 'rotate' && (!isUserNamed(seen) || context.onRecord.isOfPair)
      ? { namesUser: true }
      : {}),
    ...(tellsCluster(seen, { host, mode: context.mode }) ? { tellsCluster: true } : {}),
    ...(context.onRecord.isOfPair ? { isOfPair: true } : {}),
    ...(context.onRecord.wasDropped ? { wasDropped: true } : {}),
    ...(context.onRecord.unknownCurrent ? { unknownCurrent: true } : {}),
    ...(context.onRecord.otherWasDropped ? { otherWasDropped: true } : {}),
  };
};
