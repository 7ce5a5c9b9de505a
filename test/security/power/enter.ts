import { STRATEGY_TAG } from '../../../functions/contract/tags.ts';
import { recordOf } from '../../../functions/secret/proven.ts';
import { PortCalls } from '../../support/port-calls.ts';
import { executionArn, RotationMachine } from '../../support/rotation-machine.ts';
import { portsOf } from '../../support/rotation-steps.ts';
import { SECRET } from '../../support/rotation-world.ts';
import { Arena, OWN_USER } from './arena.ts';
import type { Right } from './rights.ts';
import { WORLDS } from './worlds.ts';

export const PAIRS = ['alternating-users', 'admin-clone'];

export const enter = (name: string, rights: Right[], options: object = {}): Arena => {
  const world = WORLDS[name];
  if (world === undefined) throw new Error(`there is no world ${name}`);
  return new Arena(rights, { ...world, options: { ...world.options, ...options } });
};

/** A pair whose replaced user logs in still. */
export const enterInGrace = (name: string, rights: Right[]): Arena => {
  const username = name === 'admin-clone' ? 'boss_clone' : 'app_clone';
  return enter(name, rights, { retirementPolicy: 'keep', previous: { username, state: 'logs in' } });
};

/** A pair that was never rotated, whose other user's name is free. */
export const enterNew = (name: string, rights: Right[], options: object = {}): Arena => {
  const world = WORLDS[`${name}, never rotated`];
  if (world === undefined) throw new Error(`there is no world ${name}, never rotated`);
  return new Arena(rights, {
    options: { ...world.options, ...options },
    pair: 'the secret’s own',
    wasRotated: true,
  });
};

/** An AWSCURRENT for a user of the attacker's. */
export const mallory = (arena: Arena) => ({ username: OWN_USER, password: arena.ownPassword });

export const recordIn = async (arena: Arena) => recordOf(await portsOf(arena.world).secrets.describe(SECRET));

/** Runs an attack at each moment of an execution, until that has no more. */
export const atEachMoment = async (
  attack: (moment: number) => Promise<Arena>,
  first = 1,
  step = 1,
): Promise<void> => {
  for (let moment = first; (await attack(moment)).wasReached; moment += step);
};

/** Acts once, at that call. */
export const callsAt = (arena: Arena, moment: number, act: () => unknown): PortCalls => {
  let call = 0;
  return new PortCalls({
    turn: async () => {
      call += 1;
      if (call !== moment) return;
      arena.wasReached = true;
      await act();
    },
  });
};

/** A rotation whose retirement waits for its grace. @returns what that one was started with */
export const rotateUntilGrace = async (arena: Arena): Promise<Record<string, unknown>> => {
  const machine = new RotationMachine(arena.world, { calls: new PortCalls() });
  await machine.run(executionArn(arena.nextName()), { secretId: SECRET });
  const [request] = machine.retirements as { Input: Record<string, unknown> }[];
  const { AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID: _, ...input } = request?.Input ?? {};
  return input;
};

/** Whether the user that a rotation made or changed logs in beside AWSCURRENT's, by what that rotation wrote. */
export const isLeftEnabled = (arena: Arena, written: string): boolean => {
  const { world } = arena;
  const made = world.credentialOf(written);
  const isInUse = world.credentialOf(arena.current())?.username === made?.username;
  return made !== undefined && !isInUse && world.database.accepts(made);
};

/** A pair that was switched while its second user is in use. @returns the versions of both */
export const switched = async (retirementPolicy: string) => {
  const arena = enter('alternating-users', ['write'], { retirementPolicy, admin: true });
  do await arena.honest.rotate();
  while (arena.world.usernameOf(arena.current()) !== arena.pairUser);
  arena.world.store.setTag(SECRET, STRATEGY_TAG, 'single-user');
  return { arena, right: arena.current(), left: arena.world.store.holder(SECRET, 'AWSPREVIOUS') ?? '' };
};
