import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Definition, definitionNames, flowOf, readDefinition, type State } from './definition.ts';

const README = join(import.meta.dirname, 'README.md');

/** Lambda's own troubles are retried everywhere alike; one word stands for all of them. */
const inAWord = (error: string): string => {
  if (error === 'States.Timeout') return 'time-out';
  return /^(Lambda|Sandbox|Runtime)\./.test(error) ? 'Lambda' : `\`${error}\``;
};

const isCode = (word: string): boolean => word.startsWith('`');

const retriedBy = ({ Retry = [] }: State): string => {
  const words = Retry.flatMap(({ ErrorEquals }) => ErrorEquals).map(inAWord);
  const [named, ofAws] = [words.filter(isCode), words.filter((word) => !isCode(word))];
  return [...new Set([...named, ...ofAws])].join(', ');
};

const caughtBy = ({ Catch = [] }: State): string =>
  Catch.map(({ ErrorEquals, Next }) => {
    const errors = ErrorEquals.map((error) => (error === 'States.ALL' ? 'all else' : `\`${error}\``));
    return `${errors.join(', ')} → ${Next}`;
  })
    .join('; ')
    .replace(/^all else/, 'all');

const leadsTo = (definition: Definition, name: string, state: State): string => {
  if (state.Type === 'Succeed') return '**ends well**';
  if (state.Type !== 'Fail') return flowOf(definition, name).join(', ');
  // A name that is made while it runs is the one of the error in the cause.
  const error = state.Error?.startsWith('{%') ? 'the error’s own name' : `\`${state.Error}\``;
  return `**fails**: ${error}`;
};

/** What each state does, what it retries, where its failures lead, and where it leads otherwise. */
export const stateTable = (definition: Definition): string => {
  const rows = Object.entries(definition.States).map(([name, state]) => {
    const { Type, Comment = '' } = state;
    const cells = [
      `**${name}** (${Type})`,
      Comment.replaceAll(/\$\{(\w+)\}/g, '`$1`'),
      retriedBy(state) || '–',
      caughtBy(state) || '–',
      leadsTo(definition, name, state),
    ];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  return ['| State | What it does | Retried | Caught | Goes on to |', '|---|---|---|---|---|', ...rows].join(
    '\n',
  );
};

/** Replaces what stands between a machine's two markers. */
export const withStateTables = (text: string): string =>
  definitionNames().reduce((result, machine) => {
    const [begin, end] = [`<!-- states of ${machine}: begin -->`, `<!-- states of ${machine}: end -->`];
    const [from, to] = [result.indexOf(begin), result.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`statemachine/README.md has no markers for ${machine}`);
    return `${result.slice(0, from + begin.length)}\n${stateTable(readDefinition(machine))}\n${result.slice(to)}`;
  }, text);

export const readStatesReadme = (): string => readFileSync(README, 'utf8');

export const writeStatesReadme = (): void => writeFileSync(README, withStateTables(readStatesReadme()));
