import { describe, expect, it } from 'vitest';
import { AdminSecretMismatchError } from '../../../../functions/contract/errors.ts';
import { openAdminSession } from '../../../../functions/database/admin-session.ts';
import type { Login } from '../../../../functions/secret/secret-value.ts';
import { CLUSTER, PORT } from '../../../support/in-memory-database.ts';
import { newPassword } from '../../../support/in-memory-secret-store.ts';
import { portsOf } from '../../../support/rotation-steps.ts';
import { ADMIN_SECRET, RotationWorld, secretText } from '../../../support/rotation-world.ts';

/*
 * The admin secret is the one that DocumentDB manages for its primary user: {"username", "password"}, and no host.
 * The one who may write the application's secret chooses the host there, and must not have the admin log in at it.
 */

const CLUSTER_TAG = 'aws:rds:primaryDBClusterArn';
const HOST_TAG = 'docdb-rotation:host';
const ARN = 'arn:aws:rds:eu-central-1:111122223333:cluster:demo';

interface Managed {
  readonly tags?: Readonly<Record<string, string>>;
  readonly keys?: Readonly<Record<string, unknown>>;
  readonly managed?: boolean;
}

const worldWith = ({ tags = {}, keys = {}, managed = true }: Managed = {}): RotationWorld => {
  const world = new RotationWorld({ admin: true });
  const current = world.store.holder(ADMIN_SECRET, 'AWSCURRENT') ?? '';
  const { username, password } = JSON.parse(world.store.valueOf(ADMIN_SECRET, current) ?? '');
  world.store.addVersion(ADMIN_SECRET, ['AWSCURRENT'], JSON.stringify({ username, password, ...keys }));
  for (const [key, value] of Object.entries(tags)) world.store.setTag(ADMIN_SECRET, key, value);
  if (managed) world.store.setManagedBy(ADMIN_SECRET, 'rds');
  return world;
};

/** The logins that were tried as the admin. */
const attempt = async (world: RotationWorld, secret: Partial<Login>): Promise<Login[]> => {
  const { secrets, database } = portsOf(world);
  const tried: Login[] = [];
  const watched: typeof database = {
    login: (login) => {
      tried.push(login);
      return database.login(login);
    },
  };
  const login = { host: CLUSTER, port: PORT, username: 'app', password: newPassword(), tls: true, ...secret };
  try {
    await using session = await openAdminSession({ secrets, database: watched }, ADMIN_SECRET, login);
    expect(session).toBeDefined();
  } catch (error) {
    expect(error).toBeInstanceOf(AdminSecretMismatchError);
    expect(tried, 'logins tried as the admin').toEqual([]);
    throw error;
  }
  return tried;
};

describe('an admin secret that a service manages is used', () => {
  it('at the endpoint of the cluster that the service’s own tag names', async () => {
    const world = worldWith({ tags: { [CLUSTER_TAG]: ARN } });
    expect(await attempt(world, {})).toMatchObject([{ host: CLUSTER, port: PORT, username: 'root' }]);
  });

  it.each([`${CLUSTER}:${PORT}`, CLUSTER, CLUSTER.toUpperCase()])(
    'at the host that its owner’s tag names: %s',
    async (host) => {
      expect(await attempt(worldWith({ tags: { [HOST_TAG]: host } }), {})).toHaveLength(1);
    },
  );

  it('with TLS, whatever the application’s secret says', async () => {
    const world = worldWith({ tags: { [CLUSTER_TAG]: ARN } });
    expect(await attempt(world, { tls: false })).toMatchObject([{ tls: true }]);
  });

  it('if it names its host itself, as any other', async () => {
    const keys = { engine: 'mongo', host: CLUSTER, port: PORT };
    expect(await attempt(worldWith({ keys }), {})).toHaveLength(1);
  });
});

