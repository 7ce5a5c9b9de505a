import { SecretsManagerRefusedError } from '../../../functions/contract/errors.ts';
import type { Problem } from '../../../functions/contract/findings.ts';
import { CLUSTER_TAG } from '../../../functions/contract/tags.ts';
import type { SecretStore } from '../../../functions/secret/secret-store.ts';
import { CLUSTER, INSTANCES, PORT, READ_WRITE, ROOT } from '../../support/in-memory-database.ts';
import { newPassword, newVersionId } from '../../support/in-memory-secret-store.ts';
import { type Ports, portsOf } from '../../support/rotation-steps.ts';
import {
  ADMIN_SECRET,
  RotationWorld,
  SECRET,
  secretText,
  type WorldOptions,
} from '../../support/rotation-world.ts';

/** A misconfiguration, and how it has to be found. */
export interface Planted extends Pick<Problem, 'topic' | 'verdict' | 'section'> {
  readonly what: string;
  /** How a rotation ends that no check went before. */
  readonly ends: string;
}

/** A call that a function may not make: of one secret, or of all. */
export interface Denial {
  readonly step: string;
  readonly method: keyof SecretStore;
  readonly secretId?: string;
}

export interface PlantedInMemory extends Planted {
  readonly make: () => RotationWorld;
  readonly denied?: readonly Denial[];
  /** What the deployment says of its secrets, as the definition has it. */
  readonly declared?: string;
}

const SECRET_ARN = new RotationWorld().secretArn;

const SINGLE: WorldOptions = { admin: true };
const PAIR: WorldOptions = { strategy: 'alternating-users', admin: true };
const CLONE: WorldOptions = { strategy: 'admin-clone', username: 'boss', roles: ROOT };

const worldOf =
  (options: WorldOptions, harm: (world: RotationWorld) => unknown = () => {}) =>
  (): RotationWorld => {
    const world = new RotationWorld(options);
    harm(world);
    return world;
  };

const tagged = (key: string, value: string) =>
  worldOf(SINGLE, ({ store }) => store.setTag(SECRET, `docdb-rotation:${key}`, value));

/** AWSCURRENT as someone has written it by hand. */
const written = (change: (text: string) => string, options = SINGLE) =>
  worldOf(options, (world) => {
    world.store.putByHand(SECRET, change(secretText({ ...world.credentialOf(world.current) })));
  });

const withKeys = (keys: (own: { password: string }) => Record<string, unknown>) =>
  written((text) => {
    const own = JSON.parse(text);
    return secretText({ ...own, ...keys(own) });
  });

const not = (topic: Planted['topic'], error: string, ends = error): Omit<Planted, 'what'> => ({
  topic,
  verdict: 'not-ready',
  section: error.toLowerCase(),
  ends,
});

const perhaps = (topic: Planted['topic'], section: string, ends: string): Omit<Planted, 'what'> => ({
  topic,
  verdict: 'uncertain',
  section,
  ends,
});

const SECRETS: readonly PlantedInMemory[] = [
  {
    what: 'the secret is marked for deletion',
    ...not('secret', 'SecretNotRotatableError'),
    make: worldOf(SINGLE, ({ store }) => store.markForDeletion(SECRET)),
  },
  {
    what: 'the secret is a replica',
    ...not('secret', 'SecretNotRotatableError'),
    make: worldOf(SINGLE, ({ store }) => store.makeReplicaOf(SECRET, 'us-east-1')),
  },
  {
    what: 'a service manages the secret (`ManageMasterUserPassword`)',
    ...not('secret', 'SecretNotRotatableError'),
    make: worldOf(SINGLE, ({ store }) => store.setManagedBy(SECRET, 'rds')),
  },
  {
    what: 'a misspelt tag: `docdb-rotation:stratgy`',
    ...not('tags', 'InvalidSecretError'),
    make: tagged('stratgy', 'alternating-users'),
  },
  {
    what: 'a tag of before 0.2: `docdb-rotation:predecessor`',
    ...not('tags', 'InvalidSecretError'),
    make: tagged('predecessor', 'lock'),
  },
  {
    what: 'a strategy that there is not: `alternate`',
    ...not('tags', 'InvalidSecretError'),
    make: tagged('strategy', 'alternate'),
  },
  {
    what: 'the deployment says another strategy than the tags, as where those of an imported secret were forgotten',
    ...not('tags', 'InvalidSecretError'),
    make: worldOf(SINGLE),
    declared: `[{'secret': '${SECRET_ARN.slice(0, -6)}??????', 'strategy': 'alternating-users'}]`,
  },
  {
    what: 'a grace that is no number of seconds',
    ...not('tags', 'InvalidSecretError'),
    make: tagged('grace', 'one hour'),
  },
  {
    what: '`alternating-users` without the tag of an admin secret',
    ...not('tags', 'InvalidSecretError'),
    make: worldOf({ strategy: 'alternating-users' }),
  },
  {
    what: 'AWSPENDING of another tool was left behind',
    ...not('labels', 'RotationInProgressError'),
    make: worldOf(SINGLE, ({ store }) => store.addVersion(SECRET, ['AWSPENDING'], secretText({}))),
  },
  {
    what: 'so many staging labels that there is no room for those of a rotation',
    ...not('labels', 'SecretsManagerRefusedError'),
    make: worldOf(SINGLE, ({ store }) => {
      for (let number = 1; number <= 17; number += 1)
        store.addVersion(SECRET, [`team-${number}`], secretText({}));
    }),
  },
  {
    what: 'an execution has the lock, or has left it behind',
    ...perhaps('labels', 'rotationinprogresserror', 'RotationInProgressError'),
    make: worldOf(SINGLE, ({ store }) =>
      store.addVersionWithId(SECRET, newVersionId(), ['docdb-rotation-owner'], '{}'),
    ),
  },
];

