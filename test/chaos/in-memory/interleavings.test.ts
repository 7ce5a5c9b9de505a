import { describe, expect, it } from 'vitest';
import { Account, type AccountOptions, type Started } from '../../support/account.ts';
import { ROOT } from '../../support/in-memory-database.ts';
import { newPassword } from '../../support/in-memory-secret-store.ts';
import { orphanProblems } from '../../support/invariants.ts';
import { SECRET, secretText, type WorldOptions } from '../../support/rotation-world.ts';
import { Random } from '../soak/random.ts';

/*
 * People, executions and Secrets Manager meet, in virtual time: the real definitions, the real functions, and a rule that starts
 * recoveries. An execution that is stopped leaves the function behind that it runs.
 */

const SINGLE: WorldOptions = { admin: true, previous: { username: 'app', state: 'locked' } };
const CLONE: WorldOptions = { strategy: 'admin-clone', username: 'boss', roles: ROOT };
const PAIR: WorldOptions = { strategy: 'alternating-users', admin: true };

const ROTATE = { secretId: SECRET };

/** Seconds, each a step later: everything that can be met on the way is. */
const sweep = (from: number, to: number, step: number): number[] =>
  Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => from + index * step);

const problemsOf = (account: Account): string[] => [
  ...account.problems,
  ...account.world.endProblems(),
  ...orphanProblems(account.world),
];

/** Fails with the whole story. */
const expectWell = (account: Account, what: string): void => {
  const problems = problemsOf(account);
  if (problems.length > 0) expect.fail([what, ...problems, ...account.story].join('\n'));
};

const endOf = ({ status, error }: Started): string => error ?? status;

const label = ({ world }: Account, name: string): string | undefined => world.store.holder(SECRET, name);

const named = (account: Account, name: RegExp): Started[] =>
  [...account.executions.values()].filter(({ arn }) => name.test(arn));

const one = (account: Account, name: RegExp): Started => {
  const [first] = named(account, name);
  if (first === undefined) throw new Error(`there is no execution ${name}\n${account.story.join('\n')}`);
  return first;
};

const FIRST_ATTEMPT = /:shop-app-.*-1$/;
const SECOND_ATTEMPT = /:shop-app-.*-2$/;

/** A rotation on demand, or anything else, after all of the above: no one is locked out. */
const rotateAgain = async (account: Account): Promise<void> => {
  const again = account.start('rotation', 'again', ROTATE);
  await account.time.run();
  expect(endOf(again), account.story.join('\n')).toBe('SUCCEEDED');
  expectWell(account, 'rotated again');
};

describe("Secrets Manager's attempt is aborted, and the same token is tried again", () => {
  it('waits for the recovery of the first attempt, and finds its version in use', async () => {
    const account = await Account.open(SINGLE);
    account.after(FIRST_ATTEMPT, 'updateUser', () => one(account, FIRST_ATTEMPT).stop());
    const told = account.rotateByService({ pause: 5 });
    await account.time.run();
    expect((await told).at(-1)).toBe('rotated');
    const recovery = one(account, /:by-rule-1$/);
    const second = one(account, SECOND_ATTEMPT);
    expect(second.input).toMatchObject({ mode: 'verify' });
    expect(second.begun).toBeGreaterThan(recovery.endedAt ?? Number.POSITIVE_INFINITY);
    expectWell(account, 'a retry of the same token');
    await rotateAgain(account);
  });

  it.each([
    ['a single user', SINGLE],
    ['a pair', PAIR],
    ['an admin and its clone', CLONE],
  ])('of %s: ends well, wherever it is aborted', async (_kind, options) => {
    for (const second of sweep(0.05, 1.2, 0.03)) {
      const account = await Account.open(options);
      const told = account.rotateByService({ pause: 5 });
      void account.at(second, () => named(account, FIRST_ATTEMPT)[0]?.stop());
      await account.time.run();
      expect((await told).at(-1), account.story.join('\n')).toBe('rotated');
      expectWell(account, `aborted after ${second} s`);
    }
  });

  it('and rotates with it after a first attempt that was compensated', async () => {
    const account = await Account.open({
      ...SINGLE,
      mishap: ({ execution, method }) =>
        FIRST_ATTEMPT.test(execution) && method === 'ping' && account.time.now() < 100_000
          ? 'unavailable'
          : undefined,
    });
    const told = account.rotateByService({ pause: 5 });
    await account.time.run();
    expect(endOf(one(account, FIRST_ATTEMPT)), account.story.join('\n')).toBe('RolledBack');
    expect((await told).at(-1), account.story.join('\n')).toBe('rotated');
    expectWell(account, 'after compensation');
  });

  it('never takes AWSCURRENT from a version that logs in', async () => {
    for (const pause of [1, 20, 74, 76, 90]) {
      const account = await Account.open(SINGLE);
      let demoted = 0;
      account.after(FIRST_ATTEMPT, 'updateUser', () => one(account, FIRST_ATTEMPT).stop());
      account.after(/./, 'moveLabel', () => {
        if (
          !account.world.logsIn(label(account, 'AWSCURRENT')) &&
          account.world.logsIn(label(account, 'AWSPREVIOUS'))
        )
          demoted += 1;
      });
      const told = account.rotateByService({ pause });
      await account.time.run();
      expect((await told).at(-1)).toBe('rotated');
      expect(demoted).toBe(0);
      expectWell(account, `tried again after ${pause} s`);
    }
  });
});

