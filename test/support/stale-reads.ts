import { isDeepStrictEqual } from 'node:util';
import { Random } from '../chaos/soak/random.ts';

/**
 * How old the answers of reads may be; without a bound they never are. AWS gives none, and does not say whether reads
 * are monotonic: "Any change [...] takes time to become visible from all possible endpoints".
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html
 */
export interface StaleReads {
  /** Whether no reader gets an answer that is older than one it got before. */
  readonly monotonic: boolean;
  /** How many reads of a secret, by anybody, may still not show a change of it. */
  readonly reads?: number;
  /** How long reads may not show a change. If there are both bounds, either of them lets an answer be old. */
  readonly milliseconds?: number;
  /**
   * In milliseconds.
   *
   * @default - the clock of the machine
   */
  readonly now?: () => number;
  /**
   * From 0, which chooses the oldest answer that may be, up to, not including, 1: close to it is the truth.
   *
   * @default - the same numbers each time that the switch is set
   */
  readonly random?: () => number;
}

/** A state, and when it became the truth. */
interface Entry<Secret> {
  readonly secret: Secret;
  readonly read: number;
  readonly time: number;
}

interface History<Secret> {
  readonly entries: Entry<Secret>[];
  /** How far each reader has come. */
  readonly seen: Map<unknown, number>;
  reads: number;
}

/** What secrets were like, for reads that may answer what was true before. Without the switch it keeps nothing. */
export class OldAnswers<Secret extends object> {
  #settings: Required<StaleReads> | undefined;
  readonly #histories = new Map<Secret, History<Secret>>();

  /** What the secrets are like now, everybody knows. */
  begin(settings: StaleReads | undefined, secrets: Iterable<Secret>): void {
    this.#settings = settings && complete(settings);
    this.#histories.clear();
    for (const secret of secrets) this.restart(secret);
  }

  get settings(): StaleReads | undefined {
    return this.#settings;
  }

  /** As if the secret had never been otherwise. */
  restart(secret: Secret): void {
    if (this.#settings === undefined) return;
    const entries = [{ secret: structuredClone(secret), read: 0, time: this.#settings.now() }];
    this.#histories.set(secret, { entries, seen: new Map(), reads: 0 });
  }

  /** To be called after whatever may have changed a secret, before anybody reads it. */
  changed(secret: Secret): void {
    const history = this.#histories.get(secret);
    if (history === undefined) this.restart(secret);
    else if (this.#settings !== undefined && !isDeepStrictEqual(history.entries.at(-1)?.secret, secret)) {
      const time = this.#settings.now();
      history.entries.push({ secret: structuredClone(secret), read: history.reads, time });
    }
  }

  /** The secret as a reader is told that it is. */
  seenBy(reader: unknown, secret: Secret): Secret {
    const history = this.#histories.get(secret);
    if (this.#settings === undefined || history === undefined) return secret;
    const { monotonic, random } = this.#settings;
    const oldest = Math.max(oldestOf(history, this.#settings), (monotonic && history.seen.get(reader)) || 0);
    const chosen = oldest + Math.floor(random() * (history.entries.length - oldest));
    history.reads++;
    history.seen.set(reader, chosen);
    return history.entries[chosen]?.secret ?? secret;
  }
}

/** The first state that a read may still answer: the one before the first change that is not known everywhere. */
const oldestOf = ({ entries, reads }: History<unknown>, settings: Required<StaleReads>): number => {
  const time = settings.now();
  const change = entries.findIndex(
    (entry, index) =>
      index > 0 && (reads - entry.read < settings.reads || time - entry.time < settings.milliseconds),
  );
  return change < 0 ? entries.length - 1 : change - 1;
};

const complete = (settings: StaleReads): Required<StaleReads> => {
  const numbers = new Random(1);
  return {
    reads: 0,
    milliseconds: 0,
    now: () => performance.now(),
    random: () => numbers.next(),
    ...settings,
  };
};
