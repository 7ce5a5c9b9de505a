import { describe, expect, it } from 'vitest';
import { markerOf } from '../../functions/secret/marker.ts';
import { recordOf } from '../../functions/secret/proven.ts';
import { CLUSTER } from '../support/in-memory-database.ts';
import { newPassword, newVersionId } from '../support/in-memory-secret-store.ts';
import { PortCalls } from '../support/port-calls.ts';
import { executionArn, RecoveryMachine, RotationMachine, stoppedEvent } from '../support/rotation-machine.ts';
import { created, portsOf } from '../support/rotation-steps.ts';
import { ADMIN_SECRET, SECRET, secretText } from '../support/rotation-world.ts';
import type { Ending } from '../support/state-machine.ts';
import { Arena, EVIL_HOST, OTHER_USER, OWN_USER } from './power/arena.ts';
import type { Right } from './power/rights.ts';
import { WORLDS } from './power/worlds.ts';

/*
 * A second reviewer's attacks, beside those of power/: sequences in time, ids and names that look like others, and secrets that
 * have to do with each other. After each of them no one has gained anything, and one recovery puts right what is left.
 */

const OWNER = 'docdb-rotation-owner';
const CURRENT = 'AWSCURRENT';
const PREVIOUS = 'AWSPREVIOUS';
const PENDING = 'AWSPENDING';
const RESETS = [{ resetThroughAdmin: true }, { resetThroughCluster: true }];
const MOMENTS = 45;

interface Attack {
  readonly name: string;
  readonly needs?: readonly Right[];
  /** Names of worlds; all that were rotated before by default: there is something to lose. */
  readonly worlds?: (name: string) => boolean;
  readonly runs?: number;
  /** @returns how it ended for the attacker */
  readonly run: (arena: Arena, moment: number) => Promise<readonly (Ending | undefined)[]>;
  /** The names of errors that the executions end with, in any world, beside success. */
  readonly errors: readonly string[];
  /** What stays theirs: an outage by a value that an operator has to mend. */
  readonly leavesOutage?: boolean;
}

const isPair = (name: string): boolean => !name.startsWith('single');
const userOfRevert = (arena: Arena): string => (arena.world.isPair ? arena.pairUser : arena.user);
const ownUser = ({ ownPassword }: Arena) => ({ username: OWN_USER, password: ownPassword });
const credentialIn = (arena: Arena, label = CURRENT) =>
  arena.world.credentialOf(arena.world.store.holder(SECRET, label) ?? '') ?? {};
const recordIn = async (arena: Arena) => recordOf(await portsOf(arena.world).secrets.describe(SECRET));
const twice = (arena: Arena, value: Record<string, unknown>) => {
  arena.write(value);
  arena.write({ ...value, again: true });
};
const revert = (arena: Arena) => arena.honest.rotate(undefined, undefined, 'revert');
const resets = async (arena: Arena): Promise<Ending[]> => {
  const endings: Ending[] = [];
  for (const reset of RESETS) endings.push(await arena.honest.recover(reset));
  return endings;
};
/** The value stays good: it is written once more, as an honest edit. */
const copyCurrent = (arena: Arena, id: string, labels = [CURRENT]) =>
  arena.world.store.putWithId(SECRET, id, secretText({ ...credentialIn(arena), edited: id }), labels);

/** A scheduled rotation that is compensated leaves `+token` in the tag. */
const writtenEntry = async (arena: Arena): Promise<string> => {
  for (let moment = 1; moment < MOMENTS; moment++) {
    await arena.honest.scheduled(moment, () => copyCurrent(arena, newVersionId()));
    const entry = (await recordIn(arena)).find((each) => each.startsWith('+'));
    if (entry !== undefined) return entry;
  }
  throw new Error('no rotation was compensated');
};

