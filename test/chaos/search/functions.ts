import type { Decisions } from './decisions.ts';
import {
  arnOf,
  bit,
  bits,
  describeStage,
  FIRST,
  idOf,
  move,
  NONE,
  OWN,
  type Slot,
  type Stage,
  TOKEN,
  TOKEN_WRITTEN,
  versionOf,
  WRITTEN,
} from './stage.ts';

/*
 * What each function does, one call at a time: a step changes the stage, and sets what comes next. `inFlight` names the steps in
 * the middle of a function, which runs on when its execution is stopped.
 */

export const IN_FLIGHT = new Set([
  'lock',
  'own',
  'pend',
  'give back',
  'set pending',
  'log in',
  'write',
  'promote',
  'log in to restore',
  'write back',
  'labels back',
  'replace written',
  'previous back',
  'release',
  'claim',
  'unpark',
  'promote good',
  'unpend',
]);

/** A change in the air is waited for like a function. */
export const AIR = 1 << 20;

export interface Turn {
  readonly stage: Stage;
  readonly slot: Slot;
  readonly index: number;
  readonly decisions: Decisions;
  /** What does not hold is told here. */
  readonly problem: (text: string) => void;
}

export const ownVersion = (index: number): number => OWN + index;

/** The version that an execution is to promote. */
export const pendingOf = ({ kind }: Slot, index: number): number =>
  kind === 'attempt' || kind === 'copy' ? TOKEN : ownVersion(index);

export const logsIn = (stage: Stage, version: number): boolean =>
  version !== NONE && stage.password === version;

/** No one has another one's password, so that a version's number serves as its password. */
const hasCredential = (stage: Stage, version: number): boolean => {
  if (version < OWN) return version !== TOKEN || stage.isTokenWritten;
  return stage.slots[version - OWN]?.kind === 'rotation';
};

const end = ({ slot }: Turn, how: Slot['end']): void => {
  slot.end = how;
  slot.pc = '';
};

/** The error goes to ChooseCompensation. */
const fail = (turn: Turn, error: 'superseded' | 'another', hasPlan = true): void => {
  const { slot, decisions } = turn;
  slot.failed = true;
  const next = decisions.compensation({
    isSuperseded: error === 'superseded',
    hasPlan,
    touched: slot.touched,
    promoted: slot.promoted,
  });
  if (next === 'Superseded') end(turn, 'superseded');
  else if (next === 'Refused') end(turn, 'refused');
  else slot.pc = next === 'RestoreCredential' ? 'restore' : 'settle';
};

const isOwner = ({ stage, slot, decisions }: Turn): boolean =>
  decisions.isOwner(describeStage(stage), idOf(slot.lock));

/** No two act at once, but for a call in flight that a recovery waits for. */
const assertAlone = (turn: Turn): void => {
  const { stage, slot, index, problem } = turn;
  // An operator who takes the owner label off lets others begin at once.
  if (stage.owner === slot.lock || stage.acts.includes('O')) return;
  const taker = stage.slots[stage.owner - OWN];
  if (taker === undefined) {
    problem('it acts without the lock');
    return;
  }
  // One that was stopped does nothing; the next one waits too.
  const isHarmless = taker.pc === '' || (taker.pc === 'wait' && (taker.drain & bit(index)) !== 0);
  if (!isHarmless) problem(`it acts while slot ${stage.owner - OWN} has the lock and does not wait for it`);
};

const write = (turn: Turn, version: number): void => {
  assertAlone(turn);
  turn.stage.password = version;
};

const moveCurrent = (turn: Turn, from: number, to: number): boolean => {
  const before = turn.stage.current;
  const moved = move(turn.stage, 'current', from, to);
  if (moved && before !== to) assertAlone(turn);
  return moved;
};

type Step = (turn: Turn) => void;

