import { Db, MongoClient, MongoServerError, MongoWriteConcernError } from 'mongodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  DatabaseIncompatibleError,
  DatabaseUnavailableError,
  NotAuthorizedError,
} from '../../../../functions/contract/errors.ts';
import type { Session } from '../../../../functions/database/database.ts';
import { documentDb } from '../../../../functions/database/document-db.ts';
import { newPassword } from '../../../support/in-memory-secret-store.ts';

/** What a server is asked, and answers, as the driver passes it on. Real servers are in test/stack and test/security. */
const server = {
  commands: [] as Record<string, unknown>[],
  socketTimeoutMs: 0,
  answer: (_command: Record<string, unknown>): Record<string, unknown> => ({ ok: 1 }),
  connect: () => {},
  closed: 0,
};

// No mock of the module: the files of unit tests share it.
beforeAll(() => {
  vi.spyOn(MongoClient.prototype, 'connect').mockImplementation(async function (this: MongoClient) {
    server.socketTimeoutMs = this.options.socketTimeoutMS;
    server.connect();
    return this;
  });
  vi.spyOn(Db.prototype, 'command').mockImplementation(async (command) => {
    server.commands.push(command);
    return server.answer(command);
  });
  vi.spyOn(MongoClient.prototype, 'close').mockImplementation(async () => {
    server.closed += 1;
  });
});
afterAll(() => void vi.restoreAllMocks());

const LOGIN = { host: 'host', port: 27017, username: 'app', password: newPassword(), tls: true };
const ROLES = [{ role: 'readWrite', db: 'shop' }];

const login = () => documentDb([]).login(LOGIN);

const open = async (): Promise<Session> => {
  const session = await login();
  if (session === undefined) throw new Error('it was refused');
  return session;
};

/** The server answers one command with an error, and every other. */
const failAt = (name: string, error: Error) => {
  server.answer = (command) => {
    if (name in command) throw error;
    return { ok: 1 };
  };
};

const error = (code: number) => new MongoServerError({ message: 'no', code });
const names = () => server.commands.map((command) => Object.keys(command)[0]);

beforeEach(() => {
  server.commands = [];
  server.answer = () => ({ ok: 1 });
  server.connect = () => {};
  server.closed = 0;
});

const CHANGES = [
  ['createUser', (session: Session) => session.createUser('x', newPassword(), ROLES)],
  ['updateUser', (session: Session) => session.updateUser('x', { password: newPassword() })],
  ['dropUser', (session: Session) => session.dropUser('x')],
] as const;

describe.each(CHANGES)('%s', (name, change) => {
  // Else the connection is cut at the moment at which the server says that the change is made.
  it('waits for a majority, for clearly less time than for an answer', async () => {
    await using session = await open();
    await change(session);
    expect(server.socketTimeoutMs).toBe(10_000);
    expect(server.commands).toEqual([
      expect.objectContaining({ [name]: 'x', writeConcern: { w: 'majority', wtimeout: 5000 } }),
    ]);
  });

  it.each([64, 100, 11])(
    'is neither made nor refused, while no majority confirms it: code %i',
    async (code) => {
      await using session = await open();
      failAt(name, new MongoWriteConcernError({ ok: 1, writeConcernError: { code, errmsg: 'no' } }));
      await expect(change(session)).rejects.toThrow(DatabaseUnavailableError);
    },
  );

  it('meets a transient error', async () => {
    await using session = await open();
    failAt(name, error(112));
    await expect(change(session)).rejects.toThrow(DatabaseUnavailableError);
  });
});

it('a user that does not exist is dropped', async () => {
  await using session = await open();
  failAt('dropUser', error(11));
  await session.dropUser('x');
});