/** A recovery; something happens before one of its calls. */
const recoverWith = (arena: Arena, moment: number, act: () => void): Promise<Ending> => {
  let call = 0;
  const turn = async () => {
    call += 1;
    if (call !== moment) return;
    arena.wasReached = true;
    act();
  };
  return new RecoveryMachine(arena.world, { calls: new PortCalls({ turn }) }).run(
    executionArn(arena.nextName(), 'recovery'),
    { secretId: SECRET },
  );
};

const RECORD: Attack[] = [
  {
    name: 'two values of mine, a scheduled rotation that fails, a reset',
    run: async (arena) => {
      twice(arena, arena.mine());
      const scheduled = await arena.honest.scheduled();
      return [scheduled, ...(await resets(arena))];
    },
    errors: ['NoUsableCredentialsError'],
  },
  {
    name: 'two values of mine, a rotation that is stopped after CreateSecret, a reset',
    run: async (arena) => {
      twice(arena, arena.mine());
      await created(arena.world);
      return await resets(arena);
    },
    errors: [],
  },
  {
    name: 'five scheduled rotations of two values of mine, a reset',
    run: async (arena) => {
      twice(arena, arena.mine());
      for (let count = 1; count <= 5; count++) await arena.honest.scheduled();
      return await resets(arena);
    },
    errors: [],
  },
  {
    name: 'AWSPREVIOUS under the id +token of what was only written, a revert',
    run: async (arena) => {
      arena.write(arena.mine(userOfRevert(arena)), PREVIOUS, await writtenEntry(arena));
      return [await revert(arena)];
    },
    errors: ['UntrustedVersionError'],
  },
  {
    name: 'AWSCURRENT under the id +token of what was only written, a rotation, a reset',
    run: async (arena) => {
      arena.write(arena.mine(), CURRENT, await writtenEntry(arena));
      return [await arena.honest.rotate(), await arena.honest.scheduled(), ...(await resets(arena))];
    },
    errors: ['NoUsableCredentialsError', 'UntrustedVersionError'],
  },
  {
    name: 'the token +token, and the lock for an execution whose name I choose',
    needs: ['write', 'start'],
    run: async (arena) => {
      const entry = await writtenEntry(arena);
      const endings: Ending[] = [];
      for (const [index, token] of [entry, `+${entry}`].entries()) {
        const name = `chosen-${index}-1`;
        arena.write(arena.mine(userOfRevert(arena)), PENDING, token);
        arena.write(markerOf(executionArn(name), [token]), OWNER, arena.idsOf(name)[0]);
        endings.push(await arena.start({ token }, name));
        await arena.honest.recover();
      }
      return endings;
    },
    errors: ['UntrustedVersionError'],
  },
  {
    name: 'my own user under the id +x, so that x would count as written, and the token x',
    needs: ['write', 'start'],
    run: async (arena) => {
      const token = newVersionId();
      arena.write(ownUser(arena), CURRENT, `+${token}`);
      await arena.honest.recover();
      expect(await recordIn(arena)).not.toContain(`+${token}`);
      arena.write(arena.mine(userOfRevert(arena)), PENDING, token);
      arena.write(markerOf(executionArn('chosen-1'), [token]), OWNER, arena.idsOf('chosen-1')[0]);
      return [await arena.start({ token }, 'chosen-1')];
    },
    errors: ['UntrustedVersionError'],
    leavesOutage: true,
  },
  ...[' ', '\n', '\t'].map(
    (space): Attack => ({
      name: `an edit whose id names another version after ${JSON.stringify(space)}, that one as AWSPREVIOUS, a revert`,
      run: async (arena) => {
        const planted = newVersionId();
        copyCurrent(arena, `x${space}${planted}`);
        await arena.honest.recover();
        expect(await recordIn(arena)).not.toContain(planted);
        arena.write(arena.mine(userOfRevert(arena)), PREVIOUS, planted);
        return [await revert(arena)];
      },
      errors: ['UntrustedVersionError'],
    }),
  ),
  {
    name: 'my own user under an id that names another version, twice, then that one, a reset',
    run: async (arena) => {
      const planted = newVersionId();
      for (const id of [`x ${planted}`, `y ${planted}`]) {
        arena.write({ ...ownUser(arena), id }, CURRENT, id);
        await arena.honest.recover();
      }
      arena.write(arena.mine(), CURRENT, planted);
      arena.write(arena.mine());
      return await resets(arena);
    },
    errors: [],
    leavesOutage: true,
  },
  {
    name: 'ids as long as can be, to crowd the record, then values of mine and a reset',
    run: async (arena) => {
      for (const letter of ['a', 'b', 'c', 'd']) {
        copyCurrent(arena, letter.repeat(64));
        await arena.honest.recover();
      }
      twice(arena, arena.mine());
      return [await arena.honest.scheduled(), ...(await resets(arena))];
    },
    errors: ['NoUsableCredentialsError'],
  },
];

