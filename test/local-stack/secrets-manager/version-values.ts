import type { Secret, SecretValue, SecretVersion } from './secret.ts';
import { invalidParameter, invalidRequest, ServiceError } from './service-error.ts';

/** https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html */
const VERSIONS_KEPT = 100;
const DAY = 24 * 60 * 60 * 1000;

export interface ValueInput {
  readonly SecretString?: string | undefined;
  readonly SecretBinary?: string | undefined;
}

/** The value of a request, or nothing if it carries none. */
export const requestedValue = ({ SecretString, SecretBinary }: ValueInput): SecretValue | undefined => {
  if (SecretString !== undefined && SecretBinary !== undefined) {
    throw invalidParameter("You can't specify both a binary secret value and a string secret value.");
  }
  if (SecretString !== undefined) return { kind: 'string', text: SecretString };
  return SecretBinary === undefined ? undefined : { kind: 'binary', base64: SecretBinary };
};

/** The token names the version: SDKs and the CLI make one up, a raw HTTP request must bring its own. */
export const requireToken = (token: string | undefined, refuse = invalidRequest): string => {
  if (token) return token;
  throw refuse('A raw request needs a ClientRequestToken, a UUID for example.');
};

/** Values as the answers carry them. */
export const valueFields = (
  value: SecretValue | undefined,
): { SecretString?: string; SecretBinary?: string } => {
  if (!value) return {};
  return value.kind === 'string' ? { SecretString: value.text } : { SecretBinary: value.base64 };
};

export type WriteOutcome = { readonly version: SecretVersion; readonly written: boolean };

/**
 * Writes a value into the version that the token names.
 *
 * A version is written once: the same value again is ignored, another one refused.
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html
 */
export const writeVersion = (secret: Secret, token: string, value: SecretValue, now: Date): WriteOutcome => {
  const existing = secret.versions.get(token);
  if (existing?.value) {
    if (sameValue(existing.value, value)) return { version: existing, written: false };
    throw new ServiceError(
      'ResourceExistsException',
      `You can't use ClientRequestToken ${token} because that value is already in use for a version of secret ${secret.arn}.`,
    );
  }
  const version: SecretVersion = existing ?? { id: token, labels: new Set(), createdDate: now };
  version.value = value;
  secret.versions.set(token, version);
  secret.lastChangedDate = now;
  // A manual write counts as a rotation when the next one is scheduled.
  if (secret.rotation) secret.rotation.countedFrom = now;
  dropOldVersions(secret, now);
  return { version, written: true };
};

const sameValue = (one: SecretValue, other: SecretValue): boolean =>
  one.kind === 'string'
    ? other.kind === 'string' && one.text === other.text
    : other.kind === 'binary' && one.base64 === other.base64;

/** Of more than 100 versions the unlabelled ones older than a day go, the oldest first. */
const dropOldVersions = (secret: Secret, now: Date): void => {
  for (const version of secret.versions.values()) {
    if (secret.versions.size <= VERSIONS_KEPT) return;
    const old = now.getTime() - version.createdDate.getTime() > DAY;
    if (old && version.labels.size === 0) secret.versions.delete(version.id);
  }
};