describe('a server is asked by isMaster', () => {
  const answerIsMaster = (code: number) => {
    server.answer = (command) => {
      if ('hello' in command) throw error(code);
      return { ok: 1, ismaster: true, hosts: ['one:1'] };
    };
  };

  it.each([59, 303, 115, 2, 0, 13, 18])('if it answers %i to hello', async (code) => {
    await using session = await open();
    answerIsMaster(code);
    expect(await session.instances()).toEqual([{ host: 'one', port: 1 }]);
    expect(await session.takesWrites()).toBe('here');
    expect(names()).toEqual(['hello', 'isMaster', 'hello', 'isMaster']);
  });

  it.each([91, 112, 11600])('but not if it answers %i', async (code) => {
    await using session = await open();
    answerIsMaster(code);
    await expect(session.instances()).rejects.toThrow(`code ${code}`);
    expect(names()).toEqual(['hello']);
  });

  it('and who may ask nothing at all is told so', async () => {
    await using session = await open();
    server.answer = () => {
      throw error(13);
    };
    await expect(session.instances()).rejects.toThrow(NotAuthorizedError);
    expect(names()).toEqual(['hello', 'isMaster']);
  });
});

describe('the roles of a connection', () => {
  /** What connectionStatus and usersInfo answer: roles, nothing at all, or an error's code. */
  const tell = (status: unknown, info: unknown) => {
    const answerOf = (value: unknown, told: Record<string, unknown>) => {
      if (typeof value === 'number') throw error(value);
      return { ok: 1, ...told };
    };
    server.answer = (command) =>
      'connectionStatus' in command
        ? answerOf(status, { authInfo: status === undefined ? {} : { authenticatedUserRoles: status } })
        : answerOf(info, { users: info === undefined ? [] : [{ roles: info }] });
  };

  it('are those of connectionStatus, without another question', async () => {
    await using session = await open();
    tell(ROLES, []);
    expect(await session.ownRoles()).toEqual(ROLES);
    expect(names()).toEqual(['connectionStatus']);
  });

  it.each([
    ['an empty list', []],
    ['nothing', undefined],
  ] as [string, unknown][])(
    'are those of usersInfo, where connectionStatus tells %s',
    async (_what, status) => {
      await using session = await open();
      tell(status, ROLES);
      expect(await session.ownRoles()).toEqual(ROLES);
      expect(server.commands.at(-1)).toEqual({ usersInfo: { user: 'app', db: 'admin' } });
    },
  );

  it('are none where both say so', async () => {
    await using session = await open();
    tell([], []);
    expect(await session.ownRoles()).toEqual([]);
  });

  it.each([
    ['refuses it', 13],
    ['does not know it', 303],
    ['knows no such user', undefined],
    ['tells the user without roles', null],
  ])(
    'are not known where connectionStatus tells none, and for usersInfo the server %s',
    async (_what, info) => {
      await using session = await open();
      tell([], info);
      expect(await session.ownRoles()).toBeUndefined();
    },
  );

  it.each([2, 13, 59, 303])('are not asked for elsewhere where connectionStatus answers %i', async (code) => {
    await using session = await open();
    tell(code, ROLES);
    await expect(session.ownRoles()).rejects.toThrow(`code ${code}`);
    expect(names()).toEqual(['connectionStatus']);
  });

  it.each(['connectionStatus', 'usersInfo'])('meet a transient error of %s', async (name) => {
    await using session = await open();
    failAt(name, error(11600));
    await expect(session.ownRoles()).rejects.toThrow(DatabaseUnavailableError);
  });
});

it('a user whose roles are not told is one, with roles that are not known', async () => {
  await using session = await open();
  server.answer = () => ({ ok: 1, users: [{ user: 'x' }] });
  expect(await session.findUser('x')).toEqual({ roles: undefined });
});

describe('a login', () => {
  const answer = (code: number) => {
    server.connect = () => {
      throw error(code);
    };
  };

  it('is refused by the one code for it', async () => {
    answer(18);
    expect(await login()).toBeUndefined();
    expect(server.closed).toBe(1);
  });

  it.each([24, 64, 91, 112, 246, 279, 11600])('meets the transient error %i', async (code) => {
    answer(code);
    await expect(login()).rejects.toThrow(DatabaseUnavailableError);
    expect(server.closed).toBe(1);
  });

  it.each([303, -301, 334, 13, 11, 2])('is not refused by the code %i', async (code) => {
    answer(code);
    await expect(login()).rejects.toThrow(DatabaseIncompatibleError);
    expect(server.closed).toBe(1);
  });
});