const IN_TIME: Attack[] = [
  {
    name: 'all forty ids of an execution of mine, in the middle of a recovery',
    needs: ['write', 'start'],
    runs: MOMENTS,
    run: async (arena, moment) => {
      const recovery = await recoverWith(arena, moment, () => {
        for (const id of arena.idsOf('chosen')) arena.write(arena.mine(), PENDING, id);
      });
      return [recovery, await arena.start({}, 'chosen')];
    },
    errors: ['SecretsManagerRefusedError'],
  },
  {
    name: 'the ids e_1 to e_39 of an execution of mine, at any moment of it',
    needs: ['write', 'start'],
    runs: MOMENTS,
    run: async (arena, moment) => {
      let call = 0;
      const turn = async () => {
        call += 1;
        if (call !== moment) return;
        arena.wasReached = true;
        for (const id of arena.idsOf('chosen').slice(1))
          arena.write(arena.mine(userOfRevert(arena)), [PENDING, OWNER], id);
      };
      return [await arena.start({}, 'chosen', new PortCalls({ turn }))];
    },
    errors: ['RotationInProgressError', 'RotationSupersededError'],
    leavesOutage: true,
  },
  ...['rotate', 'revert'].map(
    (mode): Attack => ({
      name: `the lock stolen at any moment of a rotation (${mode}) for one of mine, which begins then`,
      needs: ['write', 'start'],
      runs: MOMENTS,
      run: async (arena, moment) => {
        const steal = () => {
          const token = arena.write(arena.mine(userOfRevert(arena)), PENDING);
          arena.write(markerOf(executionArn('chosen'), [token]), OWNER, arena.idsOf('chosen')[0]);
        };
        const honest = await arena.honest.rotate(moment, steal, mode);
        return [honest, await arena.start({}, 'chosen')];
      },
      errors: ['RotationInProgressError', 'RotationSupersededError'],
      leavesOutage: true,
    }),
  ),
  {
    name: 'the lock stolen at any moment of a recovery, by a marker with suspects of mine',
    runs: MOMENTS,
    run: async (arena, moment) => [
      await recoverWith(arena, moment, () => {
        const ids = [arena.user, arena.pairUser, OTHER_USER, 'root'].map((user) =>
          arena.write(arena.mine(user), 'mine'),
        );
        arena.write(markerOf('stranger', ids), OWNER);
      }),
    ],
    errors: [],
  },
  ...[
    { label: CURRENT, errors: ['UntrustedVersionError'] },
    { label: PREVIOUS, errors: ['UntrustedVersionError'] },
    { label: PENDING, errors: ['RotationInProgressError'] },
  ].map(
    ({ label, errors }): Attack => ({
      name: `a value of mine as ${label} at any moment of a recovery, then a revert`,
      runs: MOMENTS,
      run: async (arena, moment) => {
        const recovery = await recoverWith(arena, moment, () => arena.write(arena.mine(), label));
        return [recovery, await revert(arena), await arena.honest.recover()];
      },
      errors,
    }),
  ),
  {
    name: 'a value of mine, a rotation, another one in its middle, a revert, another one, a recovery',
    runs: MOMENTS,
    run: async (arena, moment) => {
      copyCurrent(arena, newVersionId());
      const rotation = await arena.honest.rotate(moment, () => arena.write(arena.mine()));
      const back = await arena.honest.rotate(moment, () => arena.write(arena.mine(), PREVIOUS), 'revert');
      arena.write(arena.mine(arena.pairUser), PREVIOUS);
      return [rotation, back, await arena.honest.recover()];
    },
    errors: ['NoUsableCredentialsError', 'RolledBack', 'RotationInProgressError', 'UntrustedVersionError'],
  },
  {
    name: 'values of mine at each call from a moment on, compensation and recovery too',
    runs: MOMENTS,
    run: async (arena, moment) => {
      let call = 0;
      const turn = async () => {
        call += 1;
        if (call < moment || call > moment + 12) return;
        arena.wasReached = true;
        arena.write(arena.mine(userOfRevert(arena)), [CURRENT, PREVIOUS, PENDING][call % 3]);
      };
      const rotation = await new RotationMachine(arena.world, { calls: new PortCalls({ turn }) }).run(
        executionArn('honest'),
        { secretId: SECRET },
      );
      return [rotation, await arena.honest.recover()];
    },
    errors: ['RolledBack', 'RotationInProgressError'],
  },
  {
    name: 'two values, so that only the record knows the other user, and one more in the next rotation',
    worlds: isPair,
    runs: MOMENTS,
    run: async (arena, moment) => {
      for (let count = 1; count <= 2; count++) copyCurrent(arena, newVersionId());
      return [
        await arena.honest.rotate(moment, () => arena.write(arena.mine(arena.pairUser), [CURRENT, PREVIOUS])),
      ];
    },
    errors: ['NoUsableCredentialsError', 'RolledBack', 'RotationInProgressError'],
  },
];

