import { InvalidSecretError } from '../contract/errors.ts';
import type { Plan } from '../contract/steps.ts';
import { readUntil } from '../runtime/read-again.ts';
import type { LockPorts } from './lock.ts';
import { nameIn } from './secret-name.ts';
import type { SecretStore } from './secret-store.ts';
import { parseSecretValue, type SecretValue, sameEndpoint } from './secret-value.ts';

/** @throws InvalidSecretError when the version has no value, or one that can't be used */
export const readVersion = async (
  secrets: SecretStore,
  secretArn: string,
  version: string,
  what: string,
): Promise<SecretValue> => {
  const text = await secrets.read(secretArn, version);
  const where = `${what} of ${nameIn(secretArn)} (version ${version})`;
  if (text === undefined) throw new InvalidSecretError(`${where} has no value`);
  return parseSecretValue(text, where);
};

/** What is to be promoted. It has just been written, perhaps: an old answer does not know it yet. */
export const readPending = async ({ secrets, clock }: LockPorts, plan: Plan): Promise<SecretValue> => {
  const { secretArn, secretName, pendingVersion } = plan;
  const where = `${isRevert(plan) ? 'AWSPREVIOUS' : 'the pending version'} of ${secretName} (version ${pendingVersion})`;
  const text = await readUntil(
    clock,
    () => secrets.read(secretArn, pendingVersion),
    (answer) => answer !== undefined,
  );
  if (text === undefined) throw new InvalidSecretError(`${where} has no value`);
  return parseSecretValue(text, where);
};

/** A version that may be tried: undefined if it is malformed, or of another cluster or without TLS, where no credential is to go. */
export const readUsable = async (
  secrets: SecretStore,
  secretArn: string,
  version: string | undefined,
  reference: SecretValue,
): Promise<SecretValue | undefined> => {
  if (version === undefined) return undefined;
  try {
    const value = await readVersion(secrets, secretArn, version, 'the version');
    return sameEndpoint(value.login, reference.login) ? value : undefined;
  } catch (error) {
    if (error instanceof InvalidSecretError) return undefined;
    throw error;
  }
};

/** Whether the rotation goes back to AWSPREVIOUS. */
export const isRevert = ({
  pendingVersion,
  labelsBefore,
}: Pick<Plan, 'pendingVersion' | 'labelsBefore'>): boolean => pendingVersion === labelsBefore.previous;

/** Whether Secrets Manager's own rotation made the pending version: on demand it carries the lock too. */
export const isOfSecretsManager = (
  plan: Pick<Plan, 'lockVersion' | 'pendingVersion' | 'labelsBefore'>,
): boolean => plan.pendingVersion !== plan.lockVersion && !isRevert(plan);