describe("an execution with a copy of the input of Secrets Manager's own", () => {
  const CHANGES = ['put', 'moveLabel', 'setTags', 'createUser', 'updateUser', 'dropUser'];

  it('is refused at any moment, and touches nothing', async () => {
    for (const second of sweep(0.3, 2, 0.05)) {
      const account = await Account.open(SINGLE);
      const told = account.rotateByService();
      void account.at(second, () => account.start('rotation', 'copy', one(account, FIRST_ATTEMPT).input));
      await account.time.run();
      const copy = one(account, /:copy$/);
      expect(endOf(copy)).toBe('UnknownTokenError');
      expect(copy.cause).toContain('Nothing was changed');
      const changes = account.calls.filter(
        ({ execution, method }) => execution.endsWith(':copy') && CHANGES.includes(method),
      );
      expect(changes).toEqual([]);
      expect(await told).toEqual(['rotated']);
      expectWell(account, `copied after ${second} s`);
    }
  });
});

describe('two executions on demand with the same input', () => {
  it.each([
    ['a single user', SINGLE],
    ['a pair that never rotated', PAIR],
    ['an admin that never rotated', CLONE],
  ])(
    'of %s: one rotates; the other comes after it, or is refused and leaves nothing',
    async (_kind, options) => {
      for (const second of sweep(0, 1.2, 0.04)) {
        const account = await Account.open(options);
        const first = account.start('rotation', 'one', ROTATE);
        let other: Started | undefined;
        void account.at(second, () => {
          other = account.start('rotation', 'other', ROTATE);
        });
        await account.time.run();
        const ends = [first, other as Started].map(endOf);
        expect(ends, account.story.join('\n')).toContain('SUCCEEDED');
        for (const end of ends) expect(['SUCCEEDED', 'RotationInProgressError']).toContain(end);
        expectWell(account, `the second after ${second} s`);
        await rotateAgain(account);
      }
    },
  );
});

describe('a redrive of an execution that was stopped', () => {
  it("does no harm beside Secrets Manager's retry of the same token", async () => {
    for (const second of [0.5, 2, 30, 70, 76, 80, 100, 300]) {
      const account = await Account.open(SINGLE);
      account.after(FIRST_ATTEMPT, 'updateUser', () => one(account, FIRST_ATTEMPT).stop());
      const told = account.rotateByService({ pause: 5 });
      void account.at(second, () => account.redrive(one(account, FIRST_ATTEMPT)));
      await account.time.run();
      expect((await told).at(-1), account.story.join('\n')).toBe('rotated');
      expectWell(account, `redriven after ${second} s`);
    }
  });
});

