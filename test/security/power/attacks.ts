import { markerOf } from '../../../functions/secret/marker.ts';
import { READ_WRITE } from '../../support/in-memory-database.ts';
import { newPassword } from '../../support/in-memory-secret-store.ts';
import { executionArn, stoppedEvent } from '../../support/rotation-machine.ts';
import { ADMIN_SECRET, SECRET } from '../../support/rotation-world.ts';
import { type Arena, EVIL_HOST, OTHER_USER, OWN_USER } from './arena.ts';
import type { Right } from './rights.ts';

export interface Attack {
  readonly name: string;
  readonly needs: readonly Right[];
  /** Several runs are several fresh worlds: where the moment counts, one for each. */
  readonly runs?: number;
  readonly run: (arena: Arena, moment: number) => Promise<unknown> | unknown;
}

const OWNER = 'docdb-rotation-owner';
const RESETS = [{ resetThroughAdmin: true }, { resetThroughCluster: true }];

/** Calls of a rotation's ports: more than any has. */
const MOMENTS = 45;

const ownUser = ({ ownPassword }: Arena): Record<string, unknown> => ({
  username: OWN_USER,
  password: ownPassword,
});

const KINDS = ['on demand', 'scheduled', 'back'] as const;

/** A write at each moment of what someone else started. */
const meanwhile = (
  what: string,
  kinds: readonly (typeof KINDS)[number][],
  write: (arena: Arena) => void,
): Attack[] =>
  kinds.map((kind) => ({
    name: `${what}, at any moment of a rotation (${kind})`,
    needs: ['write'],
    runs: MOMENTS,
    run: async (arena, moment) => {
      const act = () => write(arena);
      if (kind === 'scheduled') await arena.honest.scheduled(moment, act);
      else await arena.honest.rotate(moment, act, kind === 'back' ? 'revert' : 'rotate');
      await arena.honest.recover();
    },
  }));

/** Everything that honest people do next. */
const goOn = async (arena: Arena): Promise<void> => {
  await arena.honest.rotate(undefined, undefined, 'revert');
  await arena.honest.rotate();
  await arena.honest.scheduled();
  await arena.honest.recover();
};

/** What one writes under which label, and goes on. */
const planted = (what: string, write: (arena: Arena) => void): Attack[] => [
  {
    name: `${what}, then a way back`,
    needs: ['write'],
    run: async (arena) => {
      write(arena);
      await goOn(arena);
    },
  },
  {
    name: `${what}, then a rotation`,
    needs: ['write'],
    run: async (arena) => {
      write(arena);
      await arena.honest.rotate();
      await arena.honest.recover();
    },
  },
];

/** Values that someone would have believed. */
const VALUES: Readonly<Record<string, (arena: Arena) => Record<string, unknown>>> = {
  'a password of mine for the user': (arena) => arena.mine(),
  'one for its pair': (arena) => arena.mine(arena.pairUser),
  'one for another user': (arena) => arena.mine(OTHER_USER),
  'one for the admin': (arena) => arena.mine('root'),
  'my own user': ownUser,
  'my own user, whose name makes it the pair’s': (arena) => ({ ...ownUser(arena), username: arena.pairUser }),
  'one for another user at my host': (arena) => ({ ...arena.mine(OTHER_USER), host: EVIL_HOST }),
  'one without TLS': (arena) => ({ ...arena.mine(), ssl: false }),
  'one that chooses the admin secret': (arena) => ({ ...arena.mine(), masterarn: ADMIN_SECRET }),
};

const BY_WRITING: Attack[] = Object.entries(VALUES).flatMap(([what, value]) => [
  ...planted(`${what} as AWSPREVIOUS`, (arena) => arena.write(value(arena), 'AWSPREVIOUS')),
  ...planted(`${what} as AWSCURRENT`, (arena) => arena.write(value(arena))),
  ...planted(`${what} as AWSPENDING`, (arena) => arena.write(value(arena), 'AWSPENDING')),
  ...planted(`${what} as AWSCURRENT and AWSPREVIOUS`, (arena) => {
    arena.write(value(arena));
    arena.write(value(arena));
  }),
  ...RESETS.map(
    (reset): Attack => ({
      name: `${what} twice, then an operator's ${Object.keys(reset)[0]}`,
      needs: ['write'],
      run: async (arena) => {
        if (!arena.wasRotated) return;
        const wanted = value(arena);
        arena.write(wanted);
        arena.write({ ...wanted, again: true });
        await arena.honest.recover(reset);
      },
    }),
  ),
]);

const EVERY_LABEL = ['AWSCURRENT', 'AWSPENDING', 'AWSPREVIOUS', OWNER];

