import { describe, expect, it } from 'vitest';
import type { ReadinessInput } from '../../functions/contract/steps.ts';
import { CLUSTER_TAG } from '../../functions/contract/tags.ts';
import { OWNER } from '../../functions/secret/labels.ts';
import { checkReadiness } from '../../functions/test-secret/check-readiness.ts';
import { CLUSTER, PORT } from '../support/in-memory-database.ts';
import { newPassword } from '../support/in-memory-secret-store.ts';
import { PortCalls } from '../support/port-calls.ts';
import { executionArn, RetirementMachine } from '../support/rotation-machine.ts';
import { portsOf } from '../support/rotation-steps.ts';
import { SECRET } from '../support/rotation-world.ts';
import { type Arena, EVIL_HOST, FAR_HOST } from './power/arena.ts';
import {
  atEachMoment,
  enter,
  enterNew,
  isLeftEnabled,
  PAIRS,
  recordIn,
  rotateUntilGrace,
} from './power/enter.ts';
import { WORLDS } from './power/worlds.ts';

/*
 * A server of the attacker's, outside the domain of the secret's cluster: nothing goes there once a rotation has ended well. It lets everyone in, and says
 * what it likes. What a cluster in the same domain can do, the looks show.
 */

/** A server outside, in all the ways in which a value could say it. */
const OUTSIDE = [
  FAR_HOST,
  `${CLUSTER}.example.com`,
  `instance.${CLUSTER}`,
  CLUSTER.replace('abcdefgh', 'bcdefghi'),
  CLUSTER.replace('eu-central-1', 'eu-west-1'),
  '10.0.0.1',
];

/** Which hosts were asked from now on. */
const listenAt = ({ world: { database } }: Arena): string[] => {
  const asked: string[] = [];
  const original = database.port.bind(database);
  database.port = (gate) => {
    const port = original(gate);
    return {
      login: async (login) => {
        asked.push(login.host);
        return await port.login(login);
      },
    };
  };
  return asked;
};

const toOutside = (asked: readonly string[]): string[] => asked.filter((host) => OUTSIDE.includes(host));

const clusterOf = async (arena: Arena): Promise<string | undefined> =>
  (await portsOf(arena.world).secrets.describe(SECRET)).tags[CLUSTER_TAG];

const jsonOf = (arena: Arena, version: string): Record<string, unknown> =>
  JSON.parse(arena.world.store.valueOf(SECRET, version) ?? '{}');

const check = async (arena: Arena) => {
  const input: ReadinessInput = {
    execution: executionArn('check'),
    check: 'readiness',
    secretId: SECRET,
    askedAt: arena.world.clock.now(),
  };
  const ports = { ...portsOf(arena.world), certificates: { daysOfAuthority: async () => undefined } };
  return (await checkReadiness(ports, input)).findings;
};

describe.each(Object.keys(WORLDS))('once a rotation of it has ended well: %s', (name) => {
  const enterRotated = async (): Promise<Arena> => {
    const arena = enter(name, ['write', 'read', 'start', 'recover']);
    if (!arena.wasRotated) arena.world.database.removeUser(arena.pairUser);
    expect((await arena.honest.rotate()).error).toBeUndefined();
    expect(await clusterOf(arena)).toBe(`${CLUSTER}:${PORT}`);
    return arena;
  };

  it.each(OUTSIDE)('no one asks %s, with whatever password', async (host) => {
    const arena = await enterRotated();
    const right = arena.current();
    const asked = listenAt(arena);
    arena.write({ ...jsonOf(arena, right), host });
    expect(await check(arena)).toContainEqual(expect.objectContaining({ verdict: 'not-ready' }));
    expect((await arena.honest.rotate()).error).toBe('UntrustedVersionError');
    const verified = await arena.honest.rotate(undefined, undefined, 'verify');
    expect(verified.cause).toContain('UntrustedVersionError');
    await arena.honest.scheduled();
    expect(toOutside(asked)).toEqual([]);
    expect(await clusterOf(arena)).toBe(`${CLUSTER}:${PORT}`);
    // What logs in at the secret's own cluster is AWSCURRENT again.
    expect((await arena.honest.recover()).status).toBe('SUCCEEDED');
    expect(toOutside(asked)).toEqual([]);
    expect(arena.current()).toBe(right);
    expect((await arena.honest.rotate()).error).toBeUndefined();
  });

  it('a revert goes back from there within a minute', async () => {
    const arena = await enterRotated();
    const right = arena.current();
    const asked = listenAt(arena);
    arena.write({ ...jsonOf(arena, right), host: FAR_HOST });
    expect((await arena.honest.rotate(undefined, undefined, 'revert')).status).toBe('SUCCEEDED');
    expect(arena.current()).toBe(right);
    expect(toOutside(asked)).toEqual([]);
  });

  it('as AWSPREVIOUS it is refused', async () => {
    const arena = await enterRotated();
    const asked = listenAt(arena);
    arena.write({ ...jsonOf(arena, arena.current()), host: FAR_HOST }, 'AWSPREVIOUS');
    expect((await arena.honest.rotate(undefined, undefined, 'revert')).error).toBe('UntrustedVersionError');
    expect(toOutside(asked)).toEqual([]);
  });

  it('at no moment of a rotation', async () => {
    await atEachMoment(async (moment) => {
      const arena = await enterRotated();
      const asked = listenAt(arena);
      const act = () => {
        arena.write({ ...jsonOf(arena, arena.current()), host: FAR_HOST }, [
          'AWSCURRENT',
          'AWSPENDING',
          OWNER,
        ]);
      };
      await arena.honest.rotate(moment, act);
      await arena.honest.recover();
      await arena.honest.rotate();
      expect({ moment, asked: toOutside(asked) }).toEqual({ moment, asked: [] });
      // Of a single user the password is in no labelled version then, as is declared under "A stolen lock".
      const isPair = !name.startsWith('single-user');
      if (isPair)
        expect({ moment, logsIn: arena.world.logsIn(arena.current()) }).toEqual({ moment, logsIn: true });
      return arena;
    });
  });
});

