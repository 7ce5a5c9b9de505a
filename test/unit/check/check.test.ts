import { describe, expect, it } from 'vitest';
import { CheckReport } from '../../../functions/contract/findings.ts';
import { STRATEGY_TAG } from '../../../functions/contract/tags.ts';
import { ROOT } from '../../support/in-memory-database.ts';
import { newVersionId } from '../../support/in-memory-secret-store.ts';
import { PortCalls } from '../../support/port-calls.ts';
import { executionArn, RotationMachine } from '../../support/rotation-machine.ts';
import { RotationWorld, SECRET, type WorldOptions } from '../../support/rotation-world.ts';
import type { Ending } from '../../support/state-machine.ts';
import { ALL_PLANTED, table, written } from './page.ts';
import { inAnOutageWindow, PLANTED_IN_MEMORY, type PlantedInMemory, portsWithout } from './planted.ts';

/* What a check finds, and that it changes nothing. */

const run = (
  world: RotationWorld,
  mode: string,
  { denied = [], declared = '[]' }: Pick<PlantedInMemory, 'denied' | 'declared'> = {},
): Promise<Ending> =>
  new RotationMachine(world, {
    calls: new PortCalls(),
    ports: portsWithout(world, denied),
    filled: { Declared: declared },
  }).run(executionArn(mode), { secretId: SECRET, mode });

/** The last output of the state Check, as the history has it too where it was refused. */
const reportOf = ({ trail }: Ending): CheckReport => {
  const reports = trail.filter((each) => CheckReport.safeParse(each).success);
  return CheckReport.parse(reports.at(-1));
};

/** All that a check could change. */
const everythingOf = ({ store, database }: RotationWorld) => ({
  labels: store.labels(SECRET),
  versions: store.versionIds(SECRET).map((id) => [id, store.valueOf(SECRET, id)]),
  users: database.usernames().map((name) => [name, database.user(name)]),
});

const endOf = ({ status, error, path }: Ending): string =>
  status === 'FAILED' ? (error ?? '') : (path.at(-1) ?? '');

describe.each(PLANTED_IN_MEMORY)('where $what', ({ make, topic, verdict, section, ends, ...more }) => {
  it(`a check finds that, as ${verdict}, and changes nothing`, async () => {
    const world = make();
    const before = everythingOf(world);
    const ending = await run(world, 'check', more);
    const found = reportOf(ending).findings.filter((finding) => finding.verdict !== 'ready');
    expect(found).toContainEqual(expect.objectContaining({ topic, verdict, section }));
    const isCertain = found.some((finding) => finding.verdict === 'not-ready');
    expect(isCertain, JSON.stringify(found)).toBe(verdict === 'not-ready');
    expect(endOf(ending)).toBe(isCertain ? 'NotReadyError' : 'Checked');
    expect(everythingOf(world)).toEqual(before);
    expect(world.connectionProblems()).toEqual([]);
    expect(world.leaks(ending.trail)).toEqual([]);
  });

  it(`a rotation that no check went before ends with ${ends}`, async () => {
    expect(endOf(await run(make(), 'rotate', more))).toBe(ends);
  });
});

// What logs in may change in a moment: a deployment must not fail by it.
it('nothing is certain while another execution has the lock', async () => {
  const ending = await run(inAnOutageWindow(), 'check');
  expect(endOf(ending), ending.cause).toBe('Checked');
  const doubts = CheckReport.parse(ending.output).findings.filter(({ verdict }) => verdict !== 'ready');
  expect(doubts.map(({ topic }) => topic)).toEqual(['labels', 'credential']);
});

it('what the one who has the lock can’t change is certain also then', async () => {
  const world = new RotationWorld({ username: 'boss', roles: ROOT });
  world.store.addVersionWithId(SECRET, newVersionId(), ['docdb-rotation-owner'], '{}');
  world.store.setTag(SECRET, STRATEGY_TAG, 'two-users');
  const ending = await run(world, 'check');
  expect(endOf(ending), ending.cause).toBe('NotReadyError');
  expect(ending.cause).toContain('tags: ');
});

const READY: readonly [string, WorldOptions][] = [
  ['a single user that may change itself', { username: 'boss', roles: ROOT }],
  ['a single user with an admin secret', { admin: true }],
  ['a pair that was never rotated', { strategy: 'alternating-users', admin: true }],
  [
    'a pair whose other user is there',
    { strategy: 'alternating-users', admin: true, previous: { username: 'app_clone', state: 'logs in' } },
  ],
  [
    'an admin whose clone is locked',
    {
      strategy: 'admin-clone',
      username: 'boss',
      roles: ROOT,
      retirementPolicy: 'lock',
      previous: { username: 'boss_clone', state: 'locked' },
    },
  ],
  ['a secret with AWSPENDING parked on AWSCURRENT', { admin: true, pendingOnCurrent: true }],
];

describe.each(READY)('%s', (_what, options) => {
  it('is called ready, with no doubt, by seven functions, and is rotated then', async () => {
    const world = new RotationWorld(options);
    const before = everythingOf(world);
    const ending = await run(world, 'check');
    expect(endOf(ending), ending.cause).toBe('Checked');
    const { asked, findings } = CheckReport.parse(ending.output);
    expect(findings.filter(({ verdict }) => verdict !== 'ready')).toEqual([]);
    expect(new Set(asked).size).toBe(7);
    expect(everythingOf(world)).toEqual(before);
    expect(endOf(await run(world, 'rotate'))).toBe('Rotated');
  });
});

describe('the table of what is planted', () => {
  it('is that of functions/README.md; if not: node test/unit/check/page.ts', () => {
    expect(written()).toBe(table());
  });

  it('has at least forty rows, each of another misconfiguration', () => {
    const names = ALL_PLANTED.map(({ what }) => what);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThanOrEqual(40);
  });
});
