import { describe, expect, it } from 'vitest';
import { GRACE_TAG } from '../../../functions/contract/tags.ts';
import { Account, type AccountOptions } from '../../support/account.ts';
import { ROOT } from '../../support/in-memory-database.ts';
import { SECRET, secretText, type WorldOptions } from '../../support/rotation-world.ts';

/*
 * A change that is sent, and whose answer is lost: it is repeated, which succeeds, and what was sent first is carried out some time later, within
 * the drain. Nothing may come of it, whatever else happens meanwhile: people write, the execution ends, the next one begins.
 */

const SINGLES: Record<string, WorldOptions> = {
  'single user through admin': { admin: true, previous: { username: 'app', state: 'locked' } },
  'single user by itself': { username: 'boss', roles: ROOT, previous: { username: 'boss', state: 'locked' } },
};
const PAIRS: Record<string, WorldOptions> = {
  'alternating users': {
    strategy: 'alternating-users',
    admin: true,
    previous: { username: 'app_clone', state: 'logs in' },
  },
  'admin clone': {
    strategy: 'admin-clone',
    username: 'boss',
    roles: ROOT,
    previous: { username: 'boss_clone', state: 'locked' },
  },
};
const NEW_PAIRS: Record<string, WorldOptions> = {
  'alternating users': { strategy: 'alternating-users', admin: true },
  'admin clone': { strategy: 'admin-clone', username: 'boss', roles: ROOT },
};
const ALL = { ...SINGLES, ...PAIRS };

interface Late {
  /** What the ARN of the execution contains. */
  readonly by: string;
  readonly methods: readonly string[];
  /** Which of these calls, from 1. */
  readonly number?: number;
  readonly ms: number;
  /** Runs when it is sent. */
  readonly meanwhile?: (account: Account) => void;
}

/** An account in which one call is carried out late, and answered by nothing. */
const openWith = async (options: AccountOptions, { by, methods, number = 1, ms, meanwhile }: Late) => {
  let calls = 0;
  const account: Account = await Account.open({
    ...options,
    mishap: ({ execution, method }) => {
      if (!execution.includes(by) || !methods.includes(method) || ++calls !== number) return undefined;
      meanwhile?.(account);
      return { late: ms };
    },
  });
  return { account, wasLate: () => calls >= number };
};

const start = (account: Account, name: string) => account.start('rotation', name, { secretId: SECRET });

const writeGarbage = (account: Account): void => {
  account.isWatched = false;
  account.world.store.putByHand(SECRET, secretText({ username: 'x', password: 'none' }));
  void account.changed();
};

const expectCurrentLogsIn = ({ world, story }: Account): void => {
  const current = world.store.holder(SECRET, 'AWSCURRENT');
  expect(world.logsInEverywhere(current), story.join('\n')).toBe(true);
  expect(world.database.user(world.usernameOf(current ?? '') ?? '')?.roles, story.join('\n')).not.toEqual([]);
};

const expectNothingGained = ({ world, story }: Account, before: readonly string[]): void => {
  expect(
    world.snapshot().logsIn.filter((version) => !before.includes(version)),
    story.join('\n'),
  ).toEqual([]);
};

/** A trial of the admin's own power is the first updateUser of a single user's SetSecret. */
const changeOf = ({ admin, strategy }: WorldOptions): number => (admin && strategy === undefined ? 2 : 1);

describe.each(Object.entries(ALL))('SetSecret’s change of %s', (_name, options) => {
  it.each([500, 5000, 20_000, 40_000])(
    'is undone where AWSCURRENT is written meanwhile: %i ms late',
    async (ms) => {
      const number = changeOf(options);
      const { account, wasLate } = await openWith(options, {
        by: ':one',
        methods: ['updateUser'],
        number,
        ms,
      });
      account.after(/:one$/, 'updateUser', () => writeGarbage(account), number);
      const before = account.world.snapshot().logsIn;
      const one = start(account, 'one');
      await account.time.run();
      expect([wasLate(), one.error]).toEqual([true, 'RolledBack']);
      expectCurrentLogsIn(account);
      expectNothingGained(account, before);
    },
  );
});

describe.each(Object.entries(PAIRS))('SetSecret’s change of %s', (name, options) => {
  it.each([5000, 20_000])(
    'is undone where an administrator gives a role before it is repeated: %i ms late',
    async (ms) => {
      const giveRole = ({ world: { database } }: Account): void => {
        const user = name === 'admin clone' ? 'boss' : 'app';
        const { password = '', roles = [] } = database.user(user) ?? {};
        database.addUser(user, password, [...roles, { role: 'read', db: 'more' }]);
      };
      const late = { by: ':one', methods: ['updateUser'], ms, meanwhile: giveRole };
      const { account, wasLate } = await openWith(options, late);
      const before = account.world.snapshot().logsIn;
      const one = start(account, 'one');
      await account.time.run();
      expect([wasLate(), one.error]).toEqual([true, 'RolledBack']);
      expectNothingGained(account, before);
    },
  );
});