it('a retirement asks no one outside, whatever its input says', async () => {
  const arena = enter('admin-clone', ['write', 'start']);
  const input = await rotateUntilGrace(arena);
  const asked = listenAt(arena);
  const version = arena.write({ ...arena.mine(), host: FAR_HOST });
  const retired = await arena.retire({ ...input, graceSeconds: 0, version });
  expect(retired.cause).toContain('UntrustedVersionError');
  expect(toOutside(asked)).toEqual([]);
  const machine = new RetirementMachine(arena.world, { calls: new PortCalls() });
  expect((await machine.run(executionArn('own', 'retirement'), input)).status).toBe('FAILED');
  expect(toOutside(asked)).toEqual([]);
});

// In the domain of the cluster itself that is declared.
it.each(PAIRS)(
  'what a rotation made that was cut off by such a value is disabled, also where the next rotation comes before people put the right one back: %s',
  async (name) => {
    await atEachMoment(async (moment) => {
      const arena = enterNew(name, ['write'], { retirementPolicy: 'lock' });
      arena.world.store.setTag(SECRET, CLUSTER_TAG, CLUSTER);
      const right = arena.current();
      const [written = ''] = arena.idsOf('theirs');
      const steal = () =>
        arena.write({ username: arena.user, host: FAR_HOST, password: newPassword() }, [
          'AWSCURRENT',
          'AWSPENDING',
          OWNER,
        ]);
      await arena.honest.rotate(moment, steal, 'rotate', 'theirs');
      await arena.honest.recover();
      await arena.honest.rotate();
      await arena.honest.recover();
      const isPromoted = (await recordIn(arena)).some(
        (entry) => /^=\+?/.test(entry) && entry.endsWith(written),
      );
      arena.honest.putBack(isPromoted ? written : right);
      await arena.honest.recover();
      await arena.honest.rotate();
      const isEnabled = isLeftEnabled(arena, written);
      expect({ moment, isEnabled }).toEqual({ moment, isEnabled: false });
      return arena;
    });
  },
);

// The compensation of such a revert puts AWSCURRENT back as it was.
it.each(Object.keys(WORLDS).filter((name) => enter(name, []).wasRotated))(
  'at no moment of a revert from there either, which another value cuts off: %s',
  async (name) => {
    await atEachMoment(async (moment) => {
      const arena = enter(name, ['write']);
      await arena.honest.rotate();
      arena.write({ ...jsonOf(arena, arena.current()), host: FAR_HOST });
      const asked = listenAt(arena);
      const act = () => {
        arena.write({ ...arena.mine(), host: FAR_HOST });
      };
      await arena.honest.rotate(moment, act, 'revert');
      await arena.honest.recover();
      expect({ moment, asked: toOutside(asked) }).toEqual({ moment, asked: [] });
      expect({ moment, logsIn: arena.world.logsIn(arena.current()) }).toEqual({ moment, logsIn: true });
      return arena;
    });
  },
);

describe('whose cluster has moved', () => {
  it.each([EVIL_HOST, `${CLUSTER.toUpperCase()}.`])(
    'follows by the value alone, in the same account and Region: %s',
    async (host) => {
      const arena = enter('single-user that changes itself', ['write']);
      await arena.honest.rotate();
      arena.write({ ...jsonOf(arena, arena.current()), host });
      expect((await arena.honest.rotate()).error).toBeUndefined();
      expect(await clusterOf(arena)).toBe(`${host}:${PORT}`);
    },
  );

  it('elsewhere, once someone who may tag has taken the tag off', async () => {
    const arena = enter('single-user that changes itself', ['write']);
    await arena.honest.rotate();
    arena.write({ ...jsonOf(arena, arena.current()), host: FAR_HOST });
    expect((await arena.honest.rotate()).error).toBe('UntrustedVersionError');
    arena.world.store.removeTag(SECRET, CLUSTER_TAG);
    expect((await arena.honest.rotate()).error).toBeUndefined();
    expect(await clusterOf(arena)).toBe(`${FAR_HOST}:${PORT}`);
  });

  it('a first rotation stays in the domain that the deployment gave', async () => {
    const arena = enter('single-user, never rotated', ['write']);
    arena.world.store.setTag(SECRET, CLUSTER_TAG, CLUSTER);
    const asked = listenAt(arena);
    arena.write({ ...arena.mine(), host: FAR_HOST });
    expect((await arena.honest.rotate()).error).toBe('UntrustedVersionError');
    await arena.honest.recover();
    expect(toOutside(asked)).toEqual([]);
  });

  it('a revert names no cluster where none is on record', async () => {
    const arena = enter('single-user that changes itself', ['write']);
    arena.write({ ...jsonOf(arena, arena.current()) });
    expect((await arena.honest.rotate(undefined, undefined, 'revert')).status).toBe('SUCCEEDED');
    expect(await clusterOf(arena)).toBeUndefined();
  });
});
