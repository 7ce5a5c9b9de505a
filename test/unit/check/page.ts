import { join } from 'node:path';
import { writeInto, writtenIn } from '../../support/marked-page.ts';
import { PLANTED_IN_MEMORY, type Planted } from './planted.ts';
import { PLANTED_ON_THE_STACK } from './planted-on-the-stack.ts';

/** The planted misconfigurations as functions/README.md shows them. `node test/unit/check/page.ts` writes them there. */

const PAGE = join(import.meta.dirname, '..', '..', '..', 'functions', 'README.md');
const BEGIN = '<!-- planted: written by node test/unit/check/page.ts -->';
const END = '<!-- end of planted -->';

export const ALL_PLANTED: readonly (Planted & { readonly where: string })[] = [
  ...PLANTED_IN_MEMORY.map((planted) => ({ ...planted, where: 'in memory' })),
  ...Object.entries(PLANTED_ON_THE_STACK).map(([what, planted]) => ({
    what,
    ...planted,
    where: 'on the stack',
  })),
];

const row = ({ what, topic, verdict, section, ends, where }: Planted & { where: string }): string =>
  `| ${what} | \`${topic}\`, ${verdict} | [${section}](../statemachine/RUNBOOK.md#${section}) | \`${ends}\` | ${where} |`;

export const table = (): string =>
  [
    '| planted | found as | what to do | a rotation without a check ends with | tried |',
    '|---|---|---|---|---|',
    ...ALL_PLANTED.map(row),
    '',
    `${ALL_PLANTED.length} planted, ${ALL_PLANTED.length} found.`,
  ].join('\n');

const PART = { page: PAGE, begin: BEGIN, end: END };

/** What the page has between its two marks. */
export const written = (): string => writtenIn(PART);

if (import.meta.main) writeInto(PART, table());
