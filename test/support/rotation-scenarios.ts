import { READ_WRITE, ROOT } from './in-memory-database.ts';
import { RotationWorld, SECRET, type WorldOptions } from './rotation-world.ts';

/** How a secret and its database may stand when a rotation begins, one for each kind of way through the steps. */
export const SCENARIOS: Readonly<Record<string, WorldOptions>> = {
  'single-user by its own power': {
    username: 'boss',
    roles: ROOT,
    previous: { username: 'boss', state: 'locked' },
  },
  'single-user through the admin secret': {
    admin: true,
    previous: { username: 'app', state: 'locked' },
    pendingOnCurrent: true,
  },
  'alternating-users, never rotated': { strategy: 'alternating-users', admin: true },
  'alternating-users, its second user is there': {
    strategy: 'alternating-users',
    admin: true,
    username: 'app_clone',
    previous: { username: 'app', state: 'logs in' },
  },
  'alternating-users, its second user was locked': {
    strategy: 'alternating-users',
    admin: true,
    retirementPolicy: 'lock',
    previous: { username: 'app_clone', state: 'locked' },
  },
  'alternating-users, its second user was stripped of its roles': {
    strategy: 'alternating-users',
    admin: true,
    retirementPolicy: 'revoke',
    previous: { username: 'app_clone', state: 'logs in', roles: [] },
  },
  'alternating-users, its second user was deleted': {
    strategy: 'alternating-users',
    admin: true,
    retirementPolicy: 'delete',
    previous: { username: 'app_clone', state: 'absent' },
  },
  'admin-clone, never rotated': { strategy: 'admin-clone', username: 'boss', roles: ROOT },
  'admin-clone, the other admin was locked': {
    strategy: 'admin-clone',
    username: 'boss_clone',
    roles: ROOT,
    previous: { username: 'boss', state: 'locked' },
  },
  'admin-clone, the other admin was kept': {
    strategy: 'admin-clone',
    username: 'boss_clone',
    roles: ROOT,
    retirementPolicy: 'keep',
    previous: { username: 'boss', state: 'logs in' },
  },
};

export const scenario = (name: string): RotationWorld =>
  new RotationWorld(SCENARIOS[name] ?? { roles: READ_WRITE });

export type Way = 'started by Secrets Manager' | 'on demand' | 'as a revert';

export const WAYS: readonly Way[] = ['started by Secrets Manager', 'on demand', 'as a revert'];

/** @param token the version that Secrets Manager made, where it started the rotation */
export const inputFor = (way: Way, token: string | undefined): Record<string, unknown> => ({
  secretId: SECRET,
  ...(way === 'as a revert' ? { mode: 'revert' } : {}),
  ...(way === 'started by Secrets Manager' ? { token } : {}),
});
