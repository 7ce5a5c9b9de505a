import { markerOf } from '../../../functions/secret/marker.ts';
import { newPassword } from '../../support/in-memory-secret-store.ts';
import { type AnyArena, REVERT } from './any-arena.ts';
import type { Right } from './rights.ts';

export interface Attack {
  readonly name: string;
  readonly needs: readonly Right[];
  /** Several runs are several fresh worlds: where the moment counts, one for each. */
  readonly runs?: number;
  /** Whether it is about a reset through the admin secret, which only a deployment that names the user allows. */
  readonly resets?: true;
  /** Whether it is about a secret that was rotated before. */
  readonly needsRotated?: true;
  readonly run: (arena: AnyArena, moment: number) => Promise<unknown> | unknown;
}

const OWNER = 'docdb-rotation-owner';
const RESETS = [{ resetThroughAdmin: true }, { resetThroughCluster: true }];

/** Someone else's user, and whose power is to be used for it. */
const FOR_OTHERS = ['one for the admin', 'one for another user'] as const;

/** Calls of a rotation's ports: more than any has. */
const MOMENTS = 45;

const ownUser = ({ ownUser, ownPassword }: AnyArena): Record<string, unknown> => ({
  username: ownUser,
  password: ownPassword,
});

const KINDS = ['on demand', 'scheduled', 'back'] as const;

/** A write at each moment of what someone else started. */
const meanwhile = (
  what: string,
  kinds: readonly (typeof KINDS)[number][],
  write: (arena: AnyArena) => unknown,
): Attack[] =>
  kinds.map((kind) => ({
    name: `${what}, at any moment of a rotation (${kind})`,
    needs: ['write'],
    runs: MOMENTS,
    run: async (arena, moment) => {
      const act = () => write(arena);
      if (kind === 'scheduled') await arena.honest.scheduled(moment, act);
      else await arena.honest.rotate(moment, act, kind === 'back' ? REVERT : 'rotate');
      await arena.honest.recover();
    },
  }));

/** Everything that honest people do next. */
const goOn = async (arena: AnyArena): Promise<void> => {
  await arena.honest.rotate(undefined, undefined, REVERT);
  await arena.honest.rotate();
  await arena.honest.scheduled();
  await arena.honest.recover();
};

/** What one writes under which label, and goes on. */
const planted = (what: string, write: (arena: AnyArena) => unknown): Attack[] => [
  {
    name: `${what}, then a revert`,
    needs: ['write'],
    run: async (arena) => {
      await write(arena);
      await goOn(arena);
    },
  },
  {
    name: `${what}, then a rotation`,
    needs: ['write'],
    run: async (arena) => {
      await write(arena);
      await arena.honest.rotate();
      await arena.honest.recover();
    },
  },
];

/** Values that someone would have believed. */
const VALUES = {
  'a password of mine for the user': (arena) => arena.mine(),
  'one for its pair': (arena) => arena.mine(arena.pairUser),
  'one for another user': (arena) => arena.mine(arena.otherUser),
  'one for the admin': (arena) => arena.mine(arena.adminUser),
  'my own user': ownUser,
  'my own user, whose name makes it the pair’s': (arena) => ({ ...ownUser(arena), username: arena.pairUser }),
  'one for another user at my host': (arena) => ({ ...arena.mine(arena.otherUser), ...arena.evil }),
  'one without TLS': (arena) => ({ ...arena.mine(), ssl: false }),
  'one that chooses the admin secret': (arena) => ({ ...arena.mine(), masterarn: arena.adminSecret }),
} satisfies Readonly<Record<string, (arena: AnyArena) => Record<string, unknown>>>;

const BY_WRITING: Attack[] = Object.entries(VALUES).flatMap(([what, value]) => [
  ...planted(`${what} as AWSPREVIOUS`, (arena) => arena.write(value(arena), 'AWSPREVIOUS')),
  ...planted(`${what} as AWSCURRENT`, (arena) => arena.write(value(arena))),
  ...planted(`${what} as AWSPENDING`, (arena) => arena.write(value(arena), 'AWSPENDING')),
  ...planted(`${what} as AWSCURRENT and AWSPREVIOUS`, async (arena) => {
    await arena.write(value(arena));
    await arena.write(value(arena));
  }),
  ...RESETS.map(
    (reset): Attack => ({
      name: `${what} twice, then an operator's ${Object.keys(reset)[0]}`,
      needs: ['write'],
      resets: true,
      needsRotated: true,
      run: async (arena) => {
        if (!arena.wasRotated) return;
        const wanted = value(arena);
        await arena.write(wanted);
        await arena.write({ ...wanted, again: true });
        await arena.honest.recover(reset);
      },
    }),
  ),
]);

