import type { Told } from '../model.ts';

type Listener = (told: Told) => void;

/** Tells all pages that are open. */
export class Broadcast {
  /** Resolves when the first of them is. */
  readonly heard: Promise<void>;
  readonly #listeners = new Set<Listener>();
  readonly #hears: () => void;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.heard = promise;
    this.#hears = resolve;
  }

  get isHeard(): boolean {
    return this.#listeners.size > 0;
  }

  /** @returns how to end it */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    this.#hears();
    return () => void this.#listeners.delete(listener);
  }

  tell(told: Told): void {
    for (const listener of this.#listeners) listener(told);
  }
}
