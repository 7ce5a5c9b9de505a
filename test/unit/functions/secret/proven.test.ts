import { describe, expect, it } from 'vitest';
import { DROPPED_TAG, PROVEN_TAG } from '../../../../functions/contract/tags.ts';
import {
  asPaired,
  asProven,
  asWritten,
  droppedIn,
  isPromotingIn,
  isProvenIn,
  isUnfinishedIn,
  isWrittenIn,
  namedIn,
  pairedIn,
  provenIn,
  provenVersions,
  recordAtStart,
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
  return { all, tag: tags[PROVEN_TAG], writes: count(calls, 'setTags') };
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

  it('forgets what was only seen to log in before it forgets a pair', async () => {
    const [long, longer, longest] = ['x', 'y', 'z'].map((letter) => letter.repeat(64));
    const entries = [`${long}`, `${longer}`, `${longest}`, `=${UUIDS[0]}`, `=${UUIDS[1]}`, '/drop'];
    expect((await record([], entries)).all).toEqual([long, longer, ...entries.slice(3)]);
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
  const of = (record: string, dropped: string) =>
    recordOf({ tags: { [PROVEN_TAG]: record, [DROPPED_TAG]: dropped } });

  it('is none of a pair any more', () => {
    expect(of('-a =b +c /one', 'one')).toEqual(['-a', '=b', '+c', '/one']);
    expect(pairedIn(of('-a =b +c /one', 'one'))).toEqual(['b']);
    expect(droppedIn(of('-a =b +c /one', 'one'))).toEqual(['a']);
  });

  it.each([
    ['a record of before', '=a =+b -c d +e /one', 'two'],
    ['a record of before the first one', '=a =+b -c d +e', 'two'],
    ['a record whose tag beside it is gone', '=a =+b -c d +e /one', ''],
  ])('%s makes no pair: who wrote it did not know of that', (_what, record, dropped) => {
    expect(pairedIn(of(record, dropped))).toEqual([]);
    expect(provenIn(of(record, dropped))).toEqual(['a', 'c', 'd']);
    expect(namedIn(of(record, dropped))).toEqual([]);
    expect(isWrittenIn(of(record, dropped), 'b')).toBe(true);
  });

  it('carries the mark of now on, in whatever is recorded next', () => {
    const secret = { ...EMPTY, tags: { [PROVEN_TAG]: '=a /one', [DROPPED_TAG]: 'two' } };
    expect(withWritten(secret, 'b')).toEqual(['+b', ':a', '/two']);
    expect(withNewest(secret, 'b')).toEqual(['b', ':a', '/two']);
    expect(withReturnedTo(secret, 'b')).toEqual(['@b', ':a', '/two']);
  });
});

describe('a version that is being promoted', () => {
  const secret = { ...EMPTY, tags: { [PROVEN_TAG]: '+a =+a =b' } };

  it('is proven, one of a pair, and unfinished', () => {
    expect(provenVersions(secret)).toEqual(['a', 'b']);
    expect(pairedIn(recordOf(secret))).toEqual(['a', 'b']);
    expect(isUnfinishedIn(['=+a'], 'a')).toBe(true);
    expect(isPromotingIn(['=a', '+a'], 'a')).toBe(false);
  });

  it('has ended well where AWSCURRENT is', () => {
    // Anywhere else its user may have been dropped since.
    expect(recordAtStart(secret)).toEqual(['+a', ':a', '=b']);
    expect(namedIn(recordAtStart(secret))).toEqual(['b']);
    expect(recordAtStart({ ...secret, versions: { a: ['AWSCURRENT'] } })).toEqual(['+a', '=a', '=b']);
    const before = { ...secret, tags: { [PROVEN_TAG]: '@a =+a =b -a' } };
    expect(recordAtStart(before)).toEqual(['@a', '=b', '-a']);
  });

  it('was dropped no more, where a revert goes back to it', () => {
    expect(droppedIn(['=+a', '-a', '-b'])).toEqual(['b']);
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
