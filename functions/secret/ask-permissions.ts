import { randomUUID } from 'node:crypto';
import { SecretNotRotatableError, SecretsManagerRefusedError } from '../contract/errors.ts';
import type { Answer, Problem } from '../contract/findings.ts';
import type { ReadinessInput } from '../contract/steps.ts';
import { ADMIN_SECRET_TAG } from '../contract/tags.ts';
import { Findings } from '../runtime/findings.ts';
import { CLAIM, CURRENT, holderOf } from './labels.ts';
import type { LockPorts } from './lock.ts';
import type { SecretDescription, SecretStore } from './secret-store.ts';

/** What a function does with a secret in a rotation, and may be asked for. */
export type Need =
  | 'read'
  | 'read the admin secret'
  | 'move labels'
  | 'write versions'
  | 'record what is proven'
  | 'make passwords';

/**
 * What each function of the rotation needs but TestSecret, which does all that it needs. As it is granted by infra/functions/steps.ts.
 */
export const NEEDS = {
  CreateSecret: ['read', 'move labels', 'write versions', 'record what is proven', 'make passwords'],
  SetSecret: ['read', 'move labels', 'read the admin secret'],
  FinishSecret: ['move labels', 'record what is proven'],
  ReleaseLock: ['move labels', 'record what is proven'],
  RestoreCredential: ['read', 'read the admin secret', 'make passwords'],
  RestoreLabels: ['move labels'],
} as const satisfies Readonly<Record<string, readonly Need[]>>;

/**
 * What a function may not do with its own role, or can't reach: asked by doing it. Reading is done; what would change something is asked by
 * a request that names a version which does not exist, or one that is written already: it fails after it was allowed. Changes nothing.
 */
export const askPermissions = async (
  { secrets, clock }: LockPorts,
  step: keyof typeof NEEDS,
  { secretId, askedAt }: ReadinessInput,
): Promise<Answer> => {
  const found = new Findings(step, clock);
  checkClock(found, clock.now() - askedAt);
  const seen = await found.look('permissions', () => secrets.describe(secretId));
  if (seen === undefined) return found.answer;
  const needs: readonly Need[] = NEEDS[step];
  const missing: Need[] = [];
  for (const need of needs) {
    const asked = await found.look(
      'permissions',
      () => ASK[need](secrets, seen.value),
      ABOUT[need]?.(seen.value),
    );
    if (asked === undefined) missing.push(need);
  }
  const has = needs.filter((need) => !missing.includes(need));
  if (has.length > 0) found.ready('permissions', `its role may ${has.join(', ')}`);
  if (has.includes('write versions')) tellOfKey(found, seen.value);
  return found.answer;
};

/** Of AWSCURRENT, which can move and not vanish, to where it is: even if it were carried out, it would change nothing. */
const askMove = async (secrets: SecretStore, secret: SecretDescription): Promise<unknown> =>
  await unlessUnknown(() =>
    secrets.moveLabel(secret.arn, CURRENT, { from: randomUUID(), to: holderOf(secret, CURRENT) ?? '' }),
  );

/**
 * A version is written once: a value for one that has another is refused, and the same value again would change nothing.
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html
 */
const askWrite = async (secrets: SecretStore, secret: SecretDescription): Promise<unknown> => {
  const token = holderOf(secret, CURRENT);
  return token === undefined
    ? undefined
    : await secrets.put({ secretArn: secret.arn, token, value: '{}', label: CLAIM });
};

const askRead = async (secrets: SecretStore, secret: SecretDescription): Promise<unknown> =>
  await secrets.readCurrent(secret.arn);

/** One that is not there is TestSecret's to tell. */
const askAdminRead = async (secrets: SecretStore, { tags }: SecretDescription): Promise<unknown> => {
  const adminSecret = tags[ADMIN_SECRET_TAG];
  return adminSecret === undefined ? undefined : await secrets.readCurrent(adminSecret);
};

const ASK: Readonly<Record<Need, (secrets: SecretStore, secret: SecretDescription) => Promise<unknown>>> = {
  read: askRead,
  'read the admin secret': askAdminRead,
  'move labels': askMove,
  'write versions': askWrite,
  'record what is proven': (secrets, { arn }) => secrets.askToTag(arn),
  'make passwords': (secrets) => secrets.newPassword(),
};

/** A version that Secrets Manager does not know is an answer to one who was allowed to ask. */
const unlessUnknown = async <T>(ask: () => Promise<T>): Promise<T | undefined> => {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof SecretNotRotatableError) return undefined;
    throw error;
  }
};

type Known = (error: Error) => Partial<Problem>;

/** DescribeSecret takes no key, and reading does: where only reading is refused, it is usually the key. */
export const ifKeyIsRefused =
  ({ encryptionKey }: SecretDescription): Known =>
  (error) =>
    encryptionKey !== undefined && error instanceof SecretsManagerRefusedError
      ? {
          topic: 'encryption-key',
          remedy: `name the key ${encryptionKey} to the deployment (the option encryptionKey of an imported secret), so that the functions may use it; else see the permissions of this function's role, and the secret's own policy`,
        }
      : {};

export const ifAdminSecretIsRefused: Known = (error) =>
  error instanceof SecretsManagerRefusedError
    ? {
        topic: 'admin-secret',
        remedy:
          'name this very admin secret to the deployment (the adminSecret of the strategy), with its key if it has one of yours, so that the functions may read it',
      }
    : {};

const ABOUT: Readonly<Partial<Record<Need, (secret: SecretDescription) => Known>>> = {
  read: ifKeyIsRefused,
  'read the admin secret': () => ifAdminSecretIsRefused,
};

/** Nothing but a write takes kms:GenerateDataKey, and a role may use a key through Secrets Manager only. */
const tellOfKey = (found: Findings, { encryptionKey }: SecretDescription): void => {
  if (encryptionKey === undefined) return;
  found.problem({
    verdict: 'uncertain',
    topic: 'encryption-key',
    what: `whether a new version can be encrypted with ${encryptionKey} (kms:GenerateDataKey) can't be asked without writing one`,
    remedy:
      'name the key to the deployment (the option encryptionKey of an imported secret), and see its policy',
    section: 'secretsmanagerrefusederror',
  });
};

/** More than a request takes on its way, and less than what makes AWS refuse a signature (five minutes). */
const MOST_BEHIND_MS = 60_000;

/** A call that is repeated brings the time of its first attempt along. */
const MOST_AHEAD_MS = 600_000;

export const checkClock = (found: Findings, ahead: number): void => {
  if (ahead > -MOST_BEHIND_MS && ahead < MOST_AHEAD_MS) return;
  found.problem({
    verdict: 'uncertain',
    topic: 'clock',
    what: `the function's clock is ${Math.abs(Math.round(ahead / 1000))} seconds ${ahead < 0 ? 'behind' : 'ahead of'} that of Step Functions`,
    remedy:
      'start the check again; if it stays, report it to AWS: a certificate or a signature may be refused for it',
    section: 'notreadyerror',
  });
};
