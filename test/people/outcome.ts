import type { End } from './any-person.ts';

/** How it ended, in one word: what the output says, or the error. */
export const outcomeOf = ({ status, error, output }: End): unknown =>
  status === 'SUCCEEDED' ? (output as { readonly outcome?: unknown }).outcome : error;

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** A sentence in which `…` stands for anything: a version, a host, a name. */
export const says = (sentence: string): RegExp =>
  new RegExp(sentence.split('…').map(escaped).join('.*?'), 's');