describe('a recovery that is stopped', () => {
  /** An operator takes the lock from a rotation that runs, right after its password is in the database. */
  const recoverLive = async (options: AccountOptions): Promise<Account> => {
    const account = await Account.open(options);
    account.start('rotation', 'one', ROTATE);
    account.after(/:one$/, 'updateUser', () => account.start('recovery', 'by-hand', ROTATE));
    return account;
  };

  it('in its wait, beside a rotation that left everything to it: another one starts, and AWSCURRENT logs in', async () => {
    for (const second of sweep(0.3, 77, 1.7)) {
      const account = await recoverLive({
        ...SINGLE,
        latency: ({ execution }) => (execution.endsWith(':one') ? 40 : 10),
      });
      void account.at(second, () => named(account, /:by-hand$/)[0]?.stop());
      await account.time.run();
      expectWell(account, `stopped after ${second} s`);
      await rotateAgain(account);
    }
  });

  it('by an error of Step Functions: another one starts', async () => {
    const account = await recoverLive(SINGLE);
    void account.at(20, () => one(account, /:by-hand$/).stop('FAILED', 'States.DataLimitExceeded'));
    await account.time.run();
    expect(named(account, /:recovery:by-rule/).some(({ ending }) => ending?.path.includes('Recovered'))).toBe(
      true,
    );
    expectWell(account, 'died');
  });

  it('again and again: each is followed by another, until the last one is', async () => {
    for (const stops of [1, 2, 3, 4]) {
      const account = await Account.open(SINGLE);
      const first = account.start('rotation', 'one', ROTATE);
      account.after(/:one$/, 'updateUser', () => first.stop());
      for (let number = 1; number <= stops; number++)
        void account.at(20 * number, () => one(account, new RegExp(`:by-rule-${number}$`)).stop());
      await account.time.run();
      expect(endOf(one(account, new RegExp(`:by-rule-${stops + 1}$`))), account.story.join('\n')).toBe(
        'SUCCEEDED',
      );
      expectWell(account, `${stops} recoveries stopped`);
    }
  });

  it('more often than five times: the operators are told', async () => {
    const account = await Account.open(SINGLE);
    const first = account.start('rotation', 'one', ROTATE);
    account.after(/:one$/, 'updateUser', () => first.stop());
    for (let number = 1; number <= 5; number++)
      void account.at(20 * number, () => named(account, new RegExp(`:by-rule-${number}$`))[0]?.stop());
    await account.time.run();
    expect(account.notices).toHaveLength(1);
    account.start('recovery', 'by-hand', ROTATE);
    await account.time.run();
    expectWell(account, 'recovered by hand');
  });
});

describe('a retirement that meets another rotation', () => {
  /** The second rotation's pings fail for some minutes: it waits, and is compensated. */
  const meet = async (options: AccountOptions, isFailing: boolean): Promise<Account> => {
    const account = await Account.open({
      ...options,
      latency: ({ execution }) => (execution.endsWith(':two') ? 300 : 10),
      mishap: ({ execution, method }) =>
        isFailing && execution.endsWith(':two') && method === 'ping' && account.time.now() < 4_200_000
          ? 'unavailable'
          : undefined,
    });
    account.start('rotation', 'one', ROTATE);
    void account.at(3590, () => account.start('rotation', 'two', ROTATE));
    await account.time.run();
    return account;
  };

  it('waits, and retires when the other has failed', async () => {
    const account = await meet(CLONE, true);
    expect(endOf(one(account, /:rotation:two$/)), account.story.join('\n')).toBe('RolledBack');
    const [retirement] = named(account, /:retirement:/);
    expect(retirement?.ending?.output).toMatchObject({ outcome: 'locked', user: 'boss' });
    expect(account.world.logsIn(account.world.current)).toBe(false);
    expectWell(account, 'the other failed');
  });

  it('is superseded only when AWSCURRENT has moved', async () => {
    const account = await meet(CLONE, false);
    expect(endOf(one(account, /:rotation:two$/)), account.story.join('\n')).toBe('SUCCEEDED');
    const outcomes = named(account, /:retirement:/).map(({ ending }) => ending?.output);
    expect(outcomes).toMatchObject([{ outcome: 'superseded' }, { outcome: 'locked', user: 'boss_clone' }]);
  });

  it('waits while Secrets Manager only tests, and retires when AWSPENDING is off', async () => {
    const account = await Account.open(CLONE);
    account.start('rotation', 'one', ROTATE);
    const { store } = account.world;
    void account.at(3000, () => {
      const value = store.valueOf(SECRET, label(account, 'AWSCURRENT') ?? '');
      store.addVersion(SECRET, ['AWSPENDING'], value);
    });
    void account.at(4000, () =>
      store.move(SECRET, 'AWSPENDING', { from: label(account, 'AWSPENDING') ?? '' }),
    );
    await account.time.run();
    const [retirement] = named(account, /:retirement:/);
    expect(retirement?.ending?.output).toMatchObject({ outcome: 'locked', user: 'boss' });
    expect(retirement?.endedAt).toBeGreaterThan(4_000_000);
    expectWell(account, 'AWSPENDING was in the way');
  });
});

