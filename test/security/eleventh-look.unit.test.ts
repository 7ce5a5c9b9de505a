import { describe, expect, it } from 'vitest';
import { markerOf } from '../../functions/secret/marker.ts';
import { newPassword, newVersionId } from '../support/in-memory-secret-store.ts';
import { PortCalls } from '../support/port-calls.ts';
import { executionArn, RetirementMachine, RotationMachine } from '../support/rotation-machine.ts';
import { SECRET } from '../support/rotation-world.ts';
import type { Arena } from './power/arena.ts';
import { atEachMoment, enter, enterNew, PAIRS, recordIn } from './power/enter.ts';

const OWNER = 'docdb-rotation-owner';

const rotateUntilGrace = async (arena: Arena): Promise<Record<string, unknown>> => {
  const machine = new RotationMachine(arena.world, { calls: new PortCalls() });
  await machine.run(executionArn(newVersionId()), { secretId: SECRET });
  const [request] = machine.retirements as { Input: Record<string, unknown> }[];
  const { AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID: _, ...input } = request?.Input ?? {};
  return input;
};

describe('x', () => {
  it.each(PAIRS)('marker names replaced: %s', async (name) => {
    const arena = enter(name, ['write', 'read'], { retirementPolicy: 'lock' });
    const old = arena.current();
    const [mine] = [arena.world.credentialOf(old)];
    const input = await rotateUntilGrace(arena);
    const now = arena.world.store.valueOf(SECRET, arena.current()) ?? '';
    arena.write(markerOf(executionArn('none'), [old]), ['AWSCURRENT', OWNER]);
    const end = await arena.honest.recover();
    console.log(end, arena.current() === old, await recordIn(arena), old);
    arena.write(JSON.parse(now));
    await arena.honest.recover();
    const machine = new RetirementMachine(arena.world, { calls: new PortCalls() });
    const { status, output } = (await machine.run(executionArn(newVersionId(), 'retirement'), input)) as never;
    console.log(status, output, machine.notices, arena.world.database.accepts(mine as never));
  });

  it.each(PAIRS)('revert cut off: someone else’s clone: %s', async (name) => {
    let changed = 0;
    await atEachMoment(async (moment) => {
      const arena = enterNew(name, ['write']);
      const { database } = arena.world;
      const known = newPassword();
      database.addUser(arena.pairUser, known, [{ role: 'read', db: 'blog' }]);
      const right = arena.current();
      arena.write({ username: arena.pairUser, password: known }, 'AWSPREVIOUS');
      const { error } = await arena.honest.rotate(moment, () => arena.write('none', OWNER), 'revert');
      const end = await arena.honest.recover();
      const is = database.user(arena.pairUser)?.password === known;
      if (!is) { changed += 1; console.log(moment, error, end, arena.current() === right, await recordIn(arena)); }
      return arena;
    }, 1);
    console.log(name, 'changed', changed);
  });
});
