import { describe, expect, it } from 'vitest';
import { judge } from './judge.ts';
import type { Observation } from './observed-secret.ts';

const succeeded = { status: 'SUCCEEDED', seconds: 1.234, states: ['TestSecret', 'Rotated'] };
const rotated: Observation = {
  currentLogsIn: true,
  previousLogsIn: false,
  labelsAsBefore: false,
  pendingDangles: false,
  lockHeld: false,
  passwordChanged: true,
  oldLogsIn: false,
};
const rotation = { name: 'one', mode: 'rotate', status: 'SUCCEEDED', rotated: true, through: ['Rotated'] };

const rolledBack = { status: 'FAILED', error: 'RolledBack', seconds: 9, states: ['RolledBack'] };
const restored: Observation = { ...rotated, labelsAsBefore: true, passwordChanged: false, oldLogsIn: true };
const rollback = {
  name: 'two',
  mode: 'rotate',
  status: 'FAILED',
  error: 'RolledBack',
  rotated: false,
  through: ['RolledBack'],
};

describe('A rotation is judged', () => {
  it('by nothing to complain of when all is as it should be', () => {
    expect(judge(rotation, succeeded, rotated)).toEqual({
      problems: [],
      record: {
        name: 'one',
        mode: 'rotate',
        strategy: 'single-user',
        status: 'SUCCEEDED',
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
    expect(judge(rollback, rolledBack, restored).problems).toEqual([]);
  });

  it.each([
    ['another end', { ...succeeded, status: 'ABORTED' }, rotated, /ended ABORTED, not SUCCEEDED/],
    ['a state that was skipped', { ...succeeded, states: [] }, rotated, /never came to Rotated/],
    ['a current version that is refused', succeeded, { ...rotated, currentLogsIn: false }, /AWSCURRENT/],
    ['a label left behind', succeeded, { ...rotated, pendingDangles: true }, /AWSPENDING/],
    ['a lock left behind', succeeded, { ...rotated, lockHeld: true }, /the lock was left behind/],
    [
      'a password that is the old one',
      succeeded,
      { ...rotated, passwordChanged: false },
      /still the old one/,
    ],
    ['an old password that is accepted', succeeded, { ...rotated, oldLogsIn: true }, /still logs in/],
  ])('by %s, if it should have succeeded', (_what, course, now, problem) => {
    expect(judge(rotation, course, now).problems).toEqual([expect.stringMatching(problem)]);
  });

  it.each([
    [
      'another error',
      { ...rolledBack, error: 'RollbackFailed' },
      restored,
      /RollbackFailed, not with RolledBack/,
    ],
    ['labels that moved', rolledBack, { ...restored, labelsAsBefore: false }, /labels/],
    ['another password', rolledBack, { ...restored, passwordChanged: true }, /not the one from before/],
  ])('by %s, if it should have been rolled back', (_what, course, now, problem) => {
    expect(judge(rollback, course, now).problems).toEqual([expect.stringMatching(problem)]);
  });

  const pair = { ...rotation, strategy: 'admin-clone', retired: 'deleted' };
  const unnoticed = { retired: 'deleted', logins: 90, loginFailures: 0 };

  it('by who noticed it and what became of the replaced user, if two users take turns', () => {
    const { record, problems } = judge(pair, succeeded, rotated, unnoticed);
    expect(problems).toEqual([]);
    expect(record).toMatchObject({ strategy: 'admin-clone', ...unnoticed });
    const kept = { ...rotation, keepsPredecessor: true };
    const notRetired = { ...unnoticed, retired: null };
    expect(judge(kept, succeeded, { ...rotated, oldLogsIn: true }, notRetired).problems).toEqual([]);
  });

  it.each([
    ['a login that failed', { ...unnoticed, loginFailures: 2 }, /2 of 90 logins with AWSCURRENT failed/],
    ['a client that never logged in', { ...unnoticed, logins: 0 }, /nobody logged in/],
    ['another fate of the replaced user', { ...unnoticed, retired: 'locked' }, /locked, not deleted/],
    ['a retirement that is missing', { ...unnoticed, retired: null }, /not retired, not deleted/],
  ])('by %s, if two users take turns', (_what, witness, problem) => {
    expect(judge(pair, succeeded, rotated, witness).problems).toEqual([expect.stringMatching(problem)]);
  });

  it('by an old user that was to stay and is refused', () => {
    const kept = { ...rotation, keepsPredecessor: true };
    expect(judge(kept, succeeded, rotated).problems).toEqual([
      expect.stringMatching(/old password no longer/),
    ]);
  });
});
