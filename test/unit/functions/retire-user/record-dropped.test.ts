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
  await recordDropped(secrets, await secrets.describe(SECRET), ['a'], '0123456789abcdef');
  const { tags } = await secrets.describe(SECRET);
  return { tags, record: recordOf({ tags }), writes: count(calls, 'setTags') };
};

it('says in both tags which retirement it was, by one call', async () => {
  const { tags, writes } = await recorded('=b =a c');
  expect(tags).toMatchObject({ [PROVEN_TAG]: '=b -a c /01234567', [DROPPED_TAG]: '01234567' });
  expect(writes).toBe(1);
});

it('takes the place of the one before', async () => {
  expect((await recorded('=b =a /before', 'before')).record).toEqual(['=b', '-a', '/01234567']);
});

it('brings no record back that did not know of the one before', async () => {
  expect((await recorded('=b =a', 'before')).record).toEqual(['b', '-a', '/01234567']);
});
