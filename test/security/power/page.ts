import { join } from 'node:path';
import { writeInto, writtenIn } from '../../support/marked-page.ts';
import { CELLS, type Right, WANTS, type Want } from './rights.ts';
import { THEIRS, theirsOf } from './theirs.ts';

/** The matrix as SECURITY shows it. `node test/security/power/page.ts` writes it there. */

const PAGE = join(import.meta.dirname, '..', '..', '..', '.github', 'SECURITY.md');
const BEGIN = '<!-- matrix: written by node test/security/power/page.ts -->';
const END = '<!-- end of matrix -->';

const HEADINGS: Readonly<Record<Want, string>> = {
  user: 'a login as the secret’s user',
  pair: 'as a `…_clone` of someone else',
  'another user': 'as another user',
  admin: 'as the admin, or with its roles',
  roles: 'more roles for a user of theirs',
  host: 'a password at another host',
  harm: 'someone else’s user changed',
  outage: 'an outage',
};

const RIGHT_NAMES: Readonly<Record<Right, string>> = {
  write: 'write values',
  read: 'read values',
  tag: 'tag',
  start: 'start',
  recover: 'recover',
  deploy: 'deploy',
};

const cellText = (cell: readonly Right[], want: Want): string => {
  const notes = theirsOf(cell).filter(({ gives }) => gives.includes(want));
  return notes.length === 0 ? 'prevented' : notes.map((note) => THEIRS.indexOf(note) + 1).join(', ');
};

export const matrix = (): string =>
  [
    `| who may | ${WANTS.map((want) => HEADINGS[want]).join(' | ')} |`,
    `|---|${WANTS.map(() => '---|').join('')}`,
    ...CELLS.map(
      (cell) =>
        `| ${cell.map((right) => RIGHT_NAMES[right]).join(' + ')} | ${WANTS.map((want) => cellText(cell, want)).join(' | ')} |`,
    ),
    '',
    'Theirs anyway:',
    '',
    ...THEIRS.map(({ because }, index) => `${index + 1}. ${because}`),
  ].join('\n');

const PART = { page: PAGE, begin: BEGIN, end: END };

/** What the page has between its two marks. */
export const written = (): string => writtenIn(PART);

if (import.meta.main) writeInto(PART, matrix());