const MARKERS: Attack[] = [
  ...Object.entries({
    'twenty that do not exist': () => Array.from({ length: 20 }, newVersionId),
    'twenty-one': () => Array.from({ length: 21 }, newVersionId),
    'the admin secret’s': (arena: Arena) => {
      const { store } = arena.world;
      const tags = store.versionIds(SECRET);
      try {
        return [...store.versionIds(ADMIN_SECRET), ...tags];
      } catch {
        return tags;
      }
    },
    'an id that is none': () => ['x', '+'.repeat(40), ' '.repeat(40)],
  }).map(
    ([what, ids]): Attack => ({
      name: `a marker with suspects: ${what}`,
      run: async (arena) => {
        arena.write(markerOf('stranger', ids(arena)), OWNER);
        return [await arena.honest.recover(), await arena.honest.rotate()];
      },
      errors: [],
    }),
  ),
  {
    name: 'a marker that names the version of a scheduled rotation which begins then',
    run: async (arena) => {
      const scheduled = await arena.honest.scheduled(3, () => {
        arena.write(
          markerOf('stranger', [arena.world.store.holder(SECRET, PENDING) ?? newVersionId()]),
          OWNER,
        );
      });
      return [scheduled, await arena.honest.recover()];
    },
    errors: ['RotationSupersededError'],
  },
];

const ELSEWHERE: Attack[] = [
  ...Object.entries({
    'my own user': (arena: Arena) => ownUser(arena),
    'my host': (arena: Arena) => ({ ...arena.mine(), host: EVIL_HOST }),
    'my host, for the other user': (arena: Arena) => ({ ...arena.mine(arena.pairUser), host: EVIL_HOST }),
    'my host, without TLS': (arena: Arena) => ({ ...arena.mine(), host: EVIL_HOST, ssl: false }),
  }).map(
    ([what, value]): Attack => ({
      name: `AWSCURRENT for ${what}, which recoveries keep, then a revert, then a value of mine and a reset`,
      run: async (arena) => {
        arena.write(value(arena));
        const endings = [await arena.honest.recover(), await arena.honest.recover(), await revert(arena)];
        arena.write(value(arena));
        endings.push(await arena.honest.recover());
        twice(arena, arena.mine());
        return [...endings, ...(await resets(arena))];
      },
      errors: [],
      leavesOutage: true,
    }),
  ),
  {
    name: 'my host as AWSCURRENT while a rotation is cut off, then recoveries',
    run: async (arena) => {
      await created(arena.world);
      arena.write({ ...arena.mine(), host: EVIL_HOST });
      return [await arena.honest.recover(), await revert(arena)];
    },
    errors: [],
    leavesOutage: true,
  },
];

