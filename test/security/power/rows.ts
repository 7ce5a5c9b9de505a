import { ATTACKS } from './attacks.ts';
import { type Deal, dealOf } from './deal.ts';
import { MOMENTS, type Moment } from './moments.ts';
import { type ArenaOptions, WORLDS } from './worlds.ts';

/** Attacks of the list that combine keys, each with the error that it must end in. */
export interface Row {
  readonly name: string;
  readonly deal: Deal;
  /** Error and cause of the execution that the attack is about: the first. */
  readonly endsWith: RegExp;
  /** Whether an honest rotation comes after it, so that the secret's user has another password in the end. */
  readonly isRotated: boolean;
}

const NEVER = 'single-user, never rotated';
const ROTATED = 'single-user';

/** Then only its value could name the admin secret. */
const WITHOUT_ADMIN: ArenaOptions = {
  options: { strategy: 'single-user' },
  pair: 'someone else’s',
  wasRotated: false,
};

const attackOf = (name: string) => {
  const attack = ATTACKS.find((one) => one.name === name);
  if (attack === undefined) throw new Error(`there is no attack: ${name}`);
  return attack;
};

interface RowOptions {
  readonly moment?: Moment;
  readonly isRotated?: boolean;
}

const row = (
  name: string,
  attack: string,
  world: keyof typeof WORLDS | ArenaOptions,
  endsWith: RegExp,
  { moment, isRotated = false }: RowOptions = {},
): Row => {
  const options = typeof world === 'object' ? world : WORLDS[world];
  if (options === undefined) throw new Error(`there is no world ${String(world)}`);
  const at = moment === undefined ? 1 : MOMENTS.indexOf(moment) + 1;
  return { name, deal: dealOf(attackOf(attack), name, options, at), endsWith, isRotated };
};

const BETWEEN: RowOptions = { moment: 'between SetSecret and FinishSecret' };

export const ROWS: readonly Row[] = [
  row(
    'the primary user with a password of mine, and a reset',
    'one for the admin twice, and resetThroughAdmin',
    NEVER,
    /^RecoveryFailed: .*ResetNotAllowedError/,
  ),
  row(
    'another application’s user with a password of mine, and a reset',
    'one for another user twice, and resetThroughAdmin',
    NEVER,
    /^RecoveryFailed: .*ResetNotAllowedError/,
  ),
  row(
    'the primary user, with a masterarn of mine that chooses the admin secret',
    'one for the admin, which chooses the admin secret, twice, and resetThroughAdmin',
    WITHOUT_ADMIN,
    /^RecoveryFailed: .*(ResetNotAllowedError|AdminSecretRequiredError)/,
  ),
  row(
    'another application’s user, with a masterarn of mine that chooses the admin secret',
    'one for another user, which chooses the admin secret, twice, and resetThroughAdmin',
    WITHOUT_ADMIN,
    /^RecoveryFailed: .*(ResetNotAllowedError|AdminSecretRequiredError)/,
  ),
  row(
    'an AWSPREVIOUS for the same user with a password of mine, and a revert',
    'a password of mine for the user as AWSPREVIOUS, then a way back',
    ROTATED,
    /^UntrustedVersionError: /,
    { isRotated: true },
  ),
  row(
    'an AWSPENDING for the same user, and a start with its token',
    'a password of mine for the user as AWSPENDING, and a start with its token',
    ROTATED,
    /^UnknownTokenError: /,
  ),
  row(
    'a copied execution with the token of an AWSPENDING of mine, which has the lock',
    'a password of mine for the user, and the lock for an execution whose name I choose',
    ROTATED,
    /^UntrustedVersionError: /,
  ),
  row(
    'AWSCURRENT written between SetSecret and FinishSecret',
    'a password of mine as AWSCURRENT, at any moment of a rotation (on demand)',
    ROTATED,
    /^RolledBack: .*CurrentChangedError/,
    BETWEEN,
  ),
  row(
    'AWSCURRENT for another host, written between SetSecret and FinishSecret',
    'my host as AWSCURRENT, at any moment of a rotation (on demand)',
    ROTATED,
    /^RolledBack: .*CurrentChangedError/,
    BETWEEN,
  ),
  row(
    'an AWSPREVIOUS for somebody else’s …_clone',
    'one for its pair as AWSPREVIOUS, then a rotation',
    'alternating-users, never rotated',
    /^UserNameTakenError: /,
  ),
];