const CREATE_SECRET: Readonly<Record<string, Step>> = {
  create: (turn) => {
    const { stage, slot, index, decisions } = turn;
    if (!decisions.mayBegin(describeStage(stage), arnOf(index))) return end(turn, 'refused');
    slot.current = stage.current;
    slot.previous = stage.previous;
    slot.pc = 'lock';
  },
  lock: (turn) => {
    const { stage, slot, index } = turn;
    if (!move(stage, 'owner', NONE, ownVersion(index))) return end(turn, 'refused');
    slot.lock = ownVersion(index);
    slot.pc = 'own';
  },
  own: (turn) => {
    const { stage, slot, index, decisions } = turn;
    if (!isOwner(turn)) return fail(turn, 'superseded', false);
    const seen = describeStage(stage);
    const first = describeStage({ ...stage, current: slot.current, previous: slot.previous });
    slot.seen = stage.pending;
    const mayGoOn =
      decisions.sameStages(first, seen) && decisions.isPendingFree(seen, [idOf(ownVersion(index))]);
    slot.pc = mayGoOn ? 'pend' : 'give back';
  },
  pend: ({ stage, slot, index }) => {
    slot.pc = move(stage, 'pending', slot.seen, ownVersion(index)) ? 'check' : 'give back';
  },
  'give back': (turn) => {
    const { stage, slot } = turn;
    // The trigger does not leave what it refuses in the way of the next rotation.
    if (slot.kind === 'attempt' && stage.current !== TOKEN) move(stage, 'pending', TOKEN, NONE);
    move(stage, 'owner', slot.lock, NONE);
    end(turn, 'refused');
  },
};

/** The trigger, then CreateSecret of its execution. */
const TRIGGER: Readonly<Record<string, Step>> = {
  /** RotateSecret moves AWSPENDING; a retry of Secrets Manager moves nothing. */
  begin: ({ stage, slot, index }) => {
    if (index === 0) stage.pending = TOKEN;
    slot.pc = 'await';
  },
  await: ({ stage, slot, index }) => {
    if (move(stage, 'owner', NONE, ownVersion(index))) slot.pc = 'token';
  },
  token: (turn) => {
    const { stage, slot, index, decisions } = turn;
    slot.lock = ownVersion(index);
    if (!isOwner(turn)) return end(turn, 'refused');
    slot.pc = decisions.isFinished(describeStage(stage), idOf(TOKEN)) ? 'give back' : 'write token';
  },
  /** PutSecretValue takes AWSPENDING along; what is written already is used if it is on record as unfinished. */
  'write token': ({ stage, slot, problem }) => {
    if (stage.isTokenWritten) {
      // Others who record what is proven may leave it out: then Secrets Manager has to begin a rotation of its own again.
      const isAlone = stage.slots.every(({ kind }) => ['attempt', 'recovery', 'free'].includes(kind));
      const isOnRecord = (stage.proven & bit(TOKEN_WRITTEN)) !== 0;
      if (!isOnRecord && isAlone) problem('no retry of this token can ever succeed');
      slot.pc = isOnRecord ? 'join' : 'give back';
      return;
    }
    stage.isTokenWritten = true;
    stage.pending = TOKEN;
    stage.proven |= bit(TOKEN_WRITTEN);
    slot.pc = 'join';
  },
  join: (turn) => {
    const { stage, slot, index, decisions } = turn;
    const seen = describeStage(stage);
    if (!decisions.mayJoin(seen, arnOf(index), idOf(TOKEN))) return end(turn, 'refused');
    slot.lock = stage.owner;
    slot.current = stage.current;
    slot.previous = stage.previous;
    slot.pc = 'check';
  },
};

/** Only before the first attempt it is sure that no one used the value. */
const isCreated = ({ kind }: Slot, index: number): boolean =>
  kind === 'rotation' || (kind === 'attempt' && index === 0);

