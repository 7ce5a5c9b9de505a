import { saslprep } from '@mongodb-js/saslprep';
import { describe, expect, it } from 'vitest';
import {
  SecretsManagerRefusedError,
  SecretsManagerUnavailableError,
} from '../../functions/contract/errors.ts';
import { RETIREMENT_POLICY_TAG, STRATEGY_TAG } from '../../functions/contract/tags.ts';
import { OWNER, PENDING } from '../../functions/secret/labels.ts';
import { markerOf } from '../../functions/secret/marker.ts';
import { versionIdsOf } from '../../functions/secret/version-ids.ts';
import { type Fault, PortCalls, ProcessDiedError } from '../support/port-calls.ts';
import { executionArn, RetirementMachine, RotationMachine } from '../support/rotation-machine.ts';
import { SECRET } from '../support/rotation-world.ts';
import { triggered } from '../support/triggered.ts';
import type { Arena } from './power/arena.ts';
import { atEachMoment, enter, enterNew, isLeftEnabled, PAIRS, rotateUntilGrace } from './power/enter.ts';
import { isLeftAlone, takeName } from './power/given-names.ts';
import { grant, holders, rolesNow } from './power/payroll.ts';

/*
 * A twenty-fourth reviewer's attacks: what an execution leaves behind that is refused once it has the lock, names that no tag takes, and passwords
 * that only look like two. Changes that were repeated: test/chaos/in-memory/repeated-changes.test.ts.
 */

const DAY_MS = 24 * 3600 * 1000;

/** @returns the name of the error, or `fine` */
const endOf = async (called: Promise<void>): Promise<string> =>
  await called.then(
    () => 'fine',
    (error) => error.name,
  );

describe('an execution that someone starts under the name of the attempt, for its secret and token', () => {
  it.each([{ mode: 'check' }, { mode: 'verify' }, { mode: 'revert' }, { unknown: 1 }])(
    'gets no lock as %j',
    async (more) => {
      const { world, put, call, nameOf, onSleep, token, known } = triggered();
      const theirs = executionArn('theirs', 'recovery');
      const [id = ''] = versionIdsOf(theirs);
      const held = world.store.addVersionWithId(SECRET, id, [OWNER], markerOf(theirs, []));
      const input = { secretId: world.secretArn, token, ...more };
      onSleep(() => {
        if (known.size > 0) return;
        put(nameOf(1), 'RUNNING', input);
        world.store.move(SECRET, OWNER, { from: held });
      });
      await endOf(call('createSecret'));
      const machine = new RotationMachine(world, { calls: new PortCalls() });
      const ending = await machine.run(executionArn(nameOf(1)), input);
      put(nameOf(1), ending.status, input);
      for (const step of ['setSecret', 'testSecret', 'createSecret', 'createSecret'] as const)
        await endOf(call(step));
      expect([...known.keys()]).toContain(nameOf(2));
    },
  );
});

describe('a trigger that is refused a call once it has the lock', () => {
  it.each(['newPassword', 'put', 'read'])('gives it back: %s', async (method) => {
    let refuses = true;
    let holds = (): boolean => false;
    const calls = new PortCalls({
      turn: async (called) => {
        if (refuses && called === method && holds()) throw new SecretsManagerRefusedError('AccessDenied');
      },
    });
    const { world, call, clock } = triggered(calls);
    holds = () => world.store.holder(SECRET, OWNER) !== undefined;
    expect(await endOf(call('createSecret'))).toBe('SecretsManagerRefusedError');
    expect([holds(), world.store.holder(SECRET, PENDING)]).toEqual([false, undefined]);
    await clock.sleep(2 * DAY_MS);
    refuses = false;
    expect(await endOf(call('createSecret'))).toBe('fine');
  });
});

it('a secret that is marked for deletion once the trigger has the lock keeps none', async () => {
  const { world, call, known } = triggered();
  await call('createSecret');
  const [{ arn, input } = { arn: '', input: '' }] = known.values();
  world.store.markForDeletion(SECRET);
  await new RotationMachine(world, { calls: new PortCalls() }).run(arn, JSON.parse(input));
  expect(world.store.holder(SECRET, OWNER)).toBeUndefined();
});