describe('two recoveries by hand', () => {
  it('do not take the lock from each other for ever', async () => {
    for (const second of [1, 30, 70, 76, 80]) {
      const account = await Account.open(SINGLE);
      account.start('rotation', 'one', ROTATE);
      account.after(/:one$/, 'updateUser', () => account.start('recovery', 'first', ROTATE));
      void account.at(second, () => account.start('recovery', 'second', ROTATE));
      await account.time.run();
      expect(account.time.now()).toBeLessThan(400_000);
      expectWell(account, `the second after ${second} s`);
    }
  });
});

describe('a recovery that comes late', () => {
  it.each([
    ['on demand', false],
    ['by Secrets Manager', true],
  ])(
    'for a rotation %s that was stopped when all was done: it leaves a later rotation alone',
    async (_way, byService) => {
      const account = await Account.open({ ...PAIR, retirementPolicy: 'lock', ruleDelay: 60 });
      account.after(
        /:rotation:/,
        'moveLabel',
        () => {
          if (
            label(account, 'AWSCURRENT') === account.world.current ||
            label(account, 'docdb-rotation-owner')
          )
            return;
          named(account, /:rotation:/)[0]?.stop();
        },
        byService ? 2 : 4,
      );
      if (byService) void account.rotateByService({ attempts: 1 });
      else account.start('rotation', 'one', ROTATE);
      void account.at(20, () => account.start('rotation', 'two', ROTATE));
      let stillLogsIn = false;
      void account.at(500, () => {
        stillLogsIn = account.world.logsIn(label(account, 'AWSPREVIOUS'));
      });
      await account.time.run();
      expect(named(account, /:by-rule-1$/).map(endOf)).toEqual(['SUCCEEDED']);
      expect(stillLogsIn, account.story.join('\n')).toBe(true);
      expectWell(account, 'late');
    },
  );
});

describe('CreateSecret that died when it had the lock, and is tried again', () => {
  it.each([
    ['a rotation', ROTATE],
    ['a revert', { ...ROTATE, mode: 'revert' }],
  ])('%s: gives the lock back where Secrets Manager has begun meanwhile', async (_what, input) => {
    const account = await Account.open({
      ...SINGLE,
      mishap: ({ execution, method, number }) =>
        execution.endsWith(':one') && method === 'moveLabel' && number === 2 ? 'dies before' : undefined,
    });
    let told: Promise<string[]> = Promise.resolve([]);
    account.after(/:one$/, 'moveLabel', () => {
      told = account.rotateByService();
    });
    const first = account.start('rotation', 'one', input);
    await account.time.run();
    expect(endOf(first)).toBe('RotationInProgressError');
    expect(await told, account.story.join('\n')).toEqual(['rotated']);
    expectWell(account, 'it gave the lock back');
  });
});

