/** Which actor runs, and for how many of its calls. */
export interface Stretch {
  readonly actor: string;
  readonly calls: number;
}

/**
 * Lets actors run one at a time, each for as many calls as its stretch has. When the stretches are used up, or an actor
 * has ended before the end of its own, the one who waits goes on.
 */
export class Preemption {
  readonly #order: string[];
  readonly #ended = new Set<string>();
  readonly #waiting: { readonly actor: string; readonly goOn: () => void }[] = [];

  constructor(stretches: readonly Stretch[]) {
    this.#order = stretches.flatMap(({ actor, calls }) => Array<string>(calls).fill(actor));
  }

  /** Awaited before each call of that actor. */
  async turn(actor: string): Promise<void> {
    await new Promise<void>((goOn) => {
      this.#waiting.push({ actor, goOn });
      this.#next();
    });
  }

  /** Tells that the actor makes no further call. */
  end(actor: string): void {
    this.#ended.add(actor);
    this.#next();
  }

  /** Calls have their effect in the order in which they are let go on; an actor may make several at once. */
  #next(): void {
    while (this.#waiting.length > 0) {
      while (this.#ended.has(this.#order[0] ?? '')) this.#order.shift();
      const [first] = this.#order;
      const index = first === undefined ? 0 : this.#waiting.findIndex(({ actor }) => actor === first);
      if (index < 0) return;
      this.#order.shift();
      this.#waiting.splice(index, 1)[0]?.goOn();
    }
  }
}
