import { describe, expect, it } from 'vitest';
import { PROVEN_TAG, provenVersions, recordProven } from '../../functions/shared/proven.ts';
import { versionIdsOf } from '../../functions/shared/version-ids.ts';
import { count, PortCalls } from '../helpers/port-calls.ts';
import { portsOf } from '../helpers/rotation-steps.ts';
import { RotationWorld, SECRET } from '../helpers/rotation-world.ts';

const IDS = versionIdsOf('some execution');
/** As Secrets Manager makes them. */
const UUIDS = Array.from({ length: 9 }, (_, number) => `0123abcd-0123-4567-89ab-0123456789a${number}`);

const record = async (known: readonly string[], versions: readonly string[]) => {
  const world = new RotationWorld();
  const calls = new PortCalls();
  const { secrets } = portsOf(world, calls);
  const all = await recordProven(secrets, world.secretArn, known, versions);
  const { tags } = await world.store.port().describe(SECRET);
  return { all, tag: tags[PROVEN_TAG], writes: count(calls, 'setTag') };
};

describe('recordProven', () => {
  it('puts the latest first', async () => {
    const { all, tag } = await record(['c', 'd'], ['a', 'b']);
    expect(all).toEqual(['a', 'b', 'c', 'd']);
    expect(tag).toBe('a b c d');
  });

  it('names each version once, by its latest place', async () => {
    expect((await record(['a', 'b', 'c'], ['d', 'b'])).tag).toBe('d b a c');
  });

  it.each([
    ['nothing', ['a', 'b'], []],
    ['what is known', ['a', 'b'], ['b']],
    ['nothing, where nothing is known', [], []],
  ])('writes nothing for %s', async (_what, known, versions) => {
    expect(await record(known, versions)).toMatchObject({ tag: undefined, writes: 0 });
  });

  // https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_Tag.html
  it.each([
    ['this project’s', IDS, 7],
    ['Secrets Manager’s', UUIDS, 6],
  ])('forgets the oldest of %s when the tag of 256 characters is full', async (_whose, ids, room) => {
    const { all, tag = '' } = await record(ids.slice(1, 9), ids.slice(0, 1));
    expect(all).toEqual(ids.slice(0, room));
    expect(tag).toBe(all.join(' '));
    expect(tag.length).toBeLessThanOrEqual(256);
  });

  it('uses the last character of the tag', async () => {
    const ids = ['a'.repeat(64), 'b'.repeat(64), 'c'.repeat(64), 'd'.repeat(61)];
    expect((await record(ids.slice(1), ids.slice(0, 1))).tag).toHaveLength(256);
  });
});

describe('provenVersions', () => {
  it.each([
    ['no tag', {}, []],
    ['an empty one', { [PROVEN_TAG]: '' }, []],
    ['spaces that a person typed', { [PROVEN_TAG]: ' a  b ' }, ['a', 'b']],
  ])('reads %s', (_what, tags, versions) => {
    expect(provenVersions({ tags })).toEqual(versions);
  });
});
