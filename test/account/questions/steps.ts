import type { Script } from '../prober/script.ts';

type Steps = Script['steps'];
type Step = Steps[number];

export const connect = (
  name: string,
  as: string,
  more: Partial<Extract<Step, { do: 'connect' }>> = {},
): Step => ({ do: 'connect', name, as, ...more });

export const run = (on: string, command: Record<string, unknown>, database = 'admin'): Step => ({
  do: 'run',
  on,
  database,
  command,
});

export const user = (name: string) => ({ $user: name });
export const newPassword = (of: string, more: { length?: number; with?: string } = {}) => ({
  $password: { of, kind: 'new', ...more },
});
export const ownPassword = (of: string) => ({ $password: { of, kind: 'own' } });

export const READ_WRITE = [{ role: 'readWrite', db: 'shop' }];
export const ROOT = [{ role: 'root', db: 'admin' }];

/** A connection "admin" of the primary user, and a user that the admin makes. The first two steps. */
export const withUser = (name: string, roles: readonly object[] = READ_WRITE): Steps => [
  connect('admin', 'admin'),
  run('admin', { createUser: user(name), pwd: newPassword(name), roles }),
];
