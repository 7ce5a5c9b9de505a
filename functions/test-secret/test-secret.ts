import { CurrentChangedError, InvalidSecretError, RolesUnknownError } from '../contract/errors.ts';
import type { Before, TestSecretInput } from '../contract/steps.ts';
import { assertUnchanged } from '../database/roles.ts';
import { readUntil } from '../runtime/read-again.ts';
import { assertAtItsCluster } from '../secret/cluster-on-record.ts';
import { CURRENT, holderOf, PREVIOUS } from '../secret/labels.ts';
import type { LockPorts } from '../secret/lock.ts';
import { assertRotatable } from '../secret/rotatable.ts';
import type { SecretDescription } from '../secret/secret-store.ts';
import { type Login, parseSecretValue, type SecretValue } from '../secret/secret-value.ts';
import { readPending, readUsable, readVersion } from '../secret/versions.ts';
import { checkBefore } from './check-before.ts';
import { type EndpointPorts, loginWherePossible } from './endpoint-mistake.ts';
import { type TestedCredential, testCredential } from './test-credential.ts';

export type TestSecretPorts = LockPorts & EndpointPorts;

/**
 * Step 3 of 4, and the checks around the rotation: one function, so that CheckBefore has warmed it up when a
 * single user's outage window depends on it. Changes nothing, anywhere.
 *
 * @throws RolesUnknownError for a pair whose roles the server does not tell
 * @throws UserChangedError if the user that a pair's new one replaced got or lost roles since CheckBefore
 */
export const testSecret = async (
  ports: TestSecretPorts,
  input: TestSecretInput,
): Promise<Before | TestedCredential> => {
  switch (input.check) {
    case 'before':
      return await checkBefore(ports, input.plan);
    case 'pending':
      return await testPending(ports, input);
    case 'current':
      return await testCurrent(ports, input);
  }
};

const testPending = async (
  ports: TestSecretPorts,
  { plan, roles, replaced }: Extract<TestSecretInput, { check: 'pending' }>,
): Promise<TestedCredential> => {
  const pending = await readPending(ports, plan);
  const { login } = pending;
  const tested = await testCredential(ports.database, login, roles);
  if (!tested.rolesCompared && plan.strategy !== 'single-user')
    throw new RolesUnknownError(
      `"${login.username}" logs in on every instance of ${plan.host}, but not every instance tells its roles, so that they can't be compared with those of "${plan.users.current}"; use the strategy single-user`,
    );
  // Before the promotion: where it is cut off after that, nothing takes back what SetSecret gave.
  await assertStillAlike(ports, { secretId: plan.secretArn, replaced, roles }, pending);
  return tested;
};

const testCurrent = async (
  ports: TestSecretPorts,
  input: Extract<TestSecretInput, { check: 'current' }>,
): Promise<TestedCredential> => {
  if (input.promoted === undefined) return await verify(ports, input);
  const promoted = await readPromoted(ports, input.secretId, input.promoted);
  if (input.roles === undefined) await assertMayBeAsked(ports, input.secretId, promoted.login);
  const tested = await testCredential(ports.database, promoted.login, input.roles);
  await assertStillAlike(ports, input, promoted);
  return tested;
};

/**
 * The new user has the roles that the replaced one had when the rotation began. One that someone takes from the user in use, while the rotation runs, would stay with the new one,
 * which they need not know of.
 *
 * @throws UserChangedError
 */
const assertStillAlike = async (
  { secrets, database }: TestSecretPorts,
  {
    secretId,
    replaced,
    roles,
  }: Pick<Extract<TestSecretInput, { check: 'current' }>, 'secretId' | 'replaced' | 'roles'>,
  tested: SecretValue,
): Promise<void> => {
  const value = await readUsable(secrets, secretId, replaced ?? undefined, tested);
  await using session = value && (await database.login(value.login));
  // Who has another password by now can't be asked, nor who is not told its roles.
  const told = await session?.ownRoles();
  if (value !== undefined && told !== undefined)
    assertUnchanged(value.login.username, roles ?? undefined, told);
};

/** Of a version that was promoted CreateSecret has looked at the place. What a compensation puts back may be what a revert was to go back from, for any place. */
const assertMayBeAsked = async (
  { secrets }: TestSecretPorts,
  secretId: string,
  login: Login,
): Promise<void> => assertAtItsCluster(await secrets.describe(secretId), CURRENT, login);

/** No step has logged in with it before, so that what it says may be wrong. */
const verify = async (
  ports: TestSecretPorts,
  { secretId, version, roles }: Extract<TestSecretInput, { check: 'current' }>,
): Promise<TestedCredential> => {
  const secret = await ports.secrets.describe(secretId);
  const { login } = await loadTested(ports, secret, version);
  const which = version === undefined ? 'AWSCURRENT' : `version ${version}`;
  assertAtItsCluster(secret, which, login);
  const tried = {
    what: `${which} of ${secret.name}`,
    secretArn: secret.arn,
    previous: holderOf(secret, PREVIOUS),
  };
  const database = { login: (each: Login) => loginWherePossible(ports, each, tried) };
  return await testCredential(database, login, roles);
};

const loadTested = async (
  { secrets }: TestSecretPorts,
  secret: SecretDescription,
  version: string | undefined,
): Promise<SecretValue> => {
  assertRotatable(secret);
  if (version !== undefined)
    return await readVersion(secrets, secret.arn, version, 'the version of the token');
  const current = await secrets.readCurrent(secret.arn);
  if (current === undefined) throw new InvalidSecretError(`${secret.name} has no AWSCURRENT`);
  return parseSecretValue(current.text, `AWSCURRENT of ${secret.name} (version ${current.version})`);
};

/** @throws CurrentChangedError if AWSCURRENT is another version, and that is no old answer */
const readPromoted = async (
  { secrets, clock }: TestSecretPorts,
  secretArn: string,
  version: string,
): Promise<SecretValue> => {
  const current = await readUntil(
    clock,
    () => secrets.readCurrent(secretArn),
    (answer) => answer?.version === version,
  );
  if (current?.version === version) return parseSecretValue(current.text, `AWSCURRENT (version ${version})`);
  throw new CurrentChangedError(
    `AWSCURRENT of ${secretArn} is on version ${current?.version}, not on ${version}: someone wrote or moved it meanwhile`,
  );
};