describe('an admin secret that a service manages is kept from', () => {
  const evil = 'demo.cluster-abcdefgh.eu-central-1.docdb.amazonaws.com.evil.example';

  it.each([
    ['any host, without a tag', {}, {}],
    ['another host', { [CLUSTER_TAG]: ARN }, { host: 'evil.example' }],
    ['a host that begins alike', { [CLUSTER_TAG]: ARN }, { host: evil }],
    ['a host that ends alike', { [CLUSTER_TAG]: ARN }, { host: `evil.${CLUSTER}` }],
    [
      'a host that is alike but for a dot',
      { [CLUSTER_TAG]: ARN },
      { host: CLUSTER.replace('demo.', 'demo-') },
    ],
    ['another cluster', { [CLUSTER_TAG]: ARN }, { host: CLUSTER.replace('demo', 'test') }],
    ['another Region', { [CLUSTER_TAG]: ARN }, { host: CLUSTER.replace('eu-central-1', 'us-east-1') }],
    ['another service', { [CLUSTER_TAG]: ARN }, { host: CLUSTER.replace('docdb', 'rds') }],
    [
      'an instance that is named like the cluster',
      { [CLUSTER_TAG]: ARN },
      { host: CLUSTER.replace('cluster-', '') },
    ],
    ['a reader endpoint', { [CLUSTER_TAG]: ARN }, { host: CLUSTER.replace('cluster-', 'cluster-ro-') }],
    [
      'China’s form of the host',
      { [CLUSTER_TAG]: ARN },
      { host: 'demo.cluster-x.docdb.eu-central-1.amazonaws.com.cn' },
    ],
    ['a cluster, by an ARN that is none', { [CLUSTER_TAG]: `${ARN}.cluster-x` }, {}],
    ['a cluster, by the ARN of an instance', { [CLUSTER_TAG]: ARN.replace(':cluster:', ':db:') }, {}],
    ['a cluster, by an ARN with a pattern in it', { [CLUSTER_TAG]: ARN.replace('demo', '.*') }, {}],
    ['another port than the tag’s', { [HOST_TAG]: `${CLUSTER}:${PORT}` }, { port: 27018 }],
    ['another port than the usual one, if the tag has none', { [HOST_TAG]: CLUSTER }, { port: 27018 }],
    [
      'the cluster of AWS’s tag, if the owner’s tag names another',
      { [CLUSTER_TAG]: ARN, [HOST_TAG]: 'other.example' },
      {},
    ],
  ])('%s', async (_what, tags, secret) => {
    await expect(attempt(worldWith({ tags }), secret)).rejects.toThrow(/its tags do not name/);
  });

  it('another host, by tags of the application’s secret', async () => {
    const world = worldWith();
    world.store.setTag('shop/app', HOST_TAG, `${CLUSTER}:${PORT}`);
    await expect(attempt(world, {})).rejects.toThrow(/its tags do not name/);
  });
});

describe('an admin secret without a host that no service manages', () => {
  it.each([HOST_TAG, CLUSTER_TAG])('is refused, with the tag %s too', async (tag) => {
    const value = tag === HOST_TAG ? `${CLUSTER}:${PORT}` : ARN;
    const world = worldWith({ managed: false, tags: { [tag]: value } });
    await expect(attempt(world, {})).rejects.toThrow(/the key "host" is missing/);
  });

  it('is refused if it says itself that it is managed', async () => {
    const keys = { owningService: 'rds', OwningService: 'rds', managedBy: 'rds' };
    const world = worldWith({ managed: false, keys, tags: { [HOST_TAG]: CLUSTER } });
    await expect(attempt(world, {})).rejects.toThrow(/the key "host" is missing/);
  });

  it('and one with the host of another cluster is refused as before', async () => {
    const world = worldWith({ managed: true, tags: { [CLUSTER_TAG]: ARN } });
    const text = secretText({ host: 'other.example', username: 'root', password: newPassword() });
    world.store.addVersion(ADMIN_SECRET, ['AWSCURRENT'], text);
    await expect(attempt(world, {})).rejects.toThrow(/is for other\.example/);
  });
});
