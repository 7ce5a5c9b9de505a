import { describe, expect, it } from 'vitest';
import type { Role } from '../../../../functions/database/database.ts';
import {
  type Aftermath,
  aftermathProblems,
  leaks,
  momentProblems,
  type Snapshot,
} from '../../../support/invariants.ts';
import { type SeenVersion, SeenWorld } from '../../../support/seen-world.ts';
import { newPassword } from '../../deployment/index.ts';
import { judge } from './judge.ts';

const READ: Role = { role: 'read', db: 'shop' };
const WRITE: Role = { role: 'readWrite', db: 'shop' };
const OLD = { username: 'app', password: newPassword() };
const NEW = { username: 'app', password: newPassword() };
const CLONE = { username: 'app_clone', password: newPassword() };

type Versions = Readonly<Record<string, SeenVersion>>;

const accepted = (credential: SeenVersion['credential'], ...labels: string[]): SeenVersion => ({
  labels,
  credential,
  logsIn: true,
  logsInEverywhere: true,
});

const refused = (credential: SeenVersion['credential'], ...labels: string[]): SeenVersion => ({
  labels,
  credential,
  logsIn: false,
  logsInEverywhere: false,
});

const world = (versions: Versions, users: SeenWorld['users'] = { app: [READ] }, isPair = false): SeenWorld =>
  new SeenWorld({ isPair, versions: new Map(Object.entries(versions)), users });

const succeeded = { status: 'SUCCEEDED', seconds: 1.234, states: ['TestSecret', 'Rotated'] };
const before = world({ one: accepted(OLD, 'AWSCURRENT') });
const TWO = accepted(NEW, 'AWSCURRENT', 'AWSPENDING', 'docdb-rotation-claim');
const rotated = world({ one: refused(OLD, 'AWSPREVIOUS'), two: TWO });
const rotation = {
  name: 'one',
  mode: 'rotate',
  status: 'SUCCEEDED',
  aftermath: 'rotated',
  through: ['Rotated'],
} as const;

const rolledBack = { status: 'FAILED', error: 'RolledBack', seconds: 9, states: ['RolledBack'] };
const ONE = accepted(OLD, 'AWSCURRENT');
const restored = world({ one: ONE, two: refused(NEW) });
const rollback = {
  name: 'two',
  mode: 'rotate',
  status: 'FAILED',
  error: 'RolledBack',
  aftermath: 'restored',
  through: ['RolledBack'],
} as const;

describe('A rotation is judged', () => {
  it('by nothing to complain of when all is as it should be', () => {
    expect(judge(rotation, succeeded, before, rotated)).toEqual({
      problems: [],
      record: {
        name: 'one',
        mode: 'rotate',
        strategy: 'single-user',
        status: 'SUCCEEDED',
        error: null,
        cause: null,
        seconds: 1.2,
        states: ['TestSecret', 'Rotated'],
        currentLogsIn: true,
        previousLogsIn: false,
        labelsAsBefore: false,
        retired: null,
        logins: null,
        loginFailures: null,
      },
    });
    expect(judge(rollback, rolledBack, before, restored).problems).toEqual([]);
  });

  it.each([
    ['another end', { ...succeeded, status: 'ABORTED' }, rotated, /ended ABORTED, not SUCCEEDED/],
    ['a state that was skipped', { ...succeeded, states: [] }, rotated, /never came to Rotated/],
    [
      'a password that is the old one',
      succeeded,
      world({ one: accepted(OLD, 'AWSPREVIOUS'), two: accepted(OLD, 'AWSCURRENT') }),
      /still the old one/,
    ],
    [
      'an old password that is accepted',
      succeeded,
      world({ one: accepted(OLD, 'AWSPREVIOUS'), two: TWO }),
      /still logs in/,
    ],
    [
      'what must hold always',
      succeeded,
      world({ one: refused(OLD, 'AWSPREVIOUS'), two: { ...TWO, logsInEverywhere: false } }),
      /AWSCURRENT does not log in/,
    ],
  ])('by %s, if it should have succeeded', (_what, course, after, problem) => {
    expect(judge(rotation, course, before, after).problems).toContainEqual(expect.stringMatching(problem));
  });

  it.each([
    [
      'another error',
      { ...rolledBack, error: 'RollbackFailed' },
      restored,
      /RollbackFailed, not with RolledBack/,
    ],
    ['another password', rolledBack, world({ one: ONE, two: accepted(NEW) }), /two logs in, and did not/],
  ])('by %s, if it should have been rolled back', (_what, course, after, problem) => {
    expect(judge(rollback, course, before, after).problems).toContainEqual(expect.stringMatching(problem));
  });

  const pair = { ...rotation, strategy: 'admin-clone', retired: 'deleted' };
  const unnoticed = { retired: 'deleted', logins: 90, loginFailures: 0 };

  it('by who noticed it and what became of the replaced user, if two users take turns', () => {
    const { record, problems } = judge(pair, succeeded, before, rotated, unnoticed);
    expect(problems).toEqual([]);
    expect(record).toMatchObject({ strategy: 'admin-clone', ...unnoticed });
    const kept = { ...rotation, keepsPredecessor: true };
    const notRetired = { ...unnoticed, retired: null };
    const both = world(
      { one: accepted(OLD, 'AWSPREVIOUS'), two: accepted(CLONE, 'AWSCURRENT') },
      { app: [READ], app_clone: [READ] },
    );
    expect(judge(kept, succeeded, before, both, notRetired).problems).toEqual([]);
  });

  it.each([
    ['a login that failed', { ...unnoticed, loginFailures: 2 }, /2 of 90 logins with AWSCURRENT failed/],
    ['a client that never logged in', { ...unnoticed, logins: 0 }, /no login was tried/],
    ['another fate of the replaced user', { ...unnoticed, retired: 'locked' }, /locked, not deleted/],
    ['a retirement that is missing', { ...unnoticed, retired: null }, /not retired, not deleted/],
  ])('by %s, if two users take turns', (_what, witness, problem) => {
    expect(judge(pair, succeeded, before, rotated, witness).problems).toEqual([
      expect.stringMatching(problem),
    ]);
  });

  it('by an old user that was to stay and is refused', () => {
    const kept = { ...rotation, keepsPredecessor: true };
    expect(judge(kept, succeeded, before, rotated).problems).toEqual([
      expect.stringMatching(/old password no longer/),
    ]);
  });
});

