import { useState } from 'preact/hooks';
import type { Act } from './api.ts';

export interface Control<T> {
  /** What the server has told. */
  readonly told: T;
  /** Is another one after each change that the server tells of. */
  readonly change?: unknown;
  readonly ask: (value: T) => Promise<unknown>;
  readonly act: Act;
}

/**
 * What a control shows: what it was asked for, until the server tells of a change or refuses. A page that is drawn
 * meanwhile, as it is at each login, would else set the control back under the hand.
 *
 * @returns what is shown, and how to ask for another
 */
export const useAsked = <T>({ told, change = told, ask, act }: Control<T>) => {
  const [asked, setAsked] = useState<{ readonly value: T; readonly change: unknown }>();
  const isOpen = asked !== undefined && asked.change === change;
  if (asked && !isOpen) setAsked(undefined);
  const set = (value: T): void => {
    setAsked({ value, change });
    const answered = ask(value);
    answered.catch(() => setAsked(undefined));
    act(answered);
  };
  return [isOpen ? asked.value : told, set] as const;
};