const AT_ANY_MOMENT: Attack[] = [
  ...meanwhile('a password of mine as AWSCURRENT', KINDS, (arena) => arena.write(arena.mine())),
  ...meanwhile('a password of mine under every label', KINDS, (arena) =>
    arena.write(arena.mine(), EVERY_LABEL),
  ),
  ...meanwhile('my own user as AWSCURRENT', ['on demand', 'back'], (arena) => arena.write(ownUser(arena))),
  ...meanwhile('my host as AWSCURRENT', ['on demand'], (arena) =>
    arena.write({ ...arena.mine(), host: EVIL_HOST }),
  ),
];

const WRITING: Attack[] = [
  { name: 'garbage', needs: ['write'], run: (arena) => arena.write({ password: newPassword() }) },
  ...BY_WRITING,
  ...AT_ANY_MOMENT,
  {
    name: 'a lock that names planted suspects, then a recovery',
    needs: ['write'],
    run: async (arena) => {
      const ids = Object.values(VALUES).map((value) => arena.write(value(arena), 'mine'));
      arena.write(markerOf('nobody', ids), OWNER);
      await arena.honest.recover();
      await goOn(arena);
    },
  },
  {
    name: 'my host rotated first, so that nothing else is on record, then a reset',
    needs: ['write'],
    run: async (arena) => {
      if (!arena.wasRotated) return;
      arena.write({ ...arena.mine(), host: EVIL_HOST });
      await arena.honest.rotate();
      const wanted = arena.mine();
      arena.write(wanted);
      arena.write({ ...wanted, again: true });
      for (const reset of RESETS) await arena.honest.recover(reset);
    },
  },
  {
    name: 'a refused rotation, so that nothing is on record, then a reset',
    needs: ['write'],
    run: async (arena) => {
      if (!arena.wasRotated) return;
      const wanted = arena.mine();
      arena.write(wanted);
      arena.write({ ...wanted, again: true });
      await arena.honest.rotate();
      for (const reset of RESETS) await arena.honest.recover(reset);
    },
  },
];

const CHOSEN = 'chosen-1';