/** The attacker has a user of the pair's name: it was seen to log in, and the right value is AWSCURRENT again. */
const SEEN: Attack[] = [REVERT, 'rotate'].map((mode) => ({
  name: `my own user of the pair’s name as AWSCURRENT, that a recovery sees log in, the right value again, then a ${mode === REVERT ? 'revert' : 'rotation'}`,
  needs: ['write'],
  run: async (arena) => {
    const right = await arena.current();
    const mine = { ...ownUser(arena), username: arena.pairUser };
    await arena.write(mine);
    await arena.honest.recover();
    await arena.honest.putBack(right);
    // It was AWSCURRENT, and is AWSPREVIOUS.
    await arena.honest.rotate(undefined, undefined, mode);
  },
}));

/** The same where AWSCURRENT begins to log in while the revert is under way. */
const LATE: Attack = {
  name: 'my own user of the pair’s name as AWSPREVIOUS, behind a value that does not log in until a moment of the revert',
  needs: ['write'],
  runs: MOMENTS,
  run: async (arena, moment) => {
    const right = await arena.current();
    await arena.write({ ...ownUser(arena), username: arena.pairUser });
    await arena.write(arena.mine());
    await arena.honest.rotate(moment, () => arena.honest.putBack(right), REVERT);
    await arena.honest.recover();
  },
};

const EVERY_LABEL = ['AWSCURRENT', 'AWSPENDING', 'AWSPREVIOUS', OWNER];

const AT_ANY_MOMENT: Attack[] = [
  ...meanwhile('a password of mine as AWSCURRENT', KINDS, (arena) => arena.write(arena.mine())),
  ...meanwhile('a password of mine under every label', KINDS, (arena) =>
    arena.write(arena.mine(), EVERY_LABEL),
  ),
  ...meanwhile('my own user as AWSCURRENT', ['on demand', 'back'], (arena) => arena.write(ownUser(arena))),
  ...meanwhile('my host as AWSCURRENT', ['on demand'], (arena) =>
    arena.write({ ...arena.mine(), ...arena.evil }),
  ),
];

const WRITING: Attack[] = [
  { name: 'garbage', needs: ['write'], run: (arena) => arena.write({ password: newPassword() }) },
  ...BY_WRITING,
  ...SEEN,
  LATE,
  ...AT_ANY_MOMENT,
  {
    name: 'a lock that names planted suspects, then a recovery',
    needs: ['write'],
    run: async (arena) => {
      const ids: string[] = [];
      for (const value of Object.values(VALUES)) ids.push(await arena.write(value(arena), 'mine'));
      await arena.write(markerOf('stranger', ids), OWNER);
      await arena.honest.recover();
      await goOn(arena);
    },
  },
  {
    name: 'my host rotated first, so that nothing else is on record, then a reset',
    needs: ['write'],
    resets: true,
    needsRotated: true,
    run: async (arena) => {
      if (!arena.wasRotated) return;
      await arena.write({ ...arena.mine(), ...arena.evil });
      await arena.honest.rotate();
      const wanted = arena.mine();
      await arena.write(wanted);
      await arena.write({ ...wanted, again: true });
      for (const reset of RESETS) await arena.honest.recover(reset);
    },
  },
  {
    name: 'a refused rotation, so that nothing is on record, then a reset',
    needs: ['write'],
    resets: true,
    needsRotated: true,
    run: async (arena) => {
      if (!arena.wasRotated) return;
      const wanted = arena.mine();
      await arena.write(wanted);
      await arena.write({ ...wanted, again: true });
      await arena.honest.rotate();
      for (const reset of RESETS) await arena.honest.recover(reset);
    },
  },
];

const CHOSEN = 'chosen-1';

const STARTING: Attack[] = [
  ...['rotate', 'verify', 'check', REVERT, 'recover'].map(
    (mode): Attack => ({
      name: `every mode: ${mode}`,
      needs: ['start'],
      run: (arena) => arena.start({ mode }),
    }),
  ),
  {
    name: 'the token of each version',
    needs: ['start'],
    run: async (arena) => {
      for (const token of await arena.versions()) await arena.start({ token });
    },
  },
  ...(['otherUser', 'adminUser', 'ownUser', 'pairUser'] as const).map(
    (who): Attack => ({
      name: `a retirement of the ${who}`,
      needs: ['start'],
      run: async (arena) =>
        await arena.retire({
          version: await arena.current(),
          strategy: 'alternating-users',
          adminSecret: arena.adminSecret,
          predecessor: arena[who],
          policy: 'delete',
        }),
    }),
  ),
];

