import { parseArgs } from 'node:util';
import { leaksIn } from '../../security/leaks.ts';
import { executionsOf, passwordsOf } from '../../security/searched.ts';
import { type LocalStack, startLocalStack, Undo } from '../deployment/index.ts';
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

const USAGE = `npm start [-- --json]

Starts AWS (ministack), Secrets Manager and DocumentDB on this machine, deploys the rotation to them, and
shows seven rotations. Of one user whose password changes: two that succeed, one that is rolled back and one that
is cut off and recovered. Of two users that take turns, while a client logs in all the time: two admins and their
clones, and two users of an application.
Afterwards every password that there was is searched for in all that was written.
Exit status 0 means that every check held.

  --json   print one JSON object as the last line of standard output, and all else to standard error
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

const start = async (terminal: Terminal, undo: Undo): Promise<LocalStack> => {
  terminal.line(terminal.style('bold', 'Starting the local stack'));
  try {
    return await startLocalStack(STACK, (what) => terminal.begin(what), undo);
  } finally {
    terminal.end();
  }
};

interface Shown {
  readonly verdicts: readonly Verdict[];
  /** Where a password was written, among all places that were searched. */
  readonly leaks: readonly string[];
}

const show = async (terminal: Terminal, undo: Undo): Promise<Shown> => {
  const stack = await start(terminal, undo);
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

const main = async (json: boolean, undo: Undo): Promise<boolean> => {
  const terminal = new Terminal(json ? process.stderr : process.stdout);
  let shown: Shown;
  try {
    shown = await show(terminal, undo);
  } finally {
    terminal.begin('stopping what was started');
    await undo.all();
    terminal.end();
  }
  terminal.line();
  const { verdicts, leaks } = shown;
  printTable(verdicts, terminal);
  printSummary(verdicts, terminal);
  const ok = leaks.length === 0 && verdicts.every(({ problems }) => problems.length === 0);
  if (json) console.log(JSON.stringify({ ok, leaks, rotations: verdicts.map(({ record }) => record) }));
  return ok;
};

const undo = new Undo();
const isStopping = stopOnSignal(undo, (ofSignal) => ofSignal);
try {
  const { values } = parseArgs({
    options: { json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
  });
  if (values.help) console.log(USAGE);
  else process.exitCode = (await main(values.json, undo)) ? 0 : 1;
} catch (error) {
  if (!isStopping()) console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