const STARTING: Attack[] = [
  ...['rotate', 'verify', 'revert', 'recover'].map(
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
      for (const token of arena.world.store.versionIds(SECRET)) await arena.start({ token });
    },
  },
  ...[OTHER_USER, 'root', OWN_USER, 'the pair’s'].map(
    (who): Attack => ({
      name: `a retirement of ${who}`,
      needs: ['start'],
      run: (arena) =>
        arena.retire({
          version: arena.world.current,
          strategy: 'alternating-users',
          adminSecret: ADMIN_SECRET,
          predecessor: who === 'the pair’s' ? arena.pairUser : who,
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
      const token = arena.write(value(arena), 'AWSPENDING');
      arena.write(markerOf(executionArn(CHOSEN), [token]), OWNER, arena.idsOf(CHOSEN)[0]);
      await arena.start({ token }, CHOSEN);
    },
  },
  {
    name: `${what}, under the version ids of an execution whose name I choose`,
    needs: ['write', 'start'],
    run: async (arena) => {
      for (const id of arena.idsOf(CHOSEN).slice(0, 3)) arena.write(value(arena), 'AWSPENDING', id);
      await arena.start({}, CHOSEN);
    },
  },
  {
    name: `${what}, with the lock too`,
    needs: ['write', 'start'],
    run: async (arena) => {
      const [first] = arena.idsOf(CHOSEN);
      arena.write(value(arena), ['AWSPENDING', 'AWSPREVIOUS', OWNER], first);
      await arena.start({}, CHOSEN);
      await arena.start({ mode: 'revert' }, 'chosen-2');
    },
  },
  {
    name: `${what} as AWSPREVIOUS, and a retirement`,
    needs: ['write', 'start'],
    run: async (arena) => {
      arena.write(value(arena), 'AWSPREVIOUS');
      await arena.retire({
        version: arena.world.current,
        strategy: 'alternating-users',
        adminSecret: ADMIN_SECRET,
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
      for (const id of arena.idsOf(CHOSEN)) arena.write(arena.mine(), 'mine', id);
      await arena.start({}, CHOSEN);
    },
  },
  {
    name: 'the lock for a chosen execution, and the token of each version that is there',
    needs: ['write', 'start'],
    run: async (arena) => {
      for (const [index, token] of arena.world.store.versionIds(SECRET).entries()) {
        const name = `chosen-${index}-1`;
        arena.write(markerOf(executionArn(name), [token]), OWNER, arena.idsOf(name)[0]);
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
      arena.read();
      await arena.honest.scheduled();
      arena.read();
    },
  },
  {
    name: 'a copy of the value, for another host',
    needs: ['read', 'write'],
    run: async (arena) => {
      arena.write({ ...arena.read().at(-1), host: EVIL_HOST });
      await arena.honest.rotate();
    },
  },
  ...Object.entries(VALUES).map(
    ([what, value]): Attack => ({
      name: `${what} as AWSPREVIOUS, a rotation, and what it wrote`,
      needs: ['read', 'write'],
      run: async (arena) => {
        arena.write(value(arena), 'AWSPREVIOUS');
        await goOn(arena);
        arena.read();
      },
    }),
  ),
];

const STRATEGIES: readonly Readonly<Record<string, string>>[] = [
  { strategy: 'alternating-users', 'admin-secret': ADMIN_SECRET },
  { strategy: 'admin-clone' },
  { strategy: 'single-user' },
  { retirementPolicy: 'delete', grace: '0' },
  { strategy: 'alternating-users', 'admin-secret': ADMIN_SECRET, retirementPolicy: 'delete', grace: '0' },
];

const tagAll = (arena: Arena, tags: Readonly<Record<string, string>>): void => {
  for (const [key, value] of Object.entries(tags)) arena.tag(key, value);
};

const TAGGING: Attack[] = STRATEGIES.flatMap((tags): Attack[] => {
  const what = JSON.stringify(tags);
  return [
    {
      name: `tags ${what}`,
      needs: ['tag'],
      run: async (arena) => {
        tagAll(arena, tags);
        arena.tagProven(...arena.world.store.versionIds(SECRET));
        await goOn(arena);
      },
    },
    {
      name: `tags ${what}, and what was there counts as proven`,
      needs: ['tag', 'start'],
      run: async (arena) => {
        tagAll(arena, tags);
        arena.tagProven(...arena.world.store.versionIds(SECRET));
        for (const mode of ['revert', 'rotate']) await arena.start({ mode });
        await arena.retire({
          version: arena.world.store.holder(SECRET, 'AWSCURRENT') ?? '',
          strategy: 'alternating-users',
          predecessor: arena.pairUser,
          policy: 'delete',
        });
      },
    },
    {
      name: `tags ${what}, and a reset`,
      needs: ['tag', 'recover'],
      run: async (arena) => {
        tagAll(arena, tags);
        for (const reset of RESETS) await arena.recover(reset);
      },
    },
    ...Object.entries(VALUES).map(
      ([value, make]): Attack => ({
        name: `tags ${what}, and ${value} that counts as proven`,
        needs: ['write', 'tag'],
        run: async (arena) => {
          tagAll(arena, tags);
          const version = arena.write(make(arena), 'AWSPREVIOUS');
          arena.tagProven(version, arena.world.current);
          await arena.honest.rotate(undefined, undefined, 'revert');
        },
      }),
    ),
  ];
});

const TAGGING_AND_WRITING: Attack[] = [
  {
    name: 'a proven value for someone else’s user, and a rotation',
    needs: ['write', 'tag'],
    run: async (arena) => {
      arena.tagProven(arena.write(arena.mine(arena.pairUser), 'AWSPREVIOUS'), arena.world.current);
      await arena.honest.rotate();
    },
  },
];

const RECOVERING: Attack[] = [
  ...[{}, ...RESETS].map(
    (reset): Attack => ({
      name: `a recovery, ${JSON.stringify(reset)}`,
      needs: ['recover'],
      run: (arena) => arena.recover(reset),
    }),
  ),
  {
    name: 'the event of an execution that was never stopped',
    needs: ['recover'],
    run: async (arena) => {
      await arena.honest.rotate(undefined, undefined, 'rotate', 'known');
      await arena.recover({ ...stoppedEvent(executionArn('known'), { secretId: SECRET }), ...RESETS[0] });
    },
  },
  ...Object.entries(VALUES).flatMap(([what, value]) =>
    RESETS.map(
      (reset): Attack => ({
        name: `${what} twice, and ${Object.keys(reset)[0]}`,
        needs: ['write', 'recover'],
        run: async (arena) => {
          const wanted = value(arena);
          arena.write(wanted);
          arena.write({ ...wanted, again: true });
          await arena.recover(reset);
        },
      }),
    ),
  ),
  {
    name: 'a lock that names every version as a suspect, and a recovery',
    needs: ['write', 'recover'],
    run: async (arena) => {
      const ids = arena.world.store.versionIds(SECRET);
      arena.write(arena.mine(), 'AWSPREVIOUS');
      arena.write(markerOf('nobody', ids), OWNER);
      await arena.recover();
    },
  },
];

const DEPLOYING: Attack[] = [
  {
    name: 'functions of my own',
    needs: ['deploy'],
    run: async (arena) => {
      arena.deploy();
      const { database } = arena.world;
      for (const name of database.usernames()) {
        const credential = { username: name, password: newPassword() };
        const user = database.user(name);
        database.addUser(name, credential.password, name === OWN_USER ? READ_WRITE : (user?.roles ?? []));
        arena.learn(credential);
      }
      await arena.sendToOwnHost();
    },
  },
];

export const ATTACKS: readonly Attack[] = [
  ...WRITING,
  ...STARTING,
  ...WRITING_AND_STARTING,
  ...FORGED,
  ...READING,
  ...TAGGING,
  ...TAGGING_AND_WRITING,
  ...RECOVERING,
  ...DEPLOYING,
];