const SPELLINGS = [
  'App',
  'APP',
  'app ',
  ' app',
  'app\u200b',
  '\uff41pp',
  'app\u0000',
  'a\u0070\u0301p',
  'app_Clone',
  '_clone',
];

const NAMES: Attack[] = [
  ...SPELLINGS.map(
    (username): Attack => ({
      name: `the user ${JSON.stringify(username)}`,
      worlds: (name) => name === 'single-user' || name === 'alternating-users',
      run: async (arena) => {
        const { database } = arena.world;
        const before = database.usernames();
        arena.write({ username, password: newPassword() }, PREVIOUS);
        const endings = [await revert(arena)];
        arena.write({ username, password: newPassword() });
        endings.push(await arena.honest.rotate(), ...(await resets(arena)));
        expect(database.usernames()).toEqual(before);
        return endings;
      },
      errors: ['UntrustedVersionError'],
    }),
  ),
  ...Object.entries({
    'in other letters': { host: CLUSTER.toUpperCase() },
    'with a dot at its end': { host: `${CLUSTER}.` },
    'at another port': { port: 27018 },
    'as a text': { port: '27017' },
    'with no port': { port: undefined },
  }).map(
    ([what, keys]): Attack => ({
      name: `the cluster ${what}`,
      run: async (arena) => {
        arena.write({ ...arena.mine(userOfRevert(arena)), ...keys }, PREVIOUS);
        const back = await revert(arena);
        arena.write({ ...arena.mine(), ...keys });
        return [back, await arena.honest.recover()];
      },
      errors: ['UntrustedVersionError'],
      leavesOutage: true,
    }),
  ),
];

const text = (arena: Arena, more: string): string => {
  const { username, password } = arena.mine(userOfRevert(arena));
  const first = `{"engine":"mongo","host":"${CLUSTER}","port":27017,"ssl":true`;
  return `${first},"username":"${username}","password":"${password}"${more}}`;
};

/** What is no value of this kind at all. */
const NO_VALUES = ['ten thousand levels', 'a marker', 'a list', 'null'];
const errorsOf = (what: string): string[] => {
  if (NO_VALUES.includes(what)) return ['InvalidSecretError'];
  if (what === 'the host twice')
    return ['AdminSecretMismatchError', 'RecoveryFailed', 'UntrustedVersionError', 'UserNameTakenError'];
  return ['NoUsableCredentialsError', 'UntrustedVersionError'];
};

const VALUES: Attack[] = Object.entries({
  'the user twice': (arena: Arena) => text(arena, `,"username":"${OTHER_USER}"`),
  'the host twice': (arena: Arena) => text(arena, `,"host":"${EVIL_HOST}"`),
  'a prototype': (arena: Arena) =>
    text(arena, `,"__proto__":{"username":"root","ssl":false},"constructor":{"prototype":{"x":1}}`),
  'a masterarn': (arena: Arena) => text(arena, `,"masterarn":"${ADMIN_SECRET}"`),
  '64 KiB': (arena: Arena) => text(arena, `,"note":"${'x'.repeat(65_000)}"`),
  'ten thousand levels': (arena: Arena) => text(arena, `,"deep":${'['.repeat(10_000)}${']'.repeat(10_000)}`),
  'a marker': () => markerOf('stranger', [newVersionId()]),
  'a list': () => '[]',
  null: () => 'null',
}).map(
  ([what, value]): Attack => ({
    name: `a value with ${what}`,
    run: async (arena) => {
      arena.write(value(arena), PREVIOUS);
      const endings: (Ending | undefined)[] = [await revert(arena)];
      arena.write(value(arena), PENDING);
      endings.push(await arena.honest.recover());
      arena.write(value(arena));
      endings.push(await arena.honest.rotate(), await arena.honest.scheduled());
      return [...endings, ...(await resets(arena))];
    },
    errors: errorsOf(what),
    leavesOutage: what === 'the host twice',
  }),
);

