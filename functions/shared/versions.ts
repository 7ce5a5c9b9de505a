import type { Plan } from './contract.ts';
import { InvalidSecretError } from './errors.ts';
import type { SecretStore } from './ports.ts';
import { parseSecretValue, type SecretValue, sameEndpoint } from './secret-value.ts';

/** @throws InvalidSecretError when the version has no value, or one that can't be used */
export const readVersion = async (
  secrets: SecretStore,
  secretArn: string,
  version: string,
  what: string,
): Promise<SecretValue> => {
  const text = await secrets.read(secretArn, version);
  if (text === undefined)
    throw new InvalidSecretError(`${what} (version ${version} of ${secretArn}) has no value`);
  return parseSecretValue(text, `${what} (version ${version})`);
};

/** The versions of one rotation, by the labels that they had when it began. */
export interface PlannedVersions {
  readonly pending: SecretValue;
  readonly current: SecretValue;
  readonly previous?: SecretValue;
}

/** @throws InvalidSecretError for AWSPENDING and AWSCURRENT; an AWSPREVIOUS that can't be used is left out */
export const readPlannedVersions = async (secrets: SecretStore, plan: Plan): Promise<PlannedVersions> => {
  const { secretArn, token, labelsBefore } = plan;
  const [pending, current] = await Promise.all([
    readVersion(secrets, secretArn, token, 'AWSPENDING'),
    readVersion(secrets, secretArn, labelsBefore.current, 'AWSCURRENT'),
  ]);
  const previous = await readUsable(secrets, secretArn, labelsBefore.previous, current);
  return { pending, current, ...(previous === undefined ? {} : { previous }) };
};

/** A version that may be tried: undefined if it is malformed, or of another cluster or without TLS, where no credential is to go. */
export const readUsable = async (
  secrets: SecretStore,
  secretArn: string,
  version: string | undefined,
  current: SecretValue,
): Promise<SecretValue | undefined> => {
  if (version === undefined) return undefined;
  try {
    const value = await readVersion(secrets, secretArn, version, 'the version');
    return sameEndpoint(value.login, current.login) ? value : undefined;
  } catch (error) {
    if (error instanceof InvalidSecretError) return undefined;
    throw error;
  }
};