describe.each(['single-user', ...PAIRS])('a rotation of %s whose CreateSecret is called again', (name) => {
  it('leaves no lock where it is refused by garbage then', async () => {
    let reached = 0;
    for (let moment = 1; moment < 12; moment++) {
      const arena = enter(name, ['write']);
      let call = 0;
      const turn = async () => {
        call += 1;
        if (call !== moment || arena.world.store.holder(SECRET, OWNER) === undefined) return;
        reached += 1;
        arena.write('none');
        throw new SecretsManagerUnavailableError('no answer');
      };
      await rotate(arena, new PortCalls({ turn }));
      expect(arena.world.store.holder(SECRET, OWNER), `call ${moment}`).toBeUndefined();
    }
    expect(reached).toBeGreaterThan(0);
  });

  it.each(['rotate', 'revert'])(
    'leaves no AWSPENDING where someone writes AWSCURRENT meanwhile: %s',
    async (mode) => {
      const left: string[] = [];
      let refused = 0;
      for (let lost = 1; lost <= 10; lost++) {
        for (let write = lost + 1; write <= lost + 4; write++) {
          const arena = enter(name, ['write'], { retirementPolicy: 'keep' });
          await arena.honest.rotate();
          const right = arena.world.credentialOf(arena.current());
          const calls = losing(lost, write, () => void arena.write({ ...right }));
          if ((await rotate(arena, calls, mode)).path.at(-1) !== 'Refused') continue;
          refused += 1;
          const { AWSPENDING, AWSCURRENT, AWSPREVIOUS, [OWNER]: owner } = arena.world.store.labels(SECRET);
          const dangles = AWSPENDING !== undefined && ![AWSCURRENT, AWSPREVIOUS].includes(AWSPENDING);
          if (dangles || owner !== undefined) left.push(`call ${lost} lost, written at ${write}`);
        }
      }
      expect(refused).toBeGreaterThan(0);
      expect(left).toEqual([]);
    },
  );
});

const rotate = async (arena: Arena, calls: PortCalls, mode = 'rotate') =>
  await new RotationMachine(arena.world, { calls }).run(executionArn('mine'), {
    secretId: SECRET,
    ...(mode === 'revert' ? { mode } : {}),
  });

/** Calls of which one has its effect and no answer, and before another of which something happens. */
const losing = (lost: number, moment: number, act: () => void, error = noAnswer): PortCalls => {
  let call = 0;
  const turn = async () => {
    call += 1;
    if (call === moment) act();
  };
  const fault: Fault = { call: lost, when: 'after', error };
  return new PortCalls({ turn, faults: [fault] });
};

const noAnswer = (): Error => new SecretsManagerUnavailableError('no answer');

describe.each(PAIRS)('a retirement of %s that is called again', (name) => {
  it.each<[string, () => Error]>([
    ['no answer', noAnswer],
    ['the end of its process', () => new ProcessDiedError('dead')],
  ])('leaves no lock where AWSCURRENT is moved back meanwhile, after %s', async (_what, error) => {
    const left: string[] = [];
    for (let lost = 1; lost <= 24; lost++) {
      for (let moved = lost + 1; moved <= lost + 3; moved++) {
        const arena = enter(name, ['write'], { retirementPolicy: 'lock' });
        await arena.honest.rotate();
        const input = await rotateUntilGrace(arena);
        const putBack = () => arena.honest.putBack(arena.world.store.holder(SECRET, 'AWSPREVIOUS') ?? '');
        const machine = new RetirementMachine(arena.world, { calls: losing(lost, moved, putBack, error) });
        await machine.run(executionArn('it', 'retirement'), { ...input, graceSeconds: 0 });
        if (arena.world.store.holder(SECRET, OWNER) !== undefined)
          left.push(`call ${lost}, moved at ${moved}`);
      }
    }
    expect(left).toEqual([]);
  });
});

describe.each(['app', 'a b', 'ünïcode'])('who gets the name that a switch left behind: %s', (username) => {
  it.each(
    ['delete', 'revoke', 'lock', 'keep'].flatMap((policy) => [1, 2].map((turns) => [policy, turns] as const)),
  )('is left alone (%s, %i turns after it)', async (retirementPolicy, turns) => {
    const arena = enterNew('alternating-users', ['write'], { retirementPolicy, username });
    do expect((await arena.honest.rotate()).error).toBeUndefined();
    while (arena.world.usernameOf(arena.current()) !== arena.pairUser);
    arena.world.store.setTag(SECRET, STRATEGY_TAG, 'single-user');
    arena.world.store.setTag(SECRET, RETIREMENT_POLICY_TAG, 'keep');
    for (let turn = 0; turn < turns; turn++) expect((await arena.honest.rotate()).error).toBeUndefined();
    const theirs = takeName(arena, arena.user);
    arena.write(theirs);
    const { error } = await arena.honest.rotate();
    isLeftAlone(arena, theirs);
    expect(error).toBe('UntrustedVersionError');
  });
});

