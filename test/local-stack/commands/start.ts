import { parseArgs } from 'node:util';
import { leaksIn } from '../../security/leaks.ts';
import { executionsOf, passwordsOf } from '../../security/searched.ts';
import { type LocalStack, startLocalStack, Undo } from '../deployment/index.ts';
import { preparePage } from '../page/index.ts';
import { bySecretsManager } from './demonstration/by-secrets-manager.ts';
import { cutOff } from './demonstration/cut-off.ts';
import { neverPasses } from './demonstration/never-passes.ts';
import { onDemand } from './demonstration/on-demand.ts';
import { alternatingUsers, clonedAdmin, clonedPrimaryUser } from './demonstration/pairs.ts';
import type { Verdict } from './demonstration/rotation-record.ts';
import type { Scenario } from './demonstration/scenario.ts';
import { stopOnSignal } from './stop-on-signal.ts';
import { printSummary } from './summary.ts';
import { printTable } from './table.ts';
import { Terminal } from './terminal.ts';
import { wrap } from './wrap.ts';

const USAGE = `npm start [-- --json | --page]

Starts AWS (ministack), Secrets Manager and DocumentDB on this machine, deploys the rotation to them, and
shows seven rotations. Of one user whose password changes: two that succeed, one that is rolled back and one that
is cut off and recovered. Of two users that take turns, while a client logs in all the time: two admins and their
clones, and two users of an application.
Afterwards every password that there was is searched for in all that was written.
Exit status 0 means that every check held.

  --json   print one JSON object as the last line of standard output, and all else to standard error
  --page   print the address of a page on which the executions can be watched, held and stepped through; begin when it
           is opened, and keep the stack up until Ctrl-C
`;

const SCENARIOS: readonly Scenario[] = [
  bySecretsManager,
  onDemand,
  neverPasses,
  cutOff,
  clonedPrimaryUser,
  clonedAdmin,
  alternatingUsers,
];

/** Two instances, since one of them is to lag. The waits are as short as they can be seen. */
const STACK = { declared: true, instances: 2, propagationTimeoutSeconds: 8, drainSeconds: 3 };

const start = async (terminal: Terminal, undo: Undo, withPage: boolean): Promise<LocalStack> => {
  terminal.line(terminal.style('bold', 'Starting the local stack'));
  try {
    const prepared = withPage ? await preparePage(undo) : undefined;
    const begin = (what: string): void => terminal.begin(what);
    const stack = await startLocalStack({ ...STACK, ...prepared?.options }, begin, undo);
    const page = await prepared?.open(stack);
    if (page) {
      terminal.line(`  the page: ${page.url}`);
      terminal.begin('waiting until it is opened in a browser');
      await page.opened;
    }
    return stack;
  } finally {
    terminal.end();
  }
};

interface Shown {
  readonly verdicts: readonly Verdict[];
  /** Where a password was written, among all places that were searched. */
  readonly leaks: readonly string[];
}

const show = async (terminal: Terminal, undo: Undo, withPage: boolean): Promise<Shown> => {
  const stack = await start(terminal, undo, withPage);
  const verdicts: Verdict[] = [];
  for (const scenario of SCENARIOS) {
    terminal.line();
    terminal.line(terminal.style('bold', scenario.title));
    const verdict = await scenario.run(stack, terminal);
    verdicts.push(verdict);
    const held = verdict.problems.length === 0;
    terminal.line(
      held
        ? terminal.style('green', '  every check held')
        : terminal.style('red', `  ${verdict.problems.join('\n  ')}`),
    );
  }
  return { verdicts, leaks: await search(stack, terminal, verdicts) };
};

/** Looks for every password that there was in everything that was written. */
const search = async (
  stack: LocalStack,
  terminal: Terminal,
  verdicts: readonly Verdict[],
): Promise<string[]> => {
  const passwords = await passwordsOf(stack);
  const executions = await executionsOf(stack);
  const written = [
    { where: 'this output', text: terminal.written },
    { where: 'the output as JSON', text: JSON.stringify(verdicts) },
    { where: 'the logs', text: stack.logs() },
    ...executions,
  ];
  const leaks = leaksIn(written, passwords);
  const places = `this output, the logs and the histories of ${executions.length} executions`;
  terminal.line();
  const told =
    leaks.length === 0
      ? `None of the ${passwords.size} passwords is in ${places}`
      : `A password was written: ${leaks.join(', ')}`;
  for (const line of wrap(told)) terminal.line(terminal.style(leaks.length === 0 ? 'green' : 'red', line));
  return leaks;
};

interface Arguments {
  readonly json: boolean;
  readonly page: boolean;
}

/** With a page all of it stays up, for the one who looks at it. */
const showAndStop = async (terminal: Terminal, undo: Undo, withPage: boolean): Promise<Shown> => {
  let isShown = false;
  try {
    const shown = await show(terminal, undo, withPage);
    isShown = true;
    return shown;
  } finally {
    if (!(withPage && isShown)) {
      terminal.begin('stopping what was started');
      await undo.all();
      terminal.end();
    }
  }
};

const main = async ({ json, page }: Arguments, undo: Undo): Promise<boolean> => {
  if (json && page) throw new Error('--json ends by itself, and --page does not: give one of them');
  const terminal = new Terminal(json ? process.stderr : process.stdout);
  const shown = await showAndStop(terminal, undo, page);
  terminal.line();
  const { verdicts, leaks } = shown;
  printTable(verdicts, terminal);
  printSummary(verdicts, terminal);
  const ok = leaks.length === 0 && verdicts.every(({ problems }) => problems.length === 0);
  if (json) console.log(JSON.stringify({ ok, leaks, rotations: verdicts.map(({ record }) => record) }));
  if (page) terminal.line('The page and its stack stay up until Ctrl-C.');
  return ok;
};

const undo = new Undo();
// Ctrl-C is how it ends with a page, once all was shown.
const isStopping = stopOnSignal(undo, (ofSignal) => Number(process.exitCode ?? ofSignal));
try {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      page: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) console.log(USAGE);
  else process.exitCode = (await main(values, undo)) ? 0 : 1;
} catch (error) {
  if (!isStopping()) console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