describe.each(Object.entries(SINGLES))('SetSecret’s change of %s', (_name, options) => {
  it.each<[string, number]>([
    ['on demand', 5000],
    ['on demand', 40_000],
    ['by Secrets Manager', 20_000],
    ['by Secrets Manager', 40_000],
  ])('comes before the next rotation, %s: %i ms late', async (how, ms) => {
    const late = { by: ':one', methods: ['updateUser'], number: changeOf(options), ms };
    const { account, wasLate } = await openWith(options, late);
    const one = start(account, 'one');
    const ends: (string | undefined)[] = [];
    if (how === 'by Secrets Manager') void account.at(1, async () => void (await account.rotateByService()));
    else
      void one.ended.then(() => {
        const two = start(account, 'two');
        void two.ended.then(() => ends.push(two.status));
      });
    await account.time.run();
    expect([wasLate(), one.status]).toEqual([true, 'SUCCEEDED']);
    expect(one.ending?.path.join(' ')).toMatch(
      /CheckAfter ReleaseLock ChooseEnd WaitForDrain ChooseCompensation CheckAfter ReleaseLock ChooseEnd Rotated$/,
    );
    if (how === 'on demand') expect(ends).toEqual(['SUCCEEDED']);
    expectCurrentLogsIn(account);
  });
});

describe.each(Object.entries(ALL))('FinishSecret’s promotion of %s', (_name, options) => {
  it.each([2000, 9000, 40_000])('is undone where AWSCURRENT is written meanwhile: %i ms late', async (ms) => {
    const late = { by: ':one', methods: ['moveLabel'], number: 3, ms };
    const { account, wasLate } = await openWith(options, late);
    account.after(/:one$/, 'moveLabel', () => writeGarbage(account), 3);
    start(account, 'one');
    await account.time.run();
    expect(wasLate()).toBe(true);
    expectCurrentLogsIn(account);
  });
});

describe.each(Object.entries(NEW_PAIRS))(
  'What disables a user of %s comes before the next rotation makes it again',
  (_name, options) => {
    it.each([5000, 20_000, 40_000])('a compensation’s: %i ms late', async (ms) => {
      const { account, wasLate } = await openWith(options, { by: ':one', methods: ['dropUser'], ms });
      account.after(/:one$/, 'createUser', () => writeGarbage(account));
      const one = start(account, 'one');
      void one.ended.then(() => start(account, 'two'));
      await account.time.run();
      expect([wasLate(), one.error]).toEqual([true, 'RolledBack']);
      expectCurrentLogsIn(account);
    });

    const afterThe = async (account: Account, machine: 'recovery' | 'retirement', then: () => void) => {
      const hasEnded = () =>
        [...account.executions.values()].some(
          (each) => each.machine === machine && each.status !== 'RUNNING',
        );
      while (!hasEnded()) await account.time.sleep(200);
      then();
    };

    it.each([5000, 20_000, 40_000])('a recovery’s: %i ms late', async (ms) => {
      const late = { by: ':recovery:', methods: ['updateUser', 'dropUser'], ms };
      const { account, wasLate } = await openWith(options, late);
      const one = start(account, 'one');
      account.after(/:one$/, 'createUser', () => one.stop());
      void afterThe(account, 'recovery', () => void start(account, 'two'));
      await account.time.run();
      expect(wasLate()).toBe(true);
      expectCurrentLogsIn(account);
    });

    describe.each(['lock', 'delete', 'revoke'] as const)(
      'a retirement’s, by the policy %s',
      (retirementPolicy) => {
        it.each([5000, 20_000, 40_000])('%i ms late', async (ms) => {
          const late = { by: ':retirement:', methods: ['updateUser', 'dropUser'], ms };
          const { account, wasLate } = await openWith({ ...options, retirementPolicy }, late);
          account.world.store.setTag(SECRET, GRACE_TAG, '0');
          await account.changed();
          start(account, 'one');
          void afterThe(account, 'retirement', () => {
            account.world.store.setTag(SECRET, GRACE_TAG, '100000');
            void account.changed().then(() => start(account, 'two'));
          });
          await account.time.run();
          expect(wasLate()).toBe(true);
          expectCurrentLogsIn(account);
        });
      },
    );
  },
);