const ODD: Attack[] = [
  {
    name: 'so many labels that none can be added',
    runs: MOMENTS,
    run: async (arena, moment) => [
      await arena.honest.rotate(moment, () => {
        for (let count = 1; count <= 16; count++)
          try {
            arena.write({ count }, `label-${count}`);
          } catch {}
      }),
    ],
    errors: ['SecretsManagerRefusedError'],
  },
  {
    name: 'a test of a version of mine at my host',
    needs: ['write', 'start'],
    run: async (arena) => {
      const token = arena.write({ ...arena.mine(), host: EVIL_HOST }, 'mine');
      return [await arena.start({ mode: 'verify', token })];
    },
    errors: [],
  },
  {
    name: 'the event of an execution that was never stopped, with both resets',
    needs: ['recover'],
    run: async (arena) => {
      await arena.honest.rotate(undefined, undefined, 'rotate', 'known');
      const event = stoppedEvent(executionArn('known'), { secretId: SECRET });
      return [await arena.recover({ ...event, resetThroughAdmin: true, resetThroughCluster: true })];
    },
    errors: [],
  },
  ...['delete', 'revoke', 'lock'].flatMap((policy) =>
    ['admin-clone', 'alternating-users'].map(
      (strategy): Attack => ({
        name: `a retirement (${policy}, ${strategy}) of users whose names come near, for versions of mine`,
        needs: ['write', 'start'],
        run: async (arena) => {
          const names = [
            ...SPELLINGS,
            arena.user,
            OTHER_USER,
            'root',
            `${arena.pairUser}_clone`,
            `${OTHER_USER}_clone`,
          ];
          const endings: Ending[] = [];
          for (const predecessor of names) {
            const version = arena.world.store.holder(SECRET, CURRENT) ?? '';
            arena.write({ username: predecessor, password: newPassword() }, PREVIOUS);
            endings.push(await arena.retire({ version, strategy, predecessor, policy }));
          }
          return endings;
        },
        errors: ['RetirementFailed'],
      }),
    ),
  ),
];

/** A secret of the attacker's, managed too and with the same admin secret: its values are theirs to write. */
const addMine = (arena: Arena, strategy: string): string => {
  const name = `shop/mallory-${newVersionId()}`;
  arena.world.store.addSecret(name, {
    'docdb-rotation:strategy': strategy,
    'docdb-rotation:admin-secret': ADMIN_SECRET,
    'docdb-rotation:retirement-policy': 'delete',
  });
  arena.world.store.putByHand(
    name,
    secretText({ ...ownUser(arena), password: arena.world.database.user(OWN_USER)?.password }),
  );
  return name;
};

const runMine = async (arena: Arena, secretId: string): Promise<Ending[]> => {
  const endings: Ending[] = [];
  for (const mode of ['revert', 'rotate', 'revert'])
    endings.push(
      await new RotationMachine(arena.world, { calls: new PortCalls() }).run(executionArn(arena.nextName()), {
        secretId,
        mode,
      }),
    );
  for (const reset of [{}, ...RESETS])
    endings.push(
      await new RecoveryMachine(arena.world, { calls: new PortCalls() }).run(
        executionArn(arena.nextName(), 'recovery'),
        { secretId, ...reset },
      ),
    );
  return endings;
};