const FORWARD: Readonly<Record<string, Step>> = {
  check: (turn) => {
    const { stage, slot, index } = turn;
    slot.wasGood = logsIn(stage, slot.current);
    const asPending = !isCreated(slot, index) && logsIn(stage, pendingOf(slot, index));
    if (!slot.wasGood && !asPending && !logsIn(stage, slot.previous)) return fail(turn, 'another');
    slot.touched = true;
    slot.pc = 'set';
  },
  set: (turn) => {
    const { stage, slot, index, decisions } = turn;
    if (!isOwner(turn)) return fail(turn, 'superseded');
    const isThere = stage.pending === pendingOf(slot, index);
    slot.seen = stage.pending;
    slot.pc = !isThere && decisions.isPendingFree(describeStage(stage), []) ? 'set pending' : 'log in';
  },
  'set pending': ({ stage, slot, index }) => {
    move(stage, 'pending', slot.seen, pendingOf(slot, index));
    slot.pc = 'log in';
  },
  'log in': (turn) => {
    const { stage, slot, index } = turn;
    if (logsIn(stage, slot.current)) slot.pc = 'write';
    else if (logsIn(stage, pendingOf(slot, index))) slot.pc = 'test';
    else if (logsIn(stage, slot.previous)) slot.pc = 'write';
    else fail(turn, 'another');
  },
  write: (turn) => {
    write(turn, pendingOf(turn.slot, turn.index));
    turn.slot.didChange = true;
    turn.slot.pc = 'test';
  },
  test: (turn) => {
    if (!logsIn(turn.stage, pendingOf(turn.slot, turn.index))) return fail(turn, 'another');
    turn.slot.promoted = true;
    turn.slot.pc = 'finish';
  },
  finish: (turn) => {
    if (!isOwner(turn)) return fail(turn, 'superseded');
    turn.slot.pc = 'promote';
  },
  promote: (turn) => {
    const { stage, slot, index } = turn;
    if (moveCurrent(turn, slot.current, pendingOf(slot, index))) {
      slot.didPromote = true;
      slot.pc = 'after';
    } else if (stage.current === pendingOf(slot, index)) slot.pc = 'after';
    else fail(turn, 'another');
  },
  after: (turn) => {
    const { stage, slot, index } = turn;
    const version = pendingOf(slot, index);
    if (stage.current !== version || !logsIn(stage, version)) return fail(turn, 'another');
    slot.pc = 'settle';
  },
};

const planOf = ({ stage, slot, index }: Turn) => ({
  strategy: 'single-user' as const,
  lockVersion: idOf(slot.lock),
  pendingVersion: idOf(pendingOf(slot, index)),
  labelsBefore: {
    current: idOf(slot.current),
    ...(slot.previous === NONE ? {} : { previous: idOf(slot.previous) }),
  },
  proven: bits(stage.proven).map(idOf),
});

const beforeOf = ({ wasGood }: Slot) => ({ logsIn: wasGood ? (['AWSCURRENT'] as const).slice() : [] });

const COMPENSATION: Readonly<Record<string, Step>> = {
  restore: (turn) => {
    const { stage, slot, index } = turn;
    if (!isOwner(turn)) return end(turn, 'superseded');
    slot.good = NONE;
    slot.seen = [pendingOf(slot, index), slot.current].includes(stage.current) ? NONE : stage.current;
    slot.pc = 'log in to restore';
  },
  'log in to restore': (turn) => {
    const { stage, slot, index, decisions } = turn;
    slot.pc = 'labels';
    if (logsIn(stage, slot.seen)) {
      slot.good = slot.seen;
      return;
    }
    if (!decisions.wasGood(planOf(turn), beforeOf(slot)) || logsIn(stage, slot.current)) return;
    if (logsIn(stage, pendingOf(slot, index)) || logsIn(stage, slot.previous)) slot.pc = 'write back';
    else end(turn, 'failed');
  },
  'write back': (turn) => {
    write(turn, turn.slot.current);
    turn.slot.pc = 'labels';
  },
  labels: (turn) => {
    if (!isOwner(turn)) return end(turn, 'superseded');
    turn.slot.pc = turn.slot.promoted ? 'labels back' : 'replace written';
  },
  'labels back': (turn) => {
    const { stage, slot, index, problem } = turn;
    const didLogIn = logsIn(stage, stage.current);
    if (moveCurrent(turn, pendingOf(slot, index), slot.current) && !slot.didPromote && didLogIn)
      problem('it takes AWSCURRENT from a version that logs in, and that it did not promote');
    slot.pc = 'replace written';
  },
  'replace written': (turn) => {
    const { stage, slot, decisions } = turn;
    const stays = slot.good === NONE ? undefined : idOf(slot.good);
    if (!decisions.isPutBack(describeStage(stage), idOf(slot.current), stays))
      moveCurrent(turn, stage.current, slot.current);
    slot.pc = slot.promoted ? 'previous back' : 'check restored';
  },
  'previous back': ({ stage, slot, index }) => {
    if (pendingOf(slot, index) !== slot.previous)
      move(stage, 'previous', pendingOf(slot, index), slot.previous);
    slot.pc = 'check restored';
  },
  'check restored': (turn) => {
    const { stage, slot, decisions } = turn;
    const expected = slot.good === NONE ? slot.current : slot.good;
    if (stage.current === expected && logsIn(stage, expected)) {
      const again = slot.uncertain && !slot.drained && decisions.looksAgain;
      slot.pc = again ? 'drain' : 'settle';
      slot.drained = true;
    } else if (slot.looks === 2) end(turn, 'failed');
    else {
      slot.looks += 1;
      slot.pc = 'drain';
    }
  },
  drain: ({ slot }) => {
    slot.pc = 'restore';
  },
};

