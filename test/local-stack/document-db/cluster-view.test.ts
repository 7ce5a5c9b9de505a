import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DocumentDbStandIn, ENGINES, type EngineVersion, startDocumentDb } from './index.ts';
import { command, logIn, newCredential, withClient } from './test-client.ts';

const primaryUser = newCredential('docdbadmin');
let database: DocumentDbStandIn;

// A handshake that fails is tried again until this time is over.
const IMPATIENT = { serverSelectionTimeoutMS: 300 };

beforeAll(async () => {
  database = await startDocumentDb({ primaryUser, instances: 3 });
}, 60_000);
afterAll(() => database.stop());

const hello = (at = database.instances[0]) => command(database, primaryUser, { hello: 1 }, at ? { at } : {});

describe('what the cluster says of itself', () => {
  test('every instance names all instances, itself and the primary', async () => {
    const hosts = database.instances.map(({ host, port }) => `${host}:${port}`);
    for (const [index, at] of database.instances.entries()) {
      expect(await hello(at)).toMatchObject({
        setName: 'rs0',
        hosts,
        me: hosts[index],
        primary: hosts[0],
        isWritablePrimary: index === 0,
        secondary: index !== 0,
      });
    }
  });

  test('the cluster endpoint is a port of its own that leads to the primary', async () => {
    expect(database.instances.map(({ port }) => port)).not.toContain(database.port);
    expect(await hello(database)).toMatchObject({ isWritablePrimary: true });
  });

  // Sources of the numbers: engine-version.ts.
  test.each(Object.keys(ENGINES) as EngineVersion[])(
    'a 6.9 driver talks to engine %s and sees its wire version',
    async (version) => {
      database.setEngineVersion(version);
      try {
        const { maxWireVersion, serverVersion } = ENGINES[version];
        expect(await hello()).toMatchObject({ maxWireVersion });
        expect(await command(database, primaryUser, { buildInfo: 1 })).toMatchObject({
          version: serverVersion,
        });
      } finally {
        database.setEngineVersion('5.0');
      }
    },
  );

  // https://docs.aws.amazon.com/documentdb/latest/devguide/scram-sha-256-auth.html
  test('engine 4.0 knows no SCRAM-SHA-256, and 5.0 does', async () => {
    const ping = () => command(database, primaryUser, { ping: 1 }, { authMechanism: 'SCRAM-SHA-256' });
    await expect(ping()).resolves.toMatchObject({ ok: 1 });
    database.setEngineVersion('4.0');
    try {
      await expect(ping()).rejects.toThrow('[ -301 ]');
    } finally {
      database.setEngineVersion('5.0');
    }
  });

  // https://docs.aws.amazon.com/documentdb/latest/devguide/scram-sha-256-auth.html:
  // "Users that were created with SCRAM-SHA-1 continue to work without any changes."
  test('a user that was made on 4.0 logs in after an upgrade, by SCRAM-SHA-1 alone', async () => {
    const user = newCredential();
    database.setEngineVersion('4.0');
    await command(database, primaryUser, { createUser: user.name, pwd: user.password, roles: [] });
    database.setEngineVersion('5.0');
    expect(await logIn(database, user)).toBe('accepted');
    const by256 = command(database, user, { ping: 1 }, { authMechanism: 'SCRAM-SHA-256' });
    await expect(by256).rejects.toMatchObject({ code: 18 });
  });

  test('serves many logins at once', async () => {
    // All of them, and the tests beside these, share two cores.
    const patience = { connectTimeoutMS: 30_000, serverSelectionTimeoutMS: 30_000 };
    const login = () =>
      withClient(database, primaryUser, (client) => client.db('admin').command({ ping: 1 }), patience);
    const pings = await Promise.all(Array.from({ length: 50 }, login));
    expect(pings.filter(({ ok }) => ok === 1)).toHaveLength(50);
  });

  test('a large document passes whole', async () => {
    const text = 'x'.repeat(5_000_000);
    const read = await withClient(database, primaryUser, async (client) => {
      const collection = client.db('app').collection('large');
      await collection.insertOne({ text });
      return collection.findOne({});
    });
    expect(read?.text).toBe(text);
  });

  test('a driver that discovers the cluster finds the primary and both readers', async () => {
    const [seed] = database.instances;
    const found = await withClient(
      database,
      primaryUser,
      async (client) => {
        await client.db('app').collection('things').insertOne({ written: true });
        return client.db('app').collection('things').countDocuments({ written: true });
      },
      { at: seed ?? database, directConnection: false, replicaSet: 'rs0' },
    );
    expect(found).toBe(1);
  });

  test('a reader reads and takes no write', async () => {
    const at = database.instances[2] ?? database;
    await expect(command(database, primaryUser, { usersInfo: 1 }, { at })).resolves.toMatchObject({ ok: 1 });
    await expect(command(database, primaryUser, { dropUser: 'stranger' }, { at })).rejects.toMatchObject({
      code: 10107,
    });
  });
});

describe('a secondary cluster of a global cluster', () => {
  beforeAll(() => {
    database.readOnly = true;
  });
  afterAll(() => {
    database.readOnly = false;
  });

  // https://docs.aws.amazon.com/documentdb/latest/developerguide/global-clusters.html
  test('has only instances that take no write', async () => {
    for (const at of [database, ...database.instances]) {
      expect(await hello(at)).toMatchObject({ isWritablePrimary: false, secondary: true });
      await expect(command(database, primaryUser, { dropUser: 'stranger' }, { at })).rejects.toMatchObject({
        code: 10107,
      });
    }
  });

  // https://docs.aws.amazon.com/documentdb/latest/developerguide/global-clusters-connect.html
  test('is read as any other', async () => {
    await expect(command(database, primaryUser, { usersInfo: 1 })).resolves.toMatchObject({ ok: 1 });
  });
});

describe('TLS', () => {
  test.each([
    ['other-authority', /self.signed|unable to verify/],
    ['other-name', /altnames/],
    ['expired', /expired/],
  ] as const)(
    'fails the handshake of a front with a certificate of kind %s',
    async (certificate, message) => {
      const at = await database.openFront({ certificate });
      database.observed.splice(0);
      await expect(command(database, primaryUser, { ping: 1 }, { at, ...IMPATIENT })).rejects.toThrow(
        message,
      );
      expect(database.observed).toEqual([]);
    },
  );

  test('fails for a client that speaks TLS to a front that does not', async () => {
    const at = await database.openFront({ certificate: 'none' });
    await expect(command(database, primaryUser, { ping: 1 }, { at, ...IMPATIENT })).rejects.toThrow();
    await expect(
      withClient(database, primaryUser, (client) => client.db('admin').command({ ping: 1 }), {
        at,
        tls: false,
        tlsCAFile: undefined,
      } as never),
    ).resolves.toMatchObject({ ok: 1 });
  });

  test('the certificate is good for localhost too', async () => {
    const at = { host: 'localhost', port: database.port };
    expect(await logIn(database, primaryUser, at)).toBe('accepted');
  });
});