const errorsOfMine = (strategy: string, label: string): string[] => {
  if (label === PENDING) return ['RotationInProgressError'];
  if (label === CURRENT)
    return ['NoUsableCredentialsError', 'RecoveryFailed', 'UntrustedVersionError', 'UserNotFoundError'];
  if (strategy === 'single-user') return ['UntrustedVersionError'];
  return ['UntrustedVersionError', strategy === 'admin-clone' ? 'NotAuthorizedError' : 'UserNameTakenError'];
};

const SHARED: Attack[] = ['single-user', 'alternating-users', 'admin-clone'].flatMap((strategy) =>
  [CURRENT, PREVIOUS, PENDING].map(
    (label): Attack => ({
      name: `a secret of mine (${strategy}) with the same admin, whose ${label} is for users of others, each way`,
      worlds: (name) => name === 'single-user' || name === 'alternating-users',
      run: async (arena) => {
        const endings: Ending[] = [];
        const { store, database } = arena.world;
        const victims = [arena.user, arena.pairUser, OTHER_USER, `${OTHER_USER}_clone`, 'root', 'root_clone'];
        const before = database.usernames();
        for (const username of victims) {
          const name = addMine(arena, strategy);
          for (const id of [newVersionId(), arena.world.current])
            store.putWithId(name, id, secretText({ ...arena.mine(username), id }), [label]);
          endings.push(...(await runMine(arena, name)));
        }
        const more = database.usernames().filter((user) => !before.includes(user));
        expect(more.filter((added) => added !== `${OWN_USER}_clone`)).toEqual([]);
        return endings;
      },
      errors: errorsOfMine(strategy, label),
    }),
  ),
);

const BINARY: Attack[] = [PREVIOUS, PENDING].map((label) => ({
  name: `a binary ${label}`,
  run: async (arena) => {
    arena.world.store.addVersion(SECRET, [label], undefined);
    return [await revert(arena), await arena.honest.recover()];
  },
  errors: [label === PREVIOUS ? 'InvalidSecretError' : 'RotationInProgressError'],
}));

const ALL = { RECORD, IN_TIME, MARKERS, ELSEWHERE, NAMES, VALUES, ODD, SHARED, BINARY };
const rotated = Object.keys(WORLDS).filter((name) => WORLDS[name]?.wasRotated);

/** Labels of the attacker's own may stay. */
const dangling = (arena: Arena): string[] =>
  arena.world.endProblems().filter((problem) => !/left: (?:mine|label-)/.test(problem));

const refusals = (endings: readonly (Ending | undefined)[]): string[] => [
  ...new Set(endings.flatMap((ending) => (ending?.status === 'FAILED' ? [ending.error ?? 'none'] : []))),
];

describe.each(Object.entries(ALL))('no one gains by %s', (_group, attacks) => {
  it.each(attacks)(
    '$name',
    async ({ needs = ['write'], worlds = () => true, runs = 1, run, errors, leavesOutage }) => {
      const seen = new Set<string>();
      for (const name of rotated.filter(worlds)) {
        for (let moment = 1; moment <= runs; moment++) {
          const options = WORLDS[name];
          if (options === undefined) throw new Error(`there is no world ${name}`);
          const arena = new Arena(needs, options);
          const where = `${name}, moment ${moment}`;
          const endings = await run(arena, moment);
          for (const error of refusals(endings)) seen.add(error);
          expect(arena.world.leaks(endings), where).toEqual([]);
          expect(
            arena.gained().filter((want) => want !== 'outage'),
            where,
          ).toEqual([]);
          await arena.honest.recover();
          if (!leavesOutage) {
            expect(arena.gained(), where).toEqual([]);
            expect(dangling(arena), where).toEqual([]);
          }
          if (runs > 1 && !arena.wasReached) break;
        }
      }
      expect([...seen].sort()).toEqual([...errors].sort());
    },
    120_000,
  );
});
