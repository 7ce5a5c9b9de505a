import { expect, it } from 'vitest';
import { DROPPED_TAG, PROVEN_TAG } from '../../../../functions/contract/tags.ts';
import { recordDropped } from '../../../../functions/retire-user/record-dropped.ts';
import { recordOf } from '../../../../functions/secret/proven.ts';
import { count, PortCalls } from '../../../support/port-calls.ts';
import { portsOf } from '../../../support/rotation-steps.ts';
import { RotationWorld, SECRET } from '../../../support/rotation-world.ts';

const recorded = async (record: string, dropped?: string) => {
  const world = new RotationWorld();
  world.store.setTag(SECRET, PROVEN_TAG, record);
  if (dropped !== undefined) world.store.setTag(SECRET, DROPPED_TAG, dropped);
  const calls = new PortCalls();
  const { secrets } = portsOf(world, calls);
  await recordDropped(secrets, await secrets.describe(SECRET), ['a']);
  const { tags } = await secrets.describe(SECRET);
  return { tags, record: recordOf({ tags }), writes: count(calls, 'setTags') };
};

it('says by the same mark in both tags which drop it was, by one call', async () => {
  const { tags, writes } = await recorded('=b =a c');
  const { [DROPPED_TAG]: mark = '' } = tags;
  expect(mark).toMatch(/^[0-9a-f]{12}$/);
  expect(tags[PROVEN_TAG]).toBe(`=b -a c /${mark}`);
  expect(writes).toBe(1);
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