describe('Each rule of the invariants fails where it is broken', () => {
  const cloned = { one: accepted(OLD, 'AWSPREVIOUS'), two: accepted(CLONE, 'AWSCURRENT') };

  it.each<[rule: string, Aftermath, SeenWorld, problem: RegExp]>([
    [
      'AWSCURRENT logs in everywhere',
      'rotated',
      world({ one: refused(OLD, 'AWSPREVIOUS'), two: { ...TWO, logsInEverywhere: false } }),
      /^invariant 2: AWSCURRENT does not log in on every instance$/,
    ],
    [
      'AWSPENDING does not dangle',
      'recovered',
      world({ one: ONE, two: refused(NEW, 'AWSPENDING') }),
      /^invariant 3: AWSPENDING dangles on two$/,
    ],
    [
      'the lock is given back',
      'recovered',
      world({ one: ONE, two: refused(undefined, 'docdb-rotation-owner') }),
      /^a label of its own is left: docdb-rotation-owner on two$/,
    ],
    [
      'no label from before 0.2 is left',
      'recovered',
      world({ one: ONE, two: refused(NEW, 'docdb-rotation-stop-1') }),
      /^a label of its own is left: docdb-rotation-stop-1 on two$/,
    ],
    [
      'a success moves AWSCURRENT',
      'rotated',
      world({ one: ONE }),
      /^it succeeded, but AWSCURRENT did not move$/,
    ],
    [
      'AWSPREVIOUS follows',
      'recovered',
      world({ one: refused(OLD), two: TWO }),
      /^AWSPREVIOUS is not what AWSCURRENT was$/,
    ],
    [
      'labels are restored',
      'restored',
      world({ one: ONE, two: refused(NEW, 'AWSPREVIOUS') }),
      /^invariant 4: labels differ/,
    ],
    [
      'passwords are restored',
      'restored',
      world({ one: refused(OLD, 'AWSCURRENT'), two: accepted(NEW) }),
      /^invariant 4: version one does not log in any more$/,
    ],
    [
      'no other password is restored',
      'restored',
      world({ one: ONE, two: accepted(NEW) }),
      /^invariant 4: version two logs in, and did not before$/,
    ],
    [
      'users are restored',
      'restored',
      world({ one: ONE }, { app: [READ], app_clone: [] }),
      /^invariant 4: users and roles differ/,
    ],
    [
      'no user can log in who could not',
      'recovered',
      world({ one: ONE, two: accepted(CLONE, 'AWSPREVIOUS') }, { app: [READ], app_clone: [] }),
      /^invariant 8: "app_clone" can log in since this run$/,
    ],
    [
      'no user has more roles',
      'recovered',
      world({ one: ONE }, { app: [READ, WRITE] }),
      /^invariant 8: "app" has got the role readWrite@shop$/,
    ],
    [
      'the user that is promoted has no more roles',
      'rotated',
      world(cloned, { app: [READ], app_clone: [READ, WRITE] }),
      /^invariant 8: "app_clone" has got the role readWrite@shop$/,
    ],
    [
      'the user that is promoted has no fewer roles',
      'rotated',
      world(cloned, { app: [READ], app_clone: [] }),
      /^invariant 8: "app_clone" lacks the role read@shop$/,
    ],
    [
      'no user is without a label',
      'recovered',
      world({ one: ONE, two: refused(CLONE) }, { app: [READ], app_clone: [READ] }),
      /^invariant 8: "app_clone" is held by no label$/,
    ],
    [
      'no user without a label logs in',
      'recovered',
      world({ one: ONE, two: accepted(CLONE) }, { app: [READ], app_clone: [READ] }),
      /^invariant 8: "app_clone" is held by no label, and logs in$/,
    ],
  ])('%s', (_rule, aftermath, after, problem) => {
    const was: Snapshot = before.snapshot();
    expect(aftermathProblems(after, was, aftermath)).toContainEqual(expect.stringMatching(problem));
  });

  it('some version with a label logs in at every moment', () => {
    const without = refused(OLD, 'AWSCURRENT');
    expect(momentProblems(world({ one: without, two: accepted(NEW) }))).toEqual([
      'invariant 1: no labelled version logs in',
    ]);
    const owned = world({ one: without, two: accepted(NEW, 'docdb-rotation-owner') });
    expect(momentProblems(owned)).toEqual([]);
  });

  it('AWSCURRENT of a pair logs in at every moment', () => {
    const versions = { one: refused(OLD, 'AWSCURRENT'), two: accepted(CLONE, 'AWSPENDING') };
    expect(momentProblems(world(versions, {}, true))).toEqual(['invariant 5: AWSCURRENT does not log in']);
    expect(momentProblems(world(versions))).toEqual([]);
  });

  it('no password can be seen', () => {
    const { password } = NEW;
    const found = ['invariant 6: 1 passwords can be seen'];
    expect(leaks([password], { cause: `it is ${password}` })).toEqual(found);
    expect(leaks([password], Buffer.from(password).toString('base64'))).toEqual(found);
    expect(leaks([password], 'nothing')).toEqual([]);
  });
});