const RELEASE: Readonly<Record<string, Step>> = {
  settle: (turn) => {
    const { stage, slot, index, decisions } = turn;
    if (slot.failed) move(stage, 'pending', pendingOf(slot, index), NONE);
    const proven = decisions.provenBy(planOf(turn), {
      ended: slot.failed ? 'restored' : 'promoted',
      before: beforeOf(slot),
    });
    stage.proven = proven.reduce((mask, id) => mask | bit(versionOf(id)), 0);
    slot.pc = 'release';
  },
  release: (turn) => {
    const { stage, slot } = turn;
    move(stage, 'owner', slot.lock, NONE);
    end(turn, !slot.failed ? 'rotated' : slot.touched ? 'rolled back' : 'refused');
  },
};

/** What the marker of the version says that has the lock; undefined for one with a credential. */
export const inMarkerOf = ({ slots }: Stage, holder: number): string[] | undefined => {
  const slot = slots[holder - OWN];
  if (slot === undefined || slot.kind === 'rotation') return undefined;
  return slot.kind === 'attempt' || slot.kind === 'copy' ? [idOf(TOKEN)] : bits(slot.suspects).map(idOf);
};

const inputOf = ({ stage, slot }: Turn): { stopped?: string[]; token?: string } => {
  if (slot.stopped === NONE) return {};
  const stopped = bits(slot.stopped);
  const isToken = stopped.some((index) => ['attempt', 'copy'].includes(stage.slots[index]?.kind ?? ''));
  return { stopped: stopped.map(arnOf), ...(isToken ? { token: idOf(TOKEN) } : {}) };
};

/** Another execution has the lock. What was in flight when its own subject was stopped may take it yet: it looks again then. */
const answered = (turn: Turn): void => {
  const { slot, decisions } = turn;
  if (slot.drained || !decisions.looksAgainForOthers) {
    end(turn, 'nothing');
    return;
  }
  slot.drained = true;
  slot.drain = inFlight(turn);
  slot.pc = 'wait for others';
};

const inFlight = ({ stage, index }: Turn): number =>
  stage.slots.reduce(
    (mask, other, at) => (at !== index && IN_FLIGHT.has(other.pc) ? mask | bit(at) : mask),
    stage.air === NONE ? 0 : AIR,
  );

