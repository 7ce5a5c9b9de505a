import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { refused } from '../../support/crash-driver.ts';
import { ROOT } from '../../support/in-memory-database.ts';
import { newPassword } from '../../support/in-memory-secret-store.ts';
import { PortCalls, type PortCallsOptions } from '../../support/port-calls.ts';
import {
  executionArn,
  RecoveryMachine,
  RetirementMachine,
  RotationMachine,
  stoppedEvent,
} from '../../support/rotation-machine.ts';
import { RotationWorld, SECRET, type WorldOptions } from '../../support/rotation-world.ts';
import type { Ending } from '../../support/state-machine.ts';

/*
 * What Step Functions asks money for is each state that an execution enters, the last one included. The
 * table in statemachine/README.md is held to what the definitions really do.
 */

const SINGLE: WorldOptions = { username: 'boss', roles: ROOT };
const PAIR: WorldOptions = { strategy: 'alternating-users', admin: true };
const CLONE: WorldOptions = { strategy: 'admin-clone', username: 'boss', roles: ROOT };

const run = async (
  world: RotationWorld,
  input: Record<string, unknown> = {},
  circumstances: PortCallsOptions = {},
): Promise<{ ending: Ending; machine: RotationMachine; calls: PortCalls }> => {
  const calls = new PortCalls(circumstances);
  const machine = new RotationMachine(world, { calls });
  return { ending: await machine.run(executionArn('one'), { secretId: SECRET, ...input }), machine, calls };
};

/** A rotation of which the last check is refused: everything has to be undone. */
const failing = async (options: WorldOptions): Promise<Ending> => {
  const { calls } = await run(new RotationWorld(options));
  // The last login is one of CheckAfter.
  const fault = { call: calls.recorded.lastIndexOf('login') + 1, when: 'before', error: refused } as const;
  return (await run(new RotationWorld(options), {}, { faults: [fault] })).ending;
};

const lost = (options: WorldOptions): RotationWorld => {
  const world = new RotationWorld(options);
  world.database.addUser(options.username ?? 'app', newPassword(), options.roles ?? []);
  return world;
};

const rotated = async (options: WorldOptions, input = {}): Promise<Ending> =>
  (await run(new RotationWorld(options), input)).ending;

const recover = (world: RotationWorld, input: object = { secretId: SECRET }): Promise<Ending> =>
  new RecoveryMachine(world, { calls: new PortCalls() }).run(executionArn('two', 'recovery'), input);

/** What happens, as that table has it, and how it ends. */
const PATHS: Readonly<Record<string, readonly [ended: string, ending: () => Promise<Ending>]>> = {
  'a rotation of a single user': ['Rotated', () => rotated(SINGLE)],
  'a rotation of a pair whose predecessor is kept': ['Rotated', () => rotated(PAIR)],
  'a rotation of a pair whose predecessor is retired': ['Rotated', () => rotated(CLONE)],
  'each wait for a reader that lags': [
    'Rotated',
    async () => {
      const world = new RotationWorld(SINGLE);
      world.database.lag = 1;
      return (await run(world)).ending;
    },
  ],
  'a retirement': [
    'Retired',
    async () => {
      const world = new RotationWorld(CLONE);
      const { machine } = await run(world);
      const [request] = machine.retirements as { Input: unknown }[];
      return await new RetirementMachine(world, { calls: new PortCalls() }).run(
        executionArn('retirement'),
        request?.Input,
      );
    },
  ],
  'a rotation that CheckBefore refuses': ['Refused', async () => (await run(lost(SINGLE))).ending],
  'a rotation of a single user that fails at the end, and is compensated': [
    'RolledBack',
    () => failing(SINGLE),
  ],
  'a rotation of a pair that fails at the end, and is compensated': ['RolledBack', () => failing(CLONE)],
  '`verify`': ['Verified', () => rotated(SINGLE, { mode: 'verify' })],
  '`check`': ['Checked', () => rotated(SINGLE, { mode: 'check' })],
  '`revert` of a single user': [
    'Reverted',
    () => rotated({ ...SINGLE, previous: { username: 'boss', state: 'locked' } }, { mode: 'revert' }),
  ],
  'a recovery that an operator starts': ['Recovered', () => recover(new RotationWorld(SINGLE))],
  'a recovery where nothing logs in': ['RecoveryFailed', () => recover(lost(SINGLE))],
  'the recovery of an execution that was stopped': [
    'Recovered',
    () => {
      const world = new RotationWorld(SINGLE);
      world.executions.set(executionArn('one'), { secretId: SECRET });
      return recover(world, stoppedEvent(executionArn('one'), { secretId: SECRET }));
    },
  ],
};

const README = readFileSync(join(import.meta.dirname, '..', '..', '..', 'statemachine', 'README.md'), 'utf8');

const rows = new Map(
  [...README.matchAll(/^\| (.+?) \| (?:\+)?(\d+) \| `(\w+)` \|$/gm)].map(([, what = '', count, end]) => [
    what,
    { count: Number(count), end },
  ]),
);

/** A wait is told by what it adds to a rotation without one. */
const addedTo = async (what: string, { path }: Ending): Promise<number> =>
  what.startsWith('each wait') ? path.length - (await rotated(SINGLE)).path.length : path.length;

describe('the table tells how many states are entered by', () => {
  it.each(Object.entries(PATHS))('%s', async (what, [end, follow]) => {
    const ending = await follow();
    expect(ending.path.at(-1), ending.cause).toBe(end);
    expect(rows.get(what)).toEqual({ count: await addedTo(what, ending), end });
  });
});