describe.each(PAIRS)('a rotation of %s whose lock an execution of mine gets, which loses it too', (name) => {
  it.each(['never', 'lock'])('leaves no user enabled after an operator’s recovery (%s)', async (policy) => {
    const left: string[] = [];
    await atEachMoment(async (moment) => {
      const isNew = policy === 'never';
      const arena = (isNew ? enterNew : enter)(name, ['write', 'start'], {
        retirementPolicy: isNew ? 'lock' : policy,
      });
      if (!isNew) await arena.honest.rotate();
      const act = async () => {
        arena.write('x', [OWNER, PENDING], arena.idsOf('mine')[0]);
        let isRecorded = false;
        const turn = async (method: string) => {
          if (isRecorded) arena.write('y', [OWNER]);
          isRecorded = method === 'setTags';
        };
        await arena.start({}, 'mine', new PortCalls({ turn }));
      };
      const [written = ''] = arena.idsOf('theirs');
      const { error } = await arena.honest.rotate(moment, act, 'rotate', 'theirs');
      if (error === undefined) return arena;
      await arena.honest.recover();
      if (isLeftEnabled(arena, written)) left.push(`${moment}: ${error}`);
      return arena;
    });
    expect(left).toEqual([]);
  });
});

/** As a server that takes SCRAM-SHA-256: the driver prepares a password before it proves that it knows it. */
const preparing = (arena: Arena): Arena => {
  const { database } = arena.world;
  const { port, accepts } = { port: database.port.bind(database), accepts: database.accepts.bind(database) };
  database.port = (gate) => ({
    login: (login) => port(gate).login({ ...login, password: saslprep(login.password) }),
  });
  database.accepts = (login) => accepts({ ...login, password: saslprep(login.password) });
  return arena;
};

/** The same password for that server: a soft hyphen is nothing. https://www.rfc-editor.org/rfc/rfc3454#appendix-B.1 */
const copyOfPrevious = (arena: Arena) => {
  const previous = arena.world.credentialOf(arena.world.store.holder(SECRET, 'AWSPREVIOUS') ?? '');
  return { username: previous?.username ?? '', password: `${previous?.password}\u00ad` };
};

describe.each(PAIRS)('a copy of AWSPREVIOUS with a soft hyphen, at each moment of a revert: %s', (name) => {
  it('gives no roles to one that was stripped', async () => {
    const gained: string[] = [];
    await atEachMoment(async (moment) => {
      const arena = preparing(enter(name, ['write'], { retirementPolicy: 'revoke' }));
      for (const _turn of [1, 2]) await arena.honest.rotate();
      const value = copyOfPrevious(arena);
      expect(rolesNow(arena, value.username)).toEqual([]);
      const { error } = await arena.honest.rotate(moment, () => void arena.write(value), 'revert');
      if (error === undefined) return arena;
      if (error !== 'RolledBack') await arena.honest.recover();
      if (rolesNow(arena, value.username).length > 0) gained.push(`${moment}: ${error}`);
      return arena;
    });
    expect(gained).toEqual([]);
  });

  it('gives no role to one that is kept, which only the one in use has got since', async () => {
    const gained: string[] = [];
    await atEachMoment(async (moment) => {
      const arena = preparing(enter(name, ['write'], { retirementPolicy: 'keep' }));
      for (const _turn of [1, 2]) await arena.honest.rotate();
      const inUse = arena.world.usernameOf(arena.current()) ?? '';
      grant(arena, inUse);
      const value = copyOfPrevious(arena);
      const { error } = await arena.honest.rotate(moment, () => void arena.write(value), 'revert');
      if (error === undefined) return arena;
      if (error !== 'RolledBack') await arena.honest.recover();
      if (holders(arena).join() !== inUse) gained.push(`${moment}: ${error}: ${holders(arena)}`);
      return arena;
    });
    expect(gained).toEqual([]);
  });
});