const WRITING_AND_STARTING: Attack[] = Object.entries(VALUES).flatMap(([what, value]): Attack[] => [
  {
    name: `${what}, and the lock for an execution whose name I choose`,
    needs: ['write', 'start'],
    run: async (arena) => {
      const token = await arena.write(value(arena), 'AWSPENDING');
      await arena.write(markerOf(arena.executionArn(CHOSEN), [token]), OWNER, arena.idsOf(CHOSEN)[0]);
      await arena.start({ token }, CHOSEN);
    },
  },
  {
    name: `${what} as AWSPENDING, and a start with its token`,
    needs: ['write', 'start'],
    run: async (arena) => {
      const token = await arena.write(value(arena), 'AWSPENDING');
      await arena.start({ token });
    },
  },
  {
    name: `${what}, under the version ids of an execution whose name I choose`,
    needs: ['write', 'start'],
    run: async (arena) => {
      for (const id of arena.idsOf(CHOSEN).slice(0, 3)) await arena.write(value(arena), 'AWSPENDING', id);
      await arena.start({}, CHOSEN);
    },
  },
  {
    name: `${what}, with the lock too`,
    needs: ['write', 'start'],
    run: async (arena) => {
      const [first] = arena.idsOf(CHOSEN);
      await arena.write(value(arena), ['AWSPENDING', 'AWSPREVIOUS', OWNER], first);
      await arena.start({}, CHOSEN);
      await arena.start({ mode: REVERT }, 'chosen-2');
    },
  },
  {
    name: `${what} as AWSPREVIOUS, and a retirement`,
    needs: ['write', 'start'],
    run: async (arena) => {
      await arena.write(value(arena), 'AWSPREVIOUS');
      await arena.retire({
        version: await arena.current(),
        strategy: 'alternating-users',
        adminSecret: arena.adminSecret,
        predecessor: arena.pairUser,
        policy: 'delete',
      });
    },
  },
]);

const FORGED: Attack[] = [
  {
    name: 'every version id of an execution whose name I choose',
    needs: ['write', 'start'],
    run: async (arena) => {
      for (const id of arena.idsOf(CHOSEN)) await arena.write(arena.mine(), 'mine', id);
      await arena.start({}, CHOSEN);
    },
  },
  {
    name: 'the lock for a chosen execution, and the token of each version that is there',
    needs: ['write', 'start'],
    run: async (arena) => {
      for (const [index, token] of (await arena.versions()).entries()) {
        const name = `chosen-${index}-1`;
        await arena.write(markerOf(arena.executionArn(name), [token]), OWNER, arena.idsOf(name)[0]);
        await arena.start({ token }, name);
      }
    },
  },
];

const READING: Attack[] = [
  { name: 'the value', needs: ['read'], run: (arena) => arena.read() },
  {
    name: 'the value, after rotations',
    needs: ['read'],
    run: async (arena) => {
      await arena.honest.rotate();
      await arena.read();
      await arena.honest.scheduled();
      await arena.read();
    },
  },
  {
    name: 'a copy of the value, for another host',
    needs: ['read', 'write'],
    run: async (arena) => {
      await arena.write({ ...(await arena.read()).at(-1), ...arena.evil });
      await arena.honest.rotate();
    },
  },
  ...Object.entries(VALUES).map(
    ([what, value]): Attack => ({
      name: `${what} as AWSPREVIOUS, a rotation, and what it wrote`,
      needs: ['read', 'write'],
      run: async (arena) => {
        await arena.write(value(arena), 'AWSPREVIOUS');
        await goOn(arena);
        await arena.read();
      },
    }),
  ),
];

type Tags = Readonly<Record<string, string>>;

/** With `admin-secret`, too. */
const PAIR: Tags = { strategy: 'alternating-users' };

const STRATEGIES: readonly Tags[] = [
  PAIR,
  { strategy: 'admin-clone' },
  { strategy: 'single-user' },
  { 'retirement-policy': 'delete', grace: '0' },
  { ...PAIR, 'retirement-policy': 'delete', grace: '0' },
];

const tagAll = async (arena: AnyArena, tags: Tags): Promise<void> => {
  if (tags.strategy === PAIR.strategy) await arena.tag('admin-secret', arena.adminSecret);
  for (const [key, value] of Object.entries(tags)) await arena.tag(key, value);
};

