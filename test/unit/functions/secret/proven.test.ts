import { describe, expect, it } from 'vitest';
import { DROPPED_TAG, PROVEN_TAG } from '../../../../functions/contract/tags.ts';
import {
  asPaired,
  asProven,
  asWritten,
  isProvenIn,
  isUnfinishedIn,
  isWrittenIn,
  pairedIn,
  provenIn,
  provenVersions,
  recordDropped,
  recordMadeAgain,
  recordOf,
  recordProven,
  withNewest,
  withReturnedTo,
  withWritten,
} from '../../../../functions/secret/proven.ts';
import { versionIdsOf } from '../../../../functions/secret/version-ids.ts';
import { count, PortCalls } from '../../../support/port-calls.ts';
import { portsOf } from '../../../support/rotation-steps.ts';
import { RotationWorld, SECRET } from '../../../support/rotation-world.ts';

const IDS = versionIdsOf('some execution');
/** As Secrets Manager makes them. */
const UUIDS = Array.from({ length: 9 }, (_, number) => `0123abcd-0123-4567-89ab-0123456789a${number}`);

const EMPTY = { arn: 'arn', name: 'name', versions: {}, tags: {}, markedForDeletion: false };

const record = async (known: readonly string[], versions: readonly string[]) => {
  const world = new RotationWorld();
  const calls = new PortCalls();
  const { secrets } = portsOf(world, calls);
  const all = await recordProven(secrets, world.secretArn, known, versions);
  const { tags } = await world.store.port().describe(SECRET);
  return { all, tag: tags[PROVEN_TAG], writes: count(calls, 'setTag') };
};

describe('recordProven', () => {
  it('holds what it is told, the latest first, and forgets all else', async () => {
    const { all, tag } = await record(['c', 'd'], ['a', 'c']);
    expect(all).toEqual(['a', 'c']);
    expect(tag).toBe('a c');
  });

  it('names each version once', async () => {
    expect((await record(['a'], ['d', 'b', 'd'])).tag).toBe('d b');
  });

  it.each([
    ['what is known', ['a', 'b'], ['b', 'a']],
    ['nothing, where nothing is known', [], []],
  ])('writes nothing for %s', async (_what, known, versions) => {
    expect(await record(known, versions)).toMatchObject({ tag: undefined, writes: 0 });
  });

  // https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_Tag.html
  it.each([
    ['this project’s', IDS, 7],
    ['Secrets Manager’s', UUIDS, 6],
  ])('forgets the oldest of %s when the tag of 256 characters is full', async (_whose, ids, room) => {
    const { all, tag = '' } = await record([], ids.slice(0, 9));
    expect(all).toEqual(ids.slice(0, room));
    expect(tag).toBe(all.join(' '));
    expect(tag.length).toBeLessThanOrEqual(256);
  });

  it('uses the last character of the tag', async () => {
    const ids = ['a'.repeat(64), 'b'.repeat(64), 'c'.repeat(64), 'd'.repeat(61)];
    expect((await record([], ids)).tag).toHaveLength(256);
  });
});

describe('a version that was only written', () => {
  const secretWith = (tag: string) => ({ ...EMPTY, tags: { [PROVEN_TAG]: tag } });

  it('is this project’s own, and proven only once it was seen to log in', () => {
    const written = secretWith(asWritten('a'));
    expect(isWrittenIn(recordOf(written), 'a')).toBe(true);
    expect(provenVersions(written)).not.toContain('a');
    expect(isWrittenIn(recordOf(secretWith('a b')), 'a')).toBe(false);
  });

  it('stands before all that is proven: no one knows yet whether it will log in', () => {
    const secret = { ...secretWith('+e a b c'), versions: { a: ['AWSCURRENT'], c: ['AWSPREVIOUS'], d: [] } };
    expect(withWritten(secret, 'd')).toEqual([asWritten('d'), 'a', 'b', 'c']);
  });
});

describe('a version that a revert goes back to', () => {
  const secret = { ...EMPTY, tags: { [PROVEN_TAG]: withReturnedTo({ ...EMPTY, tags: {} }, 'a').join(' ') } };

  it('is unfinished, but no one joins it: who wrote it is not known', () => {
    expect(isUnfinishedIn(recordOf(secret), 'a')).toBe(true);
    expect(isWrittenIn(recordOf(secret), 'a')).toBe(false);
    expect(provenVersions(secret)).toEqual([]);
  });

  it('keeps what is on record of it', () => {
    expect(withReturnedTo({ ...EMPTY, tags: { [PROVEN_TAG]: '=a b' } }, 'a')).toEqual(['@a', '=a', 'b']);
  });
});

