import type { Before, Plan, TestSecretInput } from '../shared/contract.ts';
import { InvalidSecretError } from '../shared/errors.ts';
import { CURRENT, holderOf } from '../shared/labels.ts';
import { assertOwner, assertRotatable } from '../shared/ownership.ts';
import type { Database, Role, SecretStore } from '../shared/ports.ts';
import { readVersion } from '../shared/versions.ts';
import { checkBefore } from './check-before.ts';
import { type TestedCredential, testCredential } from './test-credential.ts';

export interface TestSecretPorts {
  readonly secrets: SecretStore;
  readonly database: Database;
}

/**
 * Step 3 of 4, and the checks around the rotation: one function, so that CheckBefore has warmed it up when a
 * single user's outage window depends on it. Changes nothing, anywhere.
 */
export const testSecret = async (
  ports: TestSecretPorts,
  input: TestSecretInput,
): Promise<Before | TestedCredential> => {
  switch (input.check) {
    case 'before':
      return await checkBefore(ports, input.plan);
    case 'pending':
      return await testPending(ports, input.plan, input.roles);
    case 'current':
      return await testCurrent(ports, input);
  }
};

const testPending = async (
  { secrets, database }: TestSecretPorts,
  plan: Plan,
  roles: readonly Role[],
): Promise<TestedCredential> => {
  await assertOwner(secrets, plan);
  const { login } = await readVersion(secrets, plan.secretArn, plan.token, 'AWSPENDING');
  return await testCredential(database, login, roles);
};

const testCurrent = async (
  { secrets, database }: TestSecretPorts,
  { secretId, version, roles }: Extract<TestSecretInput, { check: 'current' }>,
): Promise<TestedCredential> => {
  const secret = await secrets.describe(secretId);
  assertRotatable(secret);
  const tested = version ?? holderOf(secret, CURRENT);
  if (tested === undefined) throw new InvalidSecretError(`${secret.name} has no AWSCURRENT`);
  const { login } = await readVersion(
    secrets,
    secret.arn,
    tested,
    version === undefined ? CURRENT : 'the version of the token',
  );
  return await testCredential(database, login, roles);
};
