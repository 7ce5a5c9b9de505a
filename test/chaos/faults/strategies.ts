import { PutSecretValueCommand, TagResourceCommand } from '@aws-sdk/client-secrets-manager';
import type {
  Credential,
  DatabaseRole,
  DatabaseSecret,
  LocalStack,
} from '../../local-stack/deployment/index.ts';
import { labelsOf, type Place } from '../../support/deployed-world.ts';

const ROOT: DatabaseRole[] = [{ role: 'root', db: 'admin' }];
const READ_WRITE: DatabaseRole[] = [{ role: 'readWrite', db: 'shop' }];

/** A secret that stands ready to be rotated, and what belongs to it and to no other. */
export interface Subject {
  readonly secret: DatabaseSecret;
  readonly admin: DatabaseSecret | undefined;
  /** Whether others use the admin secret too, and it may be rotated itself: then its logins tell nothing. */
  readonly sharesAdmin: boolean;
  readonly isPair: boolean;
}

interface StrategySetup {
  readonly strategy: 'single-user' | 'alternating-users' | 'admin-clone';
  readonly roles: readonly DatabaseRole[];
  readonly throughAdmin: boolean;
  /** What came before: nothing, or a rotation whose predecessor still logs in, or is locked. */
  readonly history: 'none' | 'keep' | 'lock';
  /** What is to become of the user that is replaced. */
  readonly retirementPolicy?: 'keep' | 'lock' | 'revoke' | 'delete';
}

const SETUPS = {
  'single-by-itself': { strategy: 'single-user', roles: ROOT, throughAdmin: false, history: 'lock' },
  'single-through-admin': {
    strategy: 'single-user',
    roles: READ_WRITE,
    throughAdmin: true,
    history: 'lock',
  },
  'alternating-first': {
    strategy: 'alternating-users',
    roles: READ_WRITE,
    throughAdmin: true,
    history: 'none',
  },
  'alternating-second': {
    strategy: 'alternating-users',
    roles: READ_WRITE,
    throughAdmin: true,
    history: 'keep',
    retirementPolicy: 'lock',
  },
  'admin-clone-first': {
    strategy: 'admin-clone',
    roles: ROOT,
    throughAdmin: false,
    history: 'none',
    retirementPolicy: 'delete',
  },
  'admin-clone-second': {
    strategy: 'admin-clone',
    roles: ROOT,
    throughAdmin: false,
    history: 'lock',
    retirementPolicy: 'lock',
  },
} as const satisfies Record<string, StrategySetup>;

export type StrategyName = keyof typeof SETUPS;

export const STRATEGIES = Object.keys(SETUPS) as StrategyName[];

/** Whether the secret has an AWSPREVIOUS to go back to. */
export const hasHistory = (name: StrategyName): boolean => SETUPS[name].history !== 'none';

/** Makes a secret, its users and its past as a rotation would have left them, without running one. */
export const makeSubject = async (
  stack: LocalStack,
  name: StrategyName,
  sharedAdmin?: DatabaseSecret,
): Promise<Subject> => {
  const setup: StrategySetup = SETUPS[name];
  const { strategy, roles, throughAdmin } = setup;
  const admin = throughAdmin
    ? (sharedAdmin ?? (await stack.makeSecret({ roles: ROOT, masterarn: false })))
    : undefined;
  const secret = await stack.makeSecret({
    roles,
    masterarn: false,
    value: admin ? { masterarn: admin.arn } : {},
    // Long enough for a client that has read AWSCURRENT just before.
    tags: {
      'docdb-rotation:strategy': strategy,
      'docdb-rotation:grace': '4',
      ...(admin ? { 'docdb-rotation:admin-secret': admin.arn } : {}),
      ...(setup.retirementPolicy ? { 'docdb-rotation:retirement-policy': setup.retirementPolicy } : {}),
    },
  });
  if (setup.history !== 'none') await addHistory(stack, secret, admin, setup);
  return { secret, admin, sharesAdmin: sharedAdmin !== undefined, isPair: strategy !== 'single-user' };
};

const addHistory = async (
  stack: LocalStack,
  secret: DatabaseSecret,
  admin: DatabaseSecret | undefined,
  { strategy, roles, history }: StrategySetup,
): Promise<void> => {
  const isPair = strategy !== 'single-user';
  const username = isPair ? `${secret.username}_clone` : secret.username;
  const password = crypto.randomUUID();
  if (isPair) await stack.runCommand({ createUser: username, pwd: password, roles });
  else await stack.runCommand({ updateUser: username, pwd: password });
  if (isPair && history === 'lock') {
    await stack.runCommand({ updateUser: secret.username, pwd: crypto.randomUUID() });
  }
  const previous = await currentVersionOf(stack, secret.arn);
  const current = await putValue(stack, secret.arn, { username, password }, admin);
  await recordProven(
    stack,
    secret.arn,
    isPair ? [current, previous].map((id) => `=${id}`) : [current, previous],
  );
};

/** A rotation records which versions it wrote or saw log in. One that does not log in now is believed by that alone. */
const recordProven = async (
  { secretsManager }: LocalStack,
  SecretId: string,
  versions: readonly string[],
): Promise<void> => {
  const Tags = [{ Key: 'docdb-rotation:proven', Value: versions.join(' ') }];
  await secretsManager.send(new TagResourceCommand({ SecretId, Tags }));
};

const currentVersionOf = async (stack: LocalStack, arn: string): Promise<string> =>
  (await labelsOf(stack, arn)).AWSCURRENT ?? '';

const putValue = async (
  { secretsManager, documentDb }: LocalStack,
  arn: string,
  user: Credential,
  admin: DatabaseSecret | undefined,
): Promise<string> => {
  const value = {
    engine: 'mongo',
    host: documentDb.host,
    port: documentDb.port,
    ssl: true,
    ...user,
    ...(admin ? { masterarn: admin.arn } : {}),
  };
  const { VersionId = '' } = await secretsManager.send(
    new PutSecretValueCommand({ SecretId: arn, SecretString: JSON.stringify(value) }),
  );
  return VersionId;
};

/** Removes what was made for the secret. */
export const removeSubject = async (stack: LocalStack, subject: Subject): Promise<void> => {
  const { secret, admin, sharesAdmin } = subject;
  for (const user of usersOf(subject)) await stack.documentDb.admin.dropUser(user);
  await stack.removeSecret(secret.arn);
  if (admin && !sharesAdmin) await stack.removeSecret(admin.arn);
};

/** Where all of it is to be seen but the admin secret. */
export const placeOf = ({ secret: { arn, username }, isPair }: Subject) =>
  ({ arn, isPair, users: [username, `${username}_clone`] }) satisfies Place;

/** Everyone that a rotation of the secret can log in as. */
export const usersOf = ({ admin, sharesAdmin, ...subject }: Subject): string[] => [
  ...placeOf({ admin, sharesAdmin, ...subject }).users,
  ...(admin && !sharesAdmin ? [admin.username] : []),
];
