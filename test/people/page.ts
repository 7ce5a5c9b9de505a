import { join } from 'node:path';
import { writeInto, writtenIn } from '../support/marked-page.ts';
import { ACTS } from './acts.ts';
import { SHAPES } from './shapes.ts';

/** `node test/people/page.ts` writes what the rows say into the page. */
const PAGE = join(import.meta.dirname, '..', '..', 'statemachine', 'BY-HAND.md');

const BEGIN = '<!-- people: begin -->';
const END = '<!-- people: end -->';

const row = (...cells: string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;

/** An error leads to its section of the runbook. */
const ended = (ends: string): string =>
  /^[a-z-]+$/.test(ends) ? ends : `[\`${ends}\`](RUNBOOK.md#${ends.toLowerCase()})`;

const quoted = (ends: string, says: string): string =>
  ended(ends) === ends ? says : `"${says.replaceAll('<', '\\<')}"`;

const STRATEGIES = { 'single-user': 'single user', 'alternating-users': 'pair', 'admin-clone': 'admin' };

export const page = (): string =>
  [
    '## What AWSCURRENT has',
    '',
    row('AWSCURRENT has', 'a rotation ends in', 'what it says, or does with it'),
    '|---|---|---|',
    ...SHAPES.map(({ name, ends, says }) => row(name, ended(ends), quoted(ends, says))),
    '',
    '## What someone does',
    '',
    row('someone does this', 'to', 'it ends in', 'what it says, or what holds then'),
    '|---|---|---|---|',
    ...ACTS.map(({ name, place, ends, says }) =>
      row(name, STRATEGIES[place.strategy ?? 'single-user'], ended(ends), quoted(ends, says)),
    ),
  ].join('\n');

const PART = { page: PAGE, begin: BEGIN, end: END };

/** What the page has between its two marks. */
export const written = (): string => writtenIn(PART);

if (import.meta.main) writeInto(PART, page());
