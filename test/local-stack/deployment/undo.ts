/** What can be stopped. */
export interface Stoppable {
  stop(): unknown;
}

/** Remembers how to stop what was started, and does so in the opposite order, once. */
export class Undo {
  private readonly actions: (() => unknown)[] = [];
  private stopping: Promise<void> = Promise.resolve();

  add(action: () => unknown): void {
    this.actions.push(action);
  }

  /** Waits for all of them. If one fails, those that did start are remembered before it throws. */
  async started<const T extends readonly Promise<Stoppable>[]>(
    starting: T,
  ): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
    const results = await Promise.allSettled(starting);
    for (const result of results) if (result.status === 'fulfilled') this.add(() => result.value.stop());
    // Throws the first failure, now that nothing can be forgotten.
    return (await Promise.all(starting)) as { -readonly [K in keyof T]: Awaited<T[K]> };
  }

  /** Goes on if one fails: the rest must be stopped all the same. Who calls it meanwhile waits for the same end. */
  all(): Promise<void> {
    this.stopping = this.stopping.catch(() => {}).then(() => this.stopAll());
    return this.stopping;
  }

  private async stopAll(): Promise<void> {
    const errors: unknown[] = [];
    for (const action of this.actions.splice(0).reverse()) {
      try {
        await action();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, 'not everything could be stopped');
  }
}