/** In the outage window of another execution, AWSCURRENT is refused. */
export const inAnOutageWindow = worldOf(SINGLE, ({ store, database }) => {
  store.addVersionWithId(SECRET, newVersionId(), ['docdb-rotation-owner'], '{}');
  database.addUser('app', newPassword(), READ_WRITE);
});

const VALUES: readonly PlantedInMemory[] = [
  {
    what: 'a comma too much: the value is no JSON',
    ...not('value', 'InvalidSecretError'),
    make: written((text) => text.replace(/\}$/, ',}')),
  },
  {
    what: 'a byte order mark before the value',
    ...not('value', 'InvalidSecretError'),
    make: written((text) => `\uFEFF${text}`),
  },
  {
    what: '`host` has the port in it',
    ...not('value', 'InvalidSecretError'),
    make: withKeys(() => ({ host: 'demo.example.com:27017' })),
  },
  {
    what: '`host` is missing: the secret is not attached to its cluster',
    ...not('value', 'InvalidSecretError'),
    make: withKeys(() => ({ host: undefined })),
  },
  {
    what: '`port` is no number',
    ...not('value', 'InvalidSecretError'),
    make: withKeys(() => ({ port: 'default' })),
  },
  {
    what: '`engine` is another one',
    ...not('value', 'InvalidSecretError'),
    make: withKeys(() => ({ engine: 'postgres' })),
  },
  {
    what: 'the user is an IAM user',
    ...not('value', 'InvalidSecretError'),
    make: withKeys(() => ({ authSource: '$external' })),
  },
  {
    what: '`host` is an elastic cluster',
    ...not('value', 'InvalidSecretError'),
    make: withKeys(() => ({ host: 'shop-111122223333.eu-central-1.docdb-elastic.amazonaws.com' })),
  },
  {
    what: 'another key holds the password, in base64',
    ...not('value', 'InvalidSecretError'),
    make: withKeys(({ password }) => ({ auth: Buffer.from(password).toString('base64') })),
  },
];

