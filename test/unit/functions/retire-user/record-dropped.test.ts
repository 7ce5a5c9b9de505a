import { expect, it } from 'vitest';
import { RotationSupersededError } from '../../../../functions/contract/errors.ts';
import { DROPPED_TAG, PROVEN_TAG } from '../../../../functions/contract/tags.ts';
import { markDrop, recordDrop } from '../../../../functions/retire-user/record-dropped.ts';
import { droppedTag, isGone } from '../../../../functions/secret/gone-users.ts';
import { OWNER } from '../../../../functions/secret/labels.ts';
import { recordOf } from '../../../../functions/secret/proven.ts';
import { newPassword } from '../../../support/in-memory-secret-store.ts';
import { count, PortCalls } from '../../../support/port-calls.ts';
import { portsOf } from '../../../support/rotation-steps.ts';
import { RotationWorld, SECRET } from '../../../support/rotation-world.ts';

const ACCOUNT = { username: 'app', password: newPassword(), host: 'db.example.org', port: 27017, tls: true };

const recorded = async (record: string, dropped?: string) => {
  const world = new RotationWorld();
  world.store.setTag(SECRET, PROVEN_TAG, record);
  if (dropped !== undefined) world.store.setTag(SECRET, DROPPED_TAG, dropped);
  const calls = new PortCalls();
  const ports = portsOf(world, calls);
  const { secrets } = ports;
  world.store.putWithId(SECRET, 'lock', 'none', [OWNER]);
  const before = await secrets.describe(SECRET);
  await recordDrop(ports, before, await markDrop(ports, before, 'lock', ACCOUNT), ['a']);
  const { tags } = await secrets.describe(SECRET);
  const [mark = ''] = (tags[DROPPED_TAG] ?? '').split(' ');
  return { tags, mark, record: recordOf({ tags }), writes: count(calls, 'setTags') };
};

it('says by the same mark in both tags which drop it was, in the record last', async () => {
  const { tags, mark, writes } = await recorded('=b =a c');
  expect(mark).toMatch(/^[0-9a-f]{12}$/);
  expect(tags[PROVEN_TAG]).toBe(`=b -a c /${mark}`);
  expect(writes).toBe(2);
});

it('never by the same one as before', async () => {
  const marks = await Promise.all(Array.from({ length: 20 }, async () => (await recorded('=a')).mark));
  expect(new Set(marks).size).toBe(20);
});

it('takes the place of the one before', async () => {
  const { record, mark } = await recorded('=b =a /before', 'before');
  expect(record).toEqual(['=b', '-a', `/${mark}`]);
});

it('brings no record back that did not know of the one before', async () => {
  const { record, mark } = await recorded('=b =a', 'before');
  expect(record).toEqual([':b', '-a', `/${mark}`]);
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
  await expect(markDrop(ports, secret, 'lock', ACCOUNT)).rejects.toThrow(RotationSupersededError);
  expect(count(calls, 'setTags')).toBe(1);
  const { tags } = await world.store.port().describe(SECRET);
  expect(recordOf({ tags }).slice(0, 2)).toEqual([':b', ':a']);
});

it('keeps who is gone, each once, at its place, and whatever the case of the host', async () => {
  const { tags } = await recorded('=b =a');
  const secret = { tags };
  expect(isGone(secret, ACCOUNT)).toBe(true);
  expect(isGone(secret, { ...ACCOUNT, host: 'DB.example.org' })).toBe(true);
  for (const other of [{ username: 'app_clone' }, { host: 'other.example.org' }, { port: 27018 }])
    expect(isGone(secret, { ...ACCOUNT, ...other })).toBe(false);
  const again = await recorded('=b =a', tags[DROPPED_TAG]);
  expect(again.tags[DROPPED_TAG]?.split(' ')).toHaveLength(2);
});

it('has room for fourteen, of which the first stay', () => {
  let tag = '';
  for (let port = 1; port <= 20; port++)
    tag = droppedTag({ tags: { [DROPPED_TAG]: tag } }, '0123456789ab', { ...ACCOUNT, port });
  expect(tag.length).toBeLessThanOrEqual(256);
  expect(isGone({ tags: { [DROPPED_TAG]: tag } }, { ...ACCOUNT, port: 1 })).toBe(true);
  expect(isGone({ tags: { [DROPPED_TAG]: tag } }, { ...ACCOUNT, port: 14 })).toBe(true);
  // Nor is a mark one that is gone.
  expect(isGone({ tags: { [DROPPED_TAG]: tag.slice(13) } }, { ...ACCOUNT, port: 1 })).toBe(false);
});
