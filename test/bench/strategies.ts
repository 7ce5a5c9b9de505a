import type { WorldOptions } from '../support/rotation-world.ts';

const ROOT = [{ role: 'root', db: 'admin' }];

/**
 * The strategies as they are measured, each at its second rotation or later: a pair's other user is there already, and there is
 * an AWSPREVIOUS. A pair's predecessor is treated as it is without a tag.
 */
export const STRATEGIES = {
  'single-user': { username: 'boss', roles: ROOT, previous: { username: 'boss', state: 'locked' } },
  'single-user through admin': { admin: true, previous: { username: 'app', state: 'locked' } },
  'alternating-users': {
    strategy: 'alternating-users',
    admin: true,
    username: 'app_clone',
    previous: { username: 'app', state: 'logs in' },
  },
  'admin-clone': {
    strategy: 'admin-clone',
    username: 'boss_clone',
    roles: ROOT,
    previous: { username: 'boss', state: 'locked' },
  },
} as const satisfies Readonly<Record<string, WorldOptions>>;

export type StrategyName = keyof typeof STRATEGIES;

export const STRATEGY_NAMES = Object.keys(STRATEGIES) as StrategyName[];