describe('a function that runs on when its execution is stopped', () => {
  it('and takes the lock when another execution has released it: a recovery that looks again releases it', async () => {
    const account = await Account.open({
      ...SINGLE,
      proven: false,
      latency: ({ execution, method }) =>
        execution.endsWith(':one') && method === 'put' ? 20_000 : execution.endsWith(':two') ? 450 : 10,
    });
    const first = account.start('rotation', 'one', ROTATE);
    void account.at(0.2, () => account.start('rotation', 'two', { ...ROTATE, mode: 'revert' }));
    void account.at(4, () => first.stop());
    await account.time.run();
    expect(endOf(one(account, /:rotation:two$/))).toBe('UntrustedVersionError');
    expectWell(account, 'the function ran on');
    await rotateAgain(account);
  });
});

describe('a label that is taken off by hand', () => {
  it('AWSPENDING, in the outage window: the rotation takes it back or goes on, and ends well', async () => {
    for (const second of sweep(0.2, 0.75, 0.01)) {
      const account = await Account.open(SINGLE);
      const first = account.start('rotation', 'one', ROTATE);
      void account.at(second, () => {
        const from = label(account, 'AWSPENDING');
        if (from !== undefined) account.world.store.move(SECRET, 'AWSPENDING', { from });
      });
      await account.time.run();
      expect(endOf(first), account.story.join('\n')).toBe('SUCCEEDED');
      expectWell(account, `taken off after ${second} s`);
      await rotateAgain(account);
    }
  });

  it('the owner label: a recovery follows, and AWSCURRENT logs in', async () => {
    let superseded = 0;
    for (const second of sweep(0.05, 0.75, 0.01)) {
      const account = await Account.open(SINGLE);
      const first = account.start('rotation', 'one', ROTATE);
      void account.at(second, () => {
        const from = label(account, 'docdb-rotation-owner');
        if (from !== undefined) account.world.store.move(SECRET, 'docdb-rotation-owner', { from });
      });
      await account.time.run();
      if (endOf(first) === 'RotationSupersededError') superseded += 1;
      expectWell(account, `taken off after ${second} s`);
      await rotateAgain(account);
    }
    expect(superseded).toBeGreaterThan(10);
  });

  it('the owner label, from a recovery that waits: it takes the lock again', async () => {
    for (const name of [/:by-rule-1$/, /:by-hand$/]) {
      const account = await Account.open(SINGLE);
      const first = account.start('rotation', 'one', ROTATE);
      account.after(/:one$/, 'updateUser', () =>
        name.test(':by-hand') ? account.start('recovery', 'by-hand', ROTATE) : first.stop(),
      );
      void account.at(30, () =>
        account.world.store.move(SECRET, 'docdb-rotation-owner', {
          from: label(account, 'docdb-rotation-owner') ?? '',
        }),
      );
      await account.time.run();
      expect(endOf(one(account, name))).toBe('SUCCEEDED');
      expectWell(account, 'taken off a recovery');
    }
  });

  it('both: a recovery still finds the version whose password the database has', async () => {
    const account = await Account.open(SINGLE);
    account.isWatched = false;
    account.start('rotation', 'one', ROTATE);
    account.after(/:one$/, 'updateUser', () => {
      for (const name of ['AWSPENDING', 'docdb-rotation-owner'])
        account.world.store.move(SECRET, name, { from: label(account, name) ?? '' });
    });
    await account.time.run();
    expectWell(account, 'both were taken off');
  });
});