describe('a version whose user was dropped', () => {
  const secret = { ...EMPTY, tags: { [PROVEN_TAG]: '=a =b +c', [DROPPED_TAG]: 'a c gone' } };

  it('is none of a pair any more, whatever an old record says that was written since', () => {
    expect(recordOf(secret)).toEqual(['-a', '=b', '+c']);
    expect(pairedIn(recordOf(secret))).toEqual(['b']);
  });

  it('is on record once, without what is off the record', async () => {
    const world = new RotationWorld();
    world.store.setTag(SECRET, PROVEN_TAG, '=a =b');
    world.store.setTag(SECRET, DROPPED_TAG, 'gone');
    const calls = new PortCalls();
    const { secrets } = portsOf(world, calls);
    const tag = async () => (await secrets.describe(SECRET)).tags[DROPPED_TAG];

    await recordDropped(secrets, await secrets.describe(SECRET), ['a']);
    expect(await tag()).toBe('a');
    await recordDropped(secrets, await secrets.describe(SECRET), ['a']);
    expect(count(calls, 'setTag'), 'the second call had nothing to say').toBe(1);
    await recordMadeAgain(secrets, await secrets.describe(SECRET), 'a');
    expect(await tag()).toBe('');
    expect(recordOf(await secrets.describe(SECRET))).toEqual(['=a', '=b']);
  });
});

describe('a version that was seen to log in', () => {
  it('stands before all that are proven', () => {
    const secret = { ...EMPTY, tags: { [PROVEN_TAG]: 'a +b c' } };
    expect(withNewest(secret, 'd')).toEqual(['d', 'a', 'c']);
  });
});

describe('a version of a pair', () => {
  const secret = { ...EMPTY, tags: { [PROVEN_TAG]: '=a b +c =d' } };

  it('is proven, and not only written', () => {
    expect(provenVersions(secret)).toEqual(['a', 'b', 'd']);
    expect(provenIn(['=a', '+c'])).toEqual(['a']);
    expect(isProvenIn(['=a'], 'a')).toBe(true);
    expect([isUnfinishedIn(['=a', '+c'], 'a'), isUnfinishedIn(['=a', '+c'], 'c')]).toEqual([false, true]);
  });

  it('is told from one that was only seen to log in', () => {
    expect(pairedIn(['=a', 'b', '+c', '=d'])).toEqual(['a', 'd']);
    expect([asPaired('a'), asPaired('a b')]).toEqual([['=a'], []]);
  });

  it('stays one where it is seen again, or another is written', () => {
    expect(withNewest(secret, 'd')).toEqual(['=d', '=a', 'b']);
    expect(withNewest(secret, 'e')).toEqual(['e', '=a', 'b', '=d']);
    expect(withWritten(secret, 'e')).toEqual(['+e', '=a', 'b', '=d']);
  });
});

describe('an id that the one who wrote the value chose', () => {
  const [id = '', other = ''] = UUIDS;
  const secret = { ...EMPTY, tags: { [PROVEN_TAG]: `+${id} ${other}` } };

  it.each([
    ['a plus sign in front', `+${id}`],
    ['two', `++${id}`],
    ['an equals sign in front', `=${other}`],
    ['a space', `x ${other}`],
    ['a line feed', `x\n${other}`],
    ['what no tag may hold', `${id}#`],
  ])('with %s is no one’s entry', (_what, chosen) => {
    expect(isProvenIn([chosen, `+${id}`, other], chosen)).toBe(false);
    expect(asProven(chosen)).toEqual([]);
    expect(withNewest(secret, chosen)).toEqual([other]);
    expect(withWritten(secret, chosen)).toEqual([other]);
  });

  it.each([id, 'a_person.chose:this/one=2@home+1'])('of other characters may be proven: %s', (chosen) => {
    expect(asProven(chosen)).toEqual([chosen]);
    expect(isProvenIn([chosen], chosen)).toBe(true);
  });

  it('that is not there is not proven', () => {
    expect(isProvenIn([''], undefined)).toBe(false);
  });
});

describe('provenVersions', () => {
  it.each([
    ['no tag', {}, []],
    ['an empty one', { [PROVEN_TAG]: '' }, []],
    ['spaces that an operator typed', { [PROVEN_TAG]: ' a  b ' }, ['a', 'b']],
  ])('reads %s', (_what, tags, versions) => {
    expect(provenVersions({ tags })).toEqual(versions);
  });
});
