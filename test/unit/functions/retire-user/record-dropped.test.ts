import { expect, it } from 'vitest';
import { RotationSupersededError } from '../../../../functions/contract/errors.ts';
import { DROPPED_TAG, PROVEN_TAG } from '../../../../functions/contract/tags.ts';
import { recordDropped } from '../../../../functions/retire-user/record-dropped.ts';
import { OWNER } from '../../../../functions/secret/labels.ts';
import { recordOf } from '../../../../functions/secret/proven.ts';
import { count, PortCalls } from '../../../support/port-calls.ts';
import { portsOf } from '../../../support/rotation-steps.ts';
import { RotationWorld, SECRET } from '../../../support/rotation-world.ts';

const recorded = async (record: string, dropped?: string) => {
  const world = new RotationWorld();
  world.store.setTag(SECRET, PROVEN_TAG, record);
  if (dropped !== undefined) world.store.setTag(SECRET, DROPPED_TAG, dropped);
  const calls = new PortCalls();
  const ports = portsOf(world, calls);
  const { secrets } = ports;
  world.store.putWithId(SECRET, 'lock', 'none', [OWNER]);
  await recordDropped(ports, await secrets.describe(SECRET), 'lock', ['a']);
  const { tags } = await secrets.describe(SECRET);
  return { tags, record: recordOf({ tags }), writes: count(calls, 'setTags') };
};

it('says by the same mark in both tags which drop it was, in the record last', async () => {
  const { tags, writes } = await recorded('=b =a c');
  const { [DROPPED_TAG]: mark = '' } = tags;
  expect(mark).toMatch(/^[0-9a-f]{12}$/);
  expect(tags[PROVEN_TAG]).toBe(`=b -a c /${mark}`);
  expect(writes).toBe(2);
});

it('never by the same one as before', async () => {
  const marks = await Promise.all(
    Array.from({ length: 20 }, async () => (await recorded('=a')).tags[DROPPED_TAG]),
  );
  expect(new Set(marks).size).toBe(20);
});

it('takes the place of the one before', async () => {
  const { record, tags } = await recorded('=b =a /before', 'before');
  expect(record).toEqual(['=b', '-a', `/${tags[DROPPED_TAG]}`]);
});

it('brings no record back that did not know of the one before', async () => {
  const { record, tags } = await recorded('=b =a', 'before');
  expect(record).toEqual([':b', '-a', `/${tags[DROPPED_TAG]}`]);
});

it('writes no record once the lock is someone else’s, and what is there makes no pair then', async () => {
  const world = new RotationWorld();
  world.store.setTag(SECRET, PROVEN_TAG, '=b =a');
  world.store.putWithId(SECRET, 'lock', 'none', [OWNER]);
  const calls = new PortCalls({
    turn: async (method) => {
      if (method === 'setTags') world.store.putByHand(SECRET, 'none', { labels: [OWNER] });
    },
  });
  const ports = portsOf(world, calls);
  const secret = await ports.secrets.describe(SECRET);
  await expect(recordDropped(ports, secret, 'lock', ['a'])).rejects.toThrow(RotationSupersededError);
  expect(count(calls, 'setTags')).toBe(1);
  const { tags } = await world.store.port().describe(SECRET);
  expect(recordOf({ tags })).toEqual([':b', ':a', `/${tags[DROPPED_TAG]}`]);
});
