import { readFileSync, writeFileSync } from 'node:fs';

/** A part of a page that a command writes, between two marks. */
export interface MarkedPart {
  readonly page: string;
  readonly begin: string;
  readonly end: string;
}

/** What the page has between its two marks. */
export const writtenIn = ({ page, begin, end }: MarkedPart): string => {
  const [, rest = ''] = readFileSync(page, 'utf8').split(begin);
  return rest.split(end)[0]?.trim() ?? '';
};

export const writeInto = ({ page, begin, end }: MarkedPart, text: string): void => {
  const [before, rest = ''] = readFileSync(page, 'utf8').split(begin);
  const [, after = ''] = rest.split(end);
  writeFileSync(page, `${before}${begin}\n\n${text}\n\n${end}${after}`);
};