describe('answers of Secrets Manager that are old', () => {
  const SEEDS = sweep(1, 40, 1);

  const old = (seed: number, longest: number): Pick<AccountOptions, 'age' | 'isMonotonic'> => {
    const random = new Random(seed);
    return { age: () => random.next() * longest, isMonotonic: seed % 2 === 0 };
  };

  it.each([
    ['a single user', SINGLE],
    ['a pair', PAIR],
    ['an admin and its clone', CLONE],
  ])('of %s: no rotation fails falsely, on demand or by Secrets Manager', async (_kind, options) => {
    for (const seed of SEEDS) {
      const account = await Account.open({ ...options, ...old(seed, 4000) });
      const first = account.start('rotation', 'one', ROTATE);
      await account.time.run();
      expect(endOf(first), account.story.join('\n')).toBe('SUCCEEDED');
      const told = account.rotateByService();
      await account.time.run();
      expect(await told, account.story.join('\n')).toEqual(['rotated']);
      expectWell(account, `seed ${seed}`);
    }
  });

  it('a refused rotation leaves nothing dangling', async () => {
    for (const seed of SEEDS) {
      const account = await Account.open({
        ...SINGLE,
        ...old(seed, 4000),
        mishap: ({ method }) => (method === 'login' ? 'unavailable' : undefined),
      });
      const first = account.start('rotation', 'one', ROTATE);
      await account.time.run();
      expect(endOf(first)).toBe('DatabaseUnavailableError');
      expect(first.cause).toContain('Nothing was changed');
      expectWell(account, `seed ${seed}`);
      expect(account.world.restoredProblems()).toEqual([]);
    }
  });
});

describe('a change that the database makes after its caller has given up', () => {
  it.each([5, 20, 44])(
    '%s seconds late: compensation looks again, and AWSCURRENT logs in',
    async (seconds) => {
      const account = await Account.open({
        ...SINGLE,
        mishap: ({ method, number }) =>
          method === 'updateUser' && number === 1
            ? { late: seconds * 1000 }
            : method === 'updateUser' && account.time.now() < 200
              ? 'unavailable'
              : undefined,
      });
      const first = account.start('rotation', 'one', ROTATE);
      await account.time.run();
      expect(['SUCCEEDED', 'RolledBack'], account.story.join('\n')).toContain(endOf(first));
      expectWell(account, 'late');
    },
  );

  it('behind the compensation: it is looked at again after the drain', async () => {
    const account = await Account.open({
      ...SINGLE,
      mishap: ({ method, number }) =>
        method !== 'updateUser'
          ? undefined
          : number === 8
            ? { late: 44_000 }
            : number < 8
              ? 'unavailable'
              : undefined,
    });
    const first = account.start('rotation', 'one', ROTATE);
    await account.time.run();
    expect(endOf(first)).toBe('RolledBack');
    expect(first.ending?.path).toContain('WaitForDrain');
    expectWell(account, 'late');
    expect(account.world.restoredProblems()).toEqual([]);
  });
});

describe('AWSPENDING that a written value has left on AWSPREVIOUS', () => {
  it('blocks no rotation', async () => {
    const account = await Account.open({ ...SINGLE, pendingOnCurrent: true });
    const { store, database, current } = account.world;
    const password = newPassword();
    const written = store.addVersion(SECRET, [], secretText({ username: 'app', password }));
    store.move(SECRET, 'AWSCURRENT', { from: current, to: written });
    const app = database.user('app');
    database.addUser('app', password, app?.roles ?? []);
    await account.changed();
    expect(label(account, 'AWSPENDING')).toBe(label(account, 'AWSPREVIOUS'));
    await rotateAgain(account);
  });
});

describe('a retirement whose start is not confirmed', () => {
  it('is told as unknown, and retires all the same', async () => {
    const account = await Account.open({ ...CLONE, isRetirementReplyLost: true });
    const first = account.start('rotation', 'one', ROTATE);
    await account.time.run();
    expect(first.ending).toMatchObject({ status: 'SUCCEEDED', output: { retirement: 'unknown' } });
    expect(named(account, /:retirement:/).map(endOf)).toEqual(['SUCCEEDED']);
    expectWell(account, 'the reply was lost');
  });
});

describe('CreateSecret that is stopped right after one of its moves', () => {
  const MOVES = ['put', 'moveLabel', 'setTags'];

  it.each([
    ['a single user', SINGLE],
    ['an admin and its clone', CLONE],
  ])('of %s: leaves nothing in the way of the next rotation', async (_kind, options) => {
    for (const method of MOVES)
      for (const number of [1, 2]) {
        const account = await Account.open(options);
        const first = account.start('rotation', 'one', ROTATE);
        account.after(/:rotation:one$/, method, () => first.stop(), number);
        await account.time.run();
        expectWell(account, `${method} ${number}`);
        await rotateAgain(account);
      }
  });
});
