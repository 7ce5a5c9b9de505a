import { CLUSTER_IDENTIFIER } from '../../support/in-memory-clusters.ts';
import { ROOT } from '../../support/in-memory-database.ts';
import type { WorldOptions } from '../../support/rotation-world.ts';

export interface ArenaOptions {
  readonly options: WorldOptions;
  /** Whose `…_clone` is, if it is there already. */
  readonly pair: 'someone else’s' | 'the attacker’s' | 'the secret’s own';
  readonly wasRotated: boolean;
}

const SINGLE: WorldOptions = { strategy: 'single-user', admin: true, resettableUser: 'app' };
const PAIR: WorldOptions = { ...SINGLE, strategy: 'alternating-users' };
const ADMIN: WorldOptions = {
  strategy: 'admin-clone',
  username: 'boss',
  roles: ROOT,
  resettableUser: 'boss',
  cluster: CLUSTER_IDENTIFIER,
};

const previous = (username: string, state: 'logs in' | 'locked' | 'absent'): WorldOptions => ({
  previous: { username, state },
});

const never = (options: WorldOptions): ArenaOptions => ({
  options,
  pair: 'someone else’s',
  wasRotated: false,
});
const rotated = (options: WorldOptions, pair: ArenaOptions['pair'] = 'the secret’s own'): ArenaOptions => ({
  options,
  pair,
  wasRotated: true,
});

/** Each strategy; rotated before or not; resets allowed, since only then can they be abused. */
export const WORLDS: Readonly<Record<string, ArenaOptions>> = {
  'single-user, never rotated': never(SINGLE),
  'single-user': rotated({ ...SINGLE, ...previous('app', 'locked') }, 'someone else’s'),
  'single-user that changes itself': rotated(
    { ...ADMIN, strategy: 'single-user', ...previous('boss', 'locked') },
    'someone else’s',
  ),
  'alternating-users, never rotated': never(PAIR),
  'alternating-users, and the attacker has the other user': { ...never(PAIR), pair: 'the attacker’s' },
  'alternating-users': rotated({ ...PAIR, ...previous('app_clone', 'logs in') }),
  'alternating-users, predecessor locked': rotated({
    ...PAIR,
    retirementPolicy: 'lock',
    ...previous('app_clone', 'locked'),
  }),
  'admin-clone, never rotated': never(ADMIN),
  'admin-clone, and the attacker has the other user': { ...never(ADMIN), pair: 'the attacker’s' },
  'admin-clone': rotated({ ...ADMIN, ...previous('boss_clone', 'locked') }),
};