const DATABASES: readonly PlantedInMemory[] = [
  {
    what: 'the user does not exist in the database',
    ...not('credential', 'UserNotFoundError'),
    make: worldOf(SINGLE, ({ database }) => database.removeUser('app')),
  },
  {
    what: 'the password in the secret is another one',
    ...not('credential', 'NoUsableCredentialsError'),
    make: worldOf(SINGLE, ({ database }) => database.addUser('app', newPassword(), READ_WRITE)),
  },
  {
    what: 'the value is for another user than the secret, as the tag `docdb-rotation:user` says',
    ...not('credential', 'UntrustedVersionError'),
    make: worldOf({ ...SINGLE, previous: { username: 'app', state: 'logs in' } }, ({ store, database }) => {
      const moved = { username: 'moved', password: newPassword() };
      database.addUser(moved.username, moved.password, READ_WRITE);
      store.putByHand(SECRET, secretText(moved));
    }),
  },
  {
    what: 'the host is outside the domain of the cluster that the tag `docdb-rotation:cluster` names',
    ...not('credential', 'UntrustedVersionError'),
    make: worldOf(SINGLE, ({ store }) => store.setTag(SECRET, CLUSTER_TAG, `other.${CLUSTER}`)),
  },
  {
    what: 'the password has a line break at its end',
    ...not('credential', 'UntrustedVersionError'),
    make: withKeys(({ password }) => ({ password: `${password}\n` })),
  },
  {
    what: 'AWSCURRENT does not log in, and AWSPREVIOUS does: applications fail, though a rotation would mend it',
    ...not('credential', 'NoUsableCredentialsError', 'Rotated'),
    make: worldOf({ ...SINGLE, previous: { username: 'app', state: 'logs in' } }, (world) => {
      const previous = world.credentialOf(world.previous ?? '');
      world.database.addUser('app', previous?.password ?? '', READ_WRITE);
    }),
  },
  {
    what: 'the database does not answer: security group, route, or down',
    ...not('route', 'DatabaseUnavailableError'),
    make: worldOf(SINGLE, ({ database }) => {
      database.down = true;
    }),
  },
  {
    what: 'one instance does not answer',
    ...not('route', 'DatabaseUnavailableError'),
    make: worldOf(SINGLE, ({ database }) => database.loseReader()),
  },
  {
    what: 'one instance does not know the password',
    ...not('credential', 'CredentialNotPropagatedError', 'RollbackFailed'),
    make: worldOf(SINGLE, (world) => {
      world.database.lag = 10_000;
      world.database.fallBehind(10_000);
    }),
  },
  {
    what: 'an instance has another domain than `host`: an alias, a peer in another network',
    ...not('endpoint', 'InstanceNotTrustedError'),
    make: worldOf(SINGLE, ({ database }) => {
      database.reported = [{ host: 'one.elsewhere.example.com', port: PORT }];
    }),
  },
  {
    what: 'the cluster is a secondary one of a global cluster',
    ...not('endpoint', 'DatabaseUnavailableError'),
    make: worldOf(SINGLE, ({ database }) => {
      database.readOnly = true;
    }),
  },
  {
    what: '`host` is the endpoint of a reading instance',
    ...not('endpoint', 'DatabaseUnavailableError'),
    make: worldOf(SINGLE, (world) => {
      for (const secretId of [SECRET, ADMIN_SECRET]) moveHost(world, secretId, INSTANCES[1]);
    }),
  },
  {
    what: '`host` is the endpoint of the primary instance, until the next fail-over',
    ...perhaps('endpoint', 'databaseunavailableerror', 'Rotated'),
    make: worldOf(SINGLE, (world) => {
      for (const secretId of [SECRET, ADMIN_SECRET]) moveHost(world, secretId, INSTANCES[0]);
    }),
  },
  {
    what: 'the authority of the certificate expires in 20 days',
    ...perhaps('certificate', 'alarm-certificate-authority', 'Rotated'),
    make: worldOf(SINGLE, ({ database }) => {
      database.daysOfAuthority = 20;
    }),
  },
];

const moveHost = ({ store }: RotationWorld, secretId: string, host: string | undefined): void => {
  const value = JSON.parse(store.valueOf(secretId, store.holder(secretId, 'AWSCURRENT') ?? '') ?? '{}');
  store.putByHand(secretId, JSON.stringify({ ...value, host }));
};

const POWERS: readonly PlantedInMemory[] = [
  {
    what: 'a single user without power, and no admin secret',
    ...not('admin-secret', 'AdminSecretRequiredError', 'RolledBack'),
    make: worldOf({}),
  },
  {
    what: 'the admin secret does not exist',
    ...not('admin-secret', 'AdminSecretMismatchError', 'RolledBack'),
    make: tagged('admin-secret', 'shop/no-such-secret'),
  },
  {
    what: 'the admin secret is for another cluster',
    ...not('admin-secret', 'AdminSecretMismatchError'),
    make: worldOf(PAIR, (world) =>
      moveHost(world, ADMIN_SECRET, 'other.cluster-x.eu-central-1.docdb.amazonaws.com'),
    ),
  },
  {
    what: "the admin secret's password is another one",
    ...not('admin-secret', 'AdminSecretUnavailableError', 'RolledBack'),
    make: worldOf(SINGLE, ({ database }) => database.addUser('root', newPassword(), ROOT)),
  },
  {
    what: "the admin secret's user may not change users",
    ...not('power', 'NotAuthorizedError', 'RolledBack'),
    make: worldOf(SINGLE, ({ database }) =>
      database.addUser('root', database.user('root')?.password ?? '', READ_WRITE),
    ),
  },
  {
    what: '`admin-clone` for a user that is no admin',
    ...not('power', 'NotAuthorizedError'),
    make: worldOf({ strategy: 'admin-clone' }),
  },
  {
    what: "the other user's name is someone else's",
    ...not('other-user', 'UserNameTakenError'),
    make: worldOf(PAIR, ({ database }) => database.addUser('app_clone', newPassword(), ROOT)),
  },
  {
    what: 'the same, of an admin',
    ...not('other-user', 'UserNameTakenError'),
    make: worldOf(CLONE, ({ database }) => database.addUser('boss_clone', newPassword(), READ_WRITE)),
  },
  {
    what: "the other user's name would be too long",
    ...not('other-user', 'InvalidSecretError'),
    make: worldOf({ ...PAIR, username: 'a'.repeat(60) }),
  },
];

