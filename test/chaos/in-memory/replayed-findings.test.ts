import { describe, expect, it } from 'vitest';
import { Account, type Started } from '../../support/account.ts';
import { ROOT } from '../../support/in-memory-database.ts';
import { orphanProblems } from '../../support/invariants.ts';
import { executionArn } from '../../support/rotation-machine.ts';
import { SECRET, type WorldOptions } from '../../support/rotation-world.ts';

/* Scenarios that once failed, of which no other test here is the exact likeness. */

const SINGLE: WorldOptions = { admin: true, previous: { username: 'app', state: 'locked' } };
const PAIRS: readonly [string, WorldOptions][] = [
  ['a pair that never rotated', { strategy: 'alternating-users', admin: true }],
  ['an admin that never rotated', { strategy: 'admin-clone', username: 'boss', roles: ROOT }],
];

const ROTATE = { secretId: SECRET };
const FIRST_ATTEMPT = /:shop-app-.*-1$/;

const firstAttempt = (account: Account) =>
  [...account.executions.values()].find(({ arn }) => FIRST_ATTEMPT.test(arn));

/** Fails with the whole story. */
const expectWell = (account: Account, what: string): void => {
  const { problems, world, story } = account;
  const found = [...problems, ...world.endProblems(), ...orphanProblems(world)];
  if (found.length > 0) expect.fail([what, ...found, ...story].join('\n'));
};

/** A rotation on demand after all of the above. */
const rotateAgain = async (account: Account): Promise<void> => {
  const again = account.start('rotation', 'again', ROTATE);
  await account.time.run();
  expect(again.status, account.story.join('\n')).toBe('SUCCEEDED');
  expectWell(account, 'rotated again');
};

const seconds = (from: number, to: number, step: number): number[] =>
  Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => from + index * step);

describe.each(PAIRS)('of %s', (_kind, options) => {
  it("a copy of the input of Secrets Manager's own execution is refused at any moment", async () => {
    for (const second of seconds(0.3, 2, 0.05)) {
      const account = await Account.open(options);
      const told = account.rotateByService();
      void account.at(second, () => account.start('rotation', 'copy', firstAttempt(account)?.input));
      await account.time.run();
      const copy = account.executions.get(executionArn('copy'));
      expect(copy?.error, `after ${second} s`).toBe('UnknownTokenError');
      expect(await told).toEqual(['rotated']);
      expectWell(account, `copied after ${second} s`);
      await rotateAgain(account);
    }
  });

  it.each(['login', 'createUser'])(
    'a redrive of an execution that was stopped after a %s does no harm beside a retry of its token',
    async (method) => {
      for (const second of [2, 30, 70, ...seconds(76, 90, 0.2), 100, 300]) {
        const account = await Account.open(options);
        account.after(FIRST_ATTEMPT, method, () => firstAttempt(account)?.stop());
        const told = account.rotateByService({ pause: 5 });
        void account.at(second, () => {
          const first = firstAttempt(account);
          if (first !== undefined) account.redrive(first);
        });
        await account.time.run();
        expect((await told).at(-1), account.story.join('\n')).toBe('rotated');
        expectWell(account, `redriven after ${second} s`);
        await rotateAgain(account);
      }
    },
  );
});

describe('CreateSecret that has lost the lock to a rotation in its outage window, and is stopped', () => {
  const isOf = (name: string, execution: string) => execution.endsWith(`:${name}`);

  it('leaves no label behind, and nothing in the way', async () => {
    const found = { wroteBefore: 0, isInWindow: 0 };
    for (const second of seconds(0.3, 12, 0.15)) {
      const account = await Account.open({
        ...SINGLE,
        // One looks, and is slow to take the lock. Two takes it meanwhile, and is slow where its password is tested.
        latency: ({ execution, method }) =>
          isOf('one', execution) ? 300 : method === 'ping' && isOf('two', execution) ? 20_000 : 10,
      });
      const one = account.start('rotation', 'one', ROTATE);
      let two: Started | undefined;
      void account.at(0.7, () => {
        two = account.start('rotation', 'two', ROTATE);
      });
      void account.at(second, () => {
        const made = account.calls.filter(({ execution }) => isOf('one', execution));
        if (one.status !== 'RUNNING') return;
        if (made.some(({ method }) => method === 'put')) found.wroteBefore += 1;
        if (!account.world.logsIn(account.world.current)) found.isInWindow += 1;
        one.stop();
      });
      await account.time.run();
      expect(two?.error ?? two?.status, account.story.join('\n')).toBe('SUCCEEDED');
      expectWell(account, `stopped after ${second} s`);
      await rotateAgain(account);
    }
    console.info('stopped where it had written, and in the window of the other:', found);
    expect(found.wroteBefore).toBeGreaterThan(2);
    expect(found.isInWindow).toBeGreaterThan(2);
  });
});

describe.each([['a single user', SINGLE], ...PAIRS] as const)('a recovery of %s', (_kind, options) => {
  /** A rotation is stopped, or a person takes its lock, right after its change of the database. */
  const open = async (isByHand: boolean): Promise<Account> => {
    const account = await Account.open(options);
    const one = account.start('rotation', 'one', ROTATE);
    const method = options === SINGLE ? 'updateUser' : 'createUser';
    account.after(/:rotation:one$/, method, () => {
      if (isByHand) account.start('recovery', 'by-hand', ROTATE);
      else one.stop();
    });
    return account;
  };

  it.each([
    ['by the rule', /:by-rule-1$/, false],
    ['by hand, of a rotation that is alive', /:by-hand$/, true],
  ])(
    '%s, that is stopped right after any of its calls: another one follows, and leaves no label',
    async (_how, recovery, isByHand) => {
      const clean = await open(isByHand);
      await clean.time.run();
      const methods = clean.calls
        .filter(({ execution }) => recovery.test(execution))
        .map(({ method }) => method);
      expect(methods.length).toBeGreaterThan(10);
      for (const [index, method] of methods.entries()) {
        const account = await open(isByHand);
        const number = methods.slice(0, index + 1).filter((other) => other === method).length;
        let isStopped = false;
        account.after(
          recovery,
          method,
          () => {
            isStopped = true;
            [...account.executions.values()].find(({ arn }) => recovery.test(arn))?.stop();
          },
          number,
        );
        await account.time.run();
        expect(isStopped, `${method} ${number}`).toBe(true);
        expectWell(account, `stopped after ${method} ${number}`);
        await rotateAgain(account);
      }
    },
  );
});