const RECOVERY: Readonly<Record<string, Step>> = {
  look: (turn) => {
    const { stage, slot, index, decisions } = turn;
    const secret = describeStage(stage);
    const holder = stage.owner === NONE ? undefined : idOf(stage.owner);
    if (stage.owner === ownVersion(index)) {
      slot.pc = 'wait';
      return;
    }
    if (!decisions.mayTakeFrom(holder, inputOf(turn))) return answered(turn);
    const inMarker = holder === undefined ? [] : inMarkerOf(stage, stage.owner);
    const suspects = decisions.suspectsIn(secret, { holder, inMarker }, inputOf(turn));
    slot.suspects = suspects.reduce((mask, id) => mask | bit(versionOf(id)), 0);
    slot.seen = stage.owner;
    slot.pc = 'claim';
  },
  claim: (turn) => {
    const { stage, slot, index } = turn;
    if (!move(stage, 'owner', slot.seen, ownVersion(index))) {
      slot.pc = 'look';
      return;
    }
    slot.lock = ownVersion(index);
    slot.pc = 'wait';
    slot.drain = inFlight(turn);
  },
  'wait for others': ({ slot }) => {
    slot.pc = 'look';
  },
  wait: ({ slot }) => {
    slot.pc = 'reconcile';
  },
  reconcile: (turn) => {
    const { stage, slot, decisions } = turn;
    if (!isOwner(turn)) return end(turn, 'superseded');
    const candidates = decisions
      .candidatesIn(describeStage(stage), bits(slot.suspects).map(idOf))
      .map(({ id }) => versionOf(id))
      .filter((version) => hasCredential(stage, version));
    const good = candidates.find((version) => logsIn(stage, version));
    if (good === undefined) return end(turn, 'failed');
    slot.good = good;
    slot.seen = stage.current;
    slot.pc = good === stage.current ? 'unpend' : stage.pending === stage.current ? 'unpark' : 'promote good';
  },
  unpark: ({ stage, slot }) => {
    move(stage, 'pending', slot.seen, NONE);
    slot.pc = 'promote good';
  },
  'promote good': (turn) => {
    const { stage, slot } = turn;
    if (moveCurrent(turn, slot.seen, slot.good) || stage.current === slot.good) slot.pc = 'unpend';
    else slot.pc = 'reconcile';
  },
  unpend: ({ stage, slot, decisions }) => {
    const secret = describeStage(stage);
    const suspects = bits(slot.suspects).map(idOf);
    if (
      stage.pending !== NONE &&
      stage.pending !== slot.good &&
      decisions.isStuck(secret, idOf(stage.pending), suspects)
    )
      move(stage, 'pending', stage.pending, NONE);
    stage.proven = decisions
      .stillProven(secret, idOf(slot.good), { suspects, open: [], isPromotedInUse: false })
      .reduce((mask, id) => mask | bit(versionOf(id)), 0);
    slot.pc = 'check recovered';
  },
  'check recovered': (turn) => {
    const { stage, slot } = turn;
    if (stage.current === slot.good && logsIn(stage, slot.good)) slot.pc = 'unlock';
    else if (slot.looks === 2) end(turn, 'failed');
    else {
      slot.looks += 1;
      slot.pc = 'reconcile';
    }
  },
  unlock: (turn) => {
    move(turn.stage, 'owner', turn.slot.lock, NONE);
    end(turn, 'recovered');
  },
};

export const STEPS: Readonly<Record<string, Step>> = {
  ...CREATE_SECRET,
  ...TRIGGER,
  ...FORWARD,
  ...COMPENSATION,
  ...RELEASE,
  ...RECOVERY,
};

/** What a check of the machine says when it fails for a reason of its own. */
export const failCheck = (turn: Turn): void => fail(turn, 'another');

/** The change of the database is on its way, and nothing answers. */
export const sendLate = (turn: Turn): void => {
  const { stage, slot, index } = turn;
  stage.air = pendingOf(slot, index);
  stage.airOf = index;
  // The one who waits for this function waits for what it sent.
  for (const other of stage.slots) if ((other.drain & bit(index)) !== 0) other.drain |= AIR;
  slot.didChange = true;
  slot.uncertain = true;
  fail(turn, 'another');
};

export const PEOPLE: Readonly<Record<string, (stage: Stage) => boolean>> = {
  p: (stage) => stage.pending !== stage.current && move(stage, 'pending', stage.pending, NONE),
  o: (stage) => move(stage, 'owner', stage.owner, NONE),
  b: (stage) => move(stage, 'current', stage.current, WRITTEN),
  g: (stage) => {
    stage.password = WRITTEN;
    return true;
  },
};

export const FIRST_STAGE: Omit<Stage, 'stops' | 'lates' | 'fails' | 'acts' | 'slots'> = {
  current: FIRST,
  previous: 1,
  pending: NONE,
  owner: NONE,
  password: FIRST,
  proven: bit(FIRST),
  isTokenWritten: false,
  air: NONE,
  airOf: NONE,
  isExcused: false,
  isCutShort: false,
};