const refused = (step: string, method: keyof SecretStore, secretId?: string): readonly Denial[] => [
  { step, method, ...(secretId === undefined ? {} : { secretId }) },
];

const encrypted = worldOf(SINGLE, ({ store }) => store.encryptWith(SECRET, 'alias/shop'));

const PERMISSIONS: readonly PlantedInMemory[] = [
  {
    what: 'the secret has a key of yours, which the deployment does not know: nothing can read it',
    ...not('encryption-key', 'SecretsManagerRefusedError'),
    make: encrypted,
    denied: ['TestSecret', 'CreateSecret', 'SetSecret', 'RestoreCredential'].flatMap((step) => [
      ...refused(step, 'read'),
      ...refused(step, 'readCurrent', SECRET_ARN),
    ]),
  },
  {
    what: 'the secret has a key of yours; whether it can be written with can only be tried',
    ...perhaps('encryption-key', 'secretsmanagerrefusederror', 'Rotated'),
    make: encrypted,
  },
  {
    what: 'TestSecret may not read the admin secret: the deployment does not know of it',
    ...not('admin-secret', 'SecretsManagerRefusedError'),
    make: worldOf(PAIR),
    denied: refused('TestSecret', 'readCurrent', ADMIN_SECRET),
  },
  {
    what: 'CreateSecret may not write',
    ...not('permissions', 'SecretsManagerRefusedError'),
    make: worldOf(SINGLE),
    denied: refused('CreateSecret', 'put'),
  },
  {
    what: 'CreateSecret may make no password',
    ...not('permissions', 'SecretsManagerRefusedError'),
    make: worldOf(SINGLE),
    denied: refused('CreateSecret', 'newPassword'),
  },
  {
    what: 'CreateSecret may not tag',
    ...not('permissions', 'SecretsManagerRefusedError'),
    make: worldOf(PAIR),
    denied: [...refused('CreateSecret', 'setTags'), ...refused('CreateSecret', 'askToTag')],
  },
  {
    what: 'SetSecret may not read the secret: its key lets only others in',
    ...not('permissions', 'SecretsManagerRefusedError', 'RolledBack'),
    make: worldOf(SINGLE),
    denied: [...refused('SetSecret', 'read'), ...refused('SetSecret', 'readCurrent')],
  },
  {
    what: 'FinishSecret may not move labels',
    ...not('permissions', 'SecretsManagerRefusedError', 'RolledBack'),
    make: worldOf(SINGLE),
    denied: refused('FinishSecret', 'moveLabel'),
  },
  {
    what: 'ReleaseLock may not move labels',
    ...not('permissions', 'SecretsManagerRefusedError', 'RollbackFailed'),
    make: worldOf(SINGLE),
    denied: refused('ReleaseLock', 'moveLabel'),
  },
  {
    what: 'RestoreCredential may not read the admin secret: only a compensation would show it',
    ...not('admin-secret', 'SecretsManagerRefusedError', 'Rotated'),
    make: worldOf(SINGLE),
    denied: refused('RestoreCredential', 'readCurrent', ADMIN_SECRET),
  },
];

export const PLANTED_IN_MEMORY: readonly PlantedInMemory[] = [
  ...SECRETS,
  ...VALUES,
  ...DATABASES,
  ...POWERS,
  ...PERMISSIONS,
];

/** The ports of one function's process, with what it may not do. */
export const portsWithout =
  (world: RotationWorld, denied: readonly Denial[]) =>
  (step: string): Ports => {
    const ports = portsOf(world);
    const deny = (secrets: SecretStore, { method, secretId }: Denial): SecretStore => ({
      ...secrets,
      [method]: async (...args: unknown[]) => {
        if (secretId === undefined || args[0] === secretId)
          throw new SecretsManagerRefusedError(
            `${method} of ${String(args[0])}: AccessDeniedException; see the permissions of this function's role`,
          );
        return await (secrets[method] as (...all: unknown[]) => Promise<unknown>)(...args);
      },
    });
    return {
      ...ports,
      secrets: denied.filter((each) => each.step === step).reduce(deny, ports.secrets),
    };
  };
