/*
 * Names of tests as vitest is asked for them. In a full name as it is told a ` > ` is between those of a test and its suites, in one as it is looked for a blank.
 */

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

/** @param names full ones, as they are told */
export const called = (names: readonly string[]): RegExp => {
  const alternatives = names.map((name) => name.split(' > ').map(escaped).join('(?: > | )'));
  return new RegExp(`^(?:${alternatives.join('|')})$`);
};

/** @param part of the name of one test, or of a suite */
export const named = (part: string): RegExp => new RegExp(escaped(part));
