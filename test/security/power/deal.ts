import type { Attack } from './attacks.ts';
import { MOMENTS, type Moment } from './moments.ts';
import { type ArenaOptions, WORLDS } from './worlds.ts';

/** One run of an attack on the stack. */
export interface Deal {
  readonly name: string;
  readonly attack: Attack;
  readonly world: ArenaOptions;
  /** From 1, as in memory; one for an attack that has no moment. */
  readonly moment: number;
  /** Whether the moment comes. */
  readonly comes: boolean;
}

type Deck = readonly (readonly [string, ArenaOptions])[];

const ALL: Deck = Object.entries(WORLDS);
const ROTATED: Deck = ALL.filter(([, { wasRotated }]) => wasRotated);

/** Each attack at each of its moments, in one world: the worlds take turns. In memory each attack meets every world. */
export const dealt = (attacks: readonly Attack[]): Deal[] => {
  const turns = new Map<Deck, number>();
  return attacks.flatMap((attack) => momentsOf(attack).map((moment) => deal(attack, moment, turns)));
};

const momentsOf = ({ runs }: Attack): number[] =>
  runs === undefined ? [1] : MOMENTS.map((_, index) => index + 1);

const deal = (attack: Attack, moment: number, turns: Map<Deck, number>): Deal => {
  // Where a rotation is refused at once, because someone else has the pair's name, no moment comes.
  const deck = attack.needsRotated || attack.runs !== undefined ? ROTATED : ALL;
  const turn = turns.get(deck) ?? 0;
  turns.set(deck, turn + 1);
  const [world, options] = deck[turn % deck.length] ?? [];
  if (world === undefined || options === undefined) throw new Error('there is no world');
  return dealOf(attack, world, options, moment);
};

export const dealOf = (attack: Attack, world: string, options: ArenaOptions, moment = 1): Deal => {
  const when = attack.runs === undefined ? '' : `, ${MOMENTS[moment - 1]}`;
  return {
    name: `${attack.name} (${attack.needs.join(', ')})${when}: ${world}`,
    attack,
    world: options,
    moment,
    comes: attack.runs !== undefined && !isLeftAlone(attack, options, moment),
  };
};

/** A way back to a user that logs in changes no user. */
const isLeftAlone = ({ name }: Attack, { options }: ArenaOptions, moment: number): boolean =>
  name.endsWith('(back)') &&
  options.previous?.state === 'logs in' &&
  CHANGES_A_USER.has(MOMENTS[moment - 1] ?? '');

const CHANGES_A_USER: ReadonlySet<string> = new Set<Moment>([
  'before the user is changed',
  'in SetSecret, after the user is changed',
  'between SetSecret and FinishSecret',
]);
