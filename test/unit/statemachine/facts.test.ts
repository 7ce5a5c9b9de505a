import { describe, expect, it } from 'vitest';
import { newPassword } from '../../support/in-memory-secret-store.ts';
import { PortCalls } from '../../support/port-calls.ts';
import {
  executionArn,
  RecoveryMachine,
  RetirementMachine,
  RotationMachine,
} from '../../support/rotation-machine.ts';
import { SCENARIOS, scenario } from '../../support/rotation-scenarios.ts';
import { type RotationWorld, SECRET } from '../../support/rotation-world.ts';
import type { Ending } from '../../support/state-machine.ts';

/* Who looks at any state of an execution in the console sees of which secret it is, and how far it is. */

const rotate = (world: RotationWorld, input: object = {}): Promise<Ending> =>
  new RotationMachine(world, { calls: new PortCalls() }).run(executionArn('one'), {
    secretId: SECRET,
    ...input,
  });

/** The state whose input does not say it. The first one has what someone wrote. */
const silent = ({ path, inputs }: Ending): string[] =>
  path.filter((_, index) => !JSON.stringify(inputs[index] ?? {}).includes(`"secret":"`) && index > 0);

const TROUBLES: readonly [string, (world: RotationWorld) => void][] = [
  ['that succeeds', () => {}],
  ['that is compensated', ({ database }) => database.failWith({ command: 'ping', code: 2, times: 3 })],
  ['that meets an instance that lags', ({ database }) => database.fallBehind(4)],
  ['that is refused', ({ store }) => void store.putByHand(SECRET, 'no JSON')],
  ['whose compensation fails', ({ database }) => database.failWith({ command: 'ping', code: 2, times: 40 })],
];

describe.each(Object.keys(SCENARIOS))('each state of a rotation, %s,', (name) => {
  it.each(TROUBLES)('%s says of which secret it is, and no password', async (_what, trouble) => {
    const world = scenario(name);
    trouble(world);
    const ending = await rotate(world);
    expect(ending.path.length).toBeGreaterThan(3);
    expect(silent(ending)).toEqual([]);
    expect(world.leaks(ending.inputs)).toEqual([]);
  });
});

it('each state of a rotation says which users and versions it is about, once that is known', async () => {
  const world = scenario('alternating-users, never rotated');
  const { path, inputs } = await rotate(world);
  const version = world.store.holder(SECRET, 'AWSCURRENT');
  const known = path.indexOf('CheckBefore');
  expect(path[known + 1]).toBe('SetSecret');
  for (const input of inputs.slice(known, path.indexOf('ChooseEnd')))
    expect(input).toMatchObject({
      secret: SECRET,
      mode: 'rotate',
      strategy: 'alternating-users',
      user: 'app_clone',
      replacesUser: 'app',
      version,
      replacesVersion: world.current,
    });
});

it('the state after a failure says where it was, and which', async () => {
  const world = scenario('single-user through the admin secret');
  world.database.failWith({ command: 'ping', code: 2, times: 3 });
  const { path, inputs } = await rotate(world);
  expect(inputs[path.indexOf('ChooseCompensation')]).toMatchObject({
    failed: 'TestSecret',
    error: 'ChangeRefusedError',
  });
});

it('each state of a verification, and of a recovery, says of which secret it is', async () => {
  const world = scenario('single-user through the admin secret');
  expect(silent(await rotate(world, { mode: 'verify' }))).toEqual([]);
  world.store.putByHand(
    SECRET,
    JSON.stringify({
      ...JSON.parse(world.store.valueOf(SECRET, world.current) ?? ''),
      password: newPassword(),
    }),
  );
  const recovery = await new RecoveryMachine(world, { calls: new PortCalls() }).run(
    executionArn('two', 'recovery'),
    { secretId: SECRET },
  );
  expect(recovery.status, recovery.cause).toBe('SUCCEEDED');
  expect(silent(recovery)).toEqual([]);
});

it('a retirement says in its name and in each state whose it is', async () => {
  const world = scenario('admin-clone, never rotated');
  const machine = new RotationMachine(world, { calls: new PortCalls() });
  await machine.run(executionArn('one'), { secretId: SECRET });
  const [{ Name, Input }] = machine.retirements as [{ Name: string; Input: object }];
  // https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
  expect(Name).toMatch(/^shop-app-retire-2026-11-28-[0-9a-f]{32}$/);
  expect(Name.length).toBeLessThanOrEqual(80);
  const retirement = await new RetirementMachine(world, { calls: new PortCalls() }).run(
    executionArn(Name, 'retirement'),
    Input,
  );
  expect(retirement.path).toEqual(['CheckInput', 'WaitForGrace', 'RetireUser', 'Retired']);
  expect(retirement.inputs[2]).toMatchObject({ user: 'boss', policy: 'lock' });
});
