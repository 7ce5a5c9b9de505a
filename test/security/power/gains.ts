import type { Role } from '../../../functions/database/database.ts';
import { mayChangeUsers, sameRoles } from '../../../functions/database/roles.ts';
import type { Credential } from './any-arena.ts';
import type { Want } from './rights.ts';

export const LITTLE: readonly Role[] = [{ role: 'read', db: 'blog' }];

/** How a world stands for an attacker. */
export interface Standing {
  readonly user: string;
  readonly pairUser: string;
  readonly otherUser: string;
  readonly adminUser: string;
  /** Users that the attacker had from the start. */
  readonly mine: readonly string[];
  readonly isPairForeign: boolean;
  /** What logs in, of all that the attacker knows. */
  readonly accepted: readonly Credential[];
  /** Those that were read: to log in with these is what reading gives. */
  readonly readOnes: ReadonlySet<string>;
  readonly rolesOf: (username: string) => readonly Role[];
  /** Whether a password that is not the attacker's came to their server. */
  readonly isCaught: boolean;
  /** Whether a user that is nobody's here is not what it was. */
  readonly isTouched: boolean;
  readonly currentLogsIn: boolean;
}

/** What the attacker has. One judge for all arenas. */
export const gainsIn = (standing: Standing): Want[] => {
  const { user, pairUser, otherUser, adminUser, mine, isPairForeign } = standing;
  const users = new Set(standing.accepted.map(({ username }) => username));
  const roles = rolesOfMine(standing);
  const gains: Readonly<Record<Want, boolean>> = {
    user: users.has(user) || (users.has(pairUser) && !isPairForeign && !mine.includes(pairUser)),
    pair: users.has(pairUser) && isPairForeign,
    'another user': users.has(otherUser),
    admin: users.has(adminUser) || roles.some(mayChangeUsers),
    roles: roles.some((some) => !sameRoles(some, LITTLE) && !mayChangeUsers(some)),
    host: standing.isCaught,
    harm: standing.isTouched,
    outage: !standing.currentLogsIn,
  };
  return (Object.keys(gains) as Want[]).filter((want) => gains[want]);
};

/** A user of theirs whose password they know only by reading is the secret's by now. */
const rolesOfMine = ({ accepted, readOnes, mine, rolesOf }: Standing): (readonly Role[])[] =>
  mine
    .filter((name) => accepted.some((one) => one.username === name && !readOnes.has(one.password)))
    .map(rolesOf);