const TAGGING: Attack[] = STRATEGIES.flatMap((tags): Attack[] => {
  const what = JSON.stringify(tags);
  return [
    {
      name: `tags ${what}`,
      needs: ['tag'],
      run: async (arena) => {
        await tagAll(arena, tags);
        await arena.tagProven(...(await arena.versions()));
        await goOn(arena);
      },
    },
    {
      name: `tags ${what}, and what was there counts as proven`,
      needs: ['tag', 'start'],
      run: async (arena) => {
        await tagAll(arena, tags);
        await arena.tagProven(...(await arena.versions()));
        for (const mode of [REVERT, 'rotate']) await arena.start({ mode });
        await arena.retire({
          version: await arena.current(),
          strategy: 'alternating-users',
          predecessor: arena.pairUser,
          policy: 'delete',
        });
      },
    },
    {
      name: `tags ${what}, and a reset`,
      needs: ['tag', 'recover'],
      resets: true,
      run: async (arena) => {
        await tagAll(arena, tags);
        for (const reset of RESETS) await arena.recover(reset);
      },
    },
    ...Object.entries(VALUES).map(
      ([value, make]): Attack => ({
        name: `tags ${what}, and ${value} that counts as proven`,
        needs: ['write', 'tag'],
        run: async (arena) => {
          await tagAll(arena, tags);
          const version = await arena.write(make(arena), 'AWSPREVIOUS');
          await arena.tagProven(`=${version}`, `=${await arena.current()}`);
          await arena.honest.rotate(undefined, undefined, REVERT);
        },
      }),
    ),
  ];
});

/** A rotation that is refused since the `…_clone` is someone else's leaves a version for it, without a label. */
const markRefused = async (arena: AnyArena): Promise<void> => {
  const before = await arena.versions();
  await arena.honest.rotate();
  const left = (await arena.versions()).filter((version) => !before.includes(version));
  await arena.tagProven(...[...left, await arena.current()].map((version) => `=${version}`));
  await arena.honest.rotate();
};

const MARKING: Attack[] = [
  { name: 'what a refused rotation left counts as a pair’s', needs: ['tag'], run: markRefused },
  {
    name: 'what a refused rotation left counts as a pair’s, and is read',
    needs: ['read', 'tag'],
    run: async (arena) => {
      await markRefused(arena);
      await arena.read();
    },
  },
];

const TAGGING_AND_WRITING: Attack[] = [
  {
    name: 'a proven value for someone else’s user, and a rotation',
    needs: ['write', 'tag'],
    run: async (arena) => {
      await arena.tagProven(
        await arena.write(arena.mine(arena.pairUser), 'AWSPREVIOUS'),
        await arena.current(),
      );
      await arena.honest.rotate();
    },
  },
];

const RECOVERING: Attack[] = [
  ...[{}, ...RESETS].map(
    (reset): Attack => ({
      name: `a recovery, ${JSON.stringify(reset)}`,
      needs: ['recover'],
      resets: true,
      run: (arena) => arena.recover(reset),
    }),
  ),
  {
    name: 'the event of an execution that was never stopped',
    needs: ['recover'],
    resets: true,
    run: async (arena) => {
      await arena.honest.rotate(undefined, undefined, 'rotate', 'known');
      await arena.recover({ ...arena.eventOf('known'), ...RESETS[0] });
    },
  },
  ...Object.entries(VALUES).flatMap(([what, value]) =>
    RESETS.map(
      (reset): Attack => ({
        name: `${what} twice, and ${Object.keys(reset)[0]}`,
        needs: ['write', 'recover'],
        resets: true,
        run: async (arena) => {
          const wanted = value(arena);
          await arena.write(wanted);
          await arena.write({ ...wanted, again: true });
          await arena.recover(reset);
        },
      }),
    ),
  ),
  ...FOR_OTHERS.map(
    (what): Attack => ({
      name: `${what}, which chooses the admin secret, twice, and resetThroughAdmin`,
      needs: ['write', 'recover'],
      resets: true,
      run: async (arena) => {
        const wanted = { ...VALUES[what](arena), masterarn: arena.adminSecret };
        await arena.write(wanted);
        await arena.write({ ...wanted, again: true });
        await arena.recover({ resetThroughAdmin: true });
      },
    }),
  ),
  {
    name: 'a lock that names every version as a suspect, and a recovery',
    needs: ['write', 'recover'],
    run: async (arena) => {
      const ids = await arena.versions();
      await arena.write(arena.mine(), 'AWSPREVIOUS');
      await arena.write(markerOf('stranger', ids), OWNER);
      await arena.recover();
    },
  },
];

const DEPLOYING: Attack[] = [
  {
    name: 'functions of my own',
    needs: ['deploy'],
    run: (arena) => arena.deployOwnFunctions(),
  },
];

export const ATTACKS: readonly Attack[] = [
  ...WRITING,
  ...STARTING,
  ...WRITING_AND_STARTING,
  ...FORGED,
  ...READING,
  ...TAGGING,
  ...MARKING,
  ...TAGGING_AND_WRITING,
  ...RECOVERING,
  ...DEPLOYING,
];
