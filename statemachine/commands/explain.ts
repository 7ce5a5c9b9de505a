import { consoleLink } from '../../functions/runtime/console-link.ts';
import { MACHINES } from './aws/deployed-rotation.ts';
import { type Execution, isInputFor, type ListedExecution, modeIn, secretIdOf } from './aws/executions.ts';
import { describeSecret, type Secret } from './aws/secrets.ts';
import { CommandError } from './command-error.ts';
import { type Context, type Deployed, deployedRotation, nextCommand } from './context.ts';
import { chooseExecution } from './execution/choose-execution.ts';
import { type Ending, endingOf } from './execution/ending.ts';
import { isLocked, isLockLost, SHOWN_LABELS } from './execution/label-state.ts';
import { type PassedState, passedStates } from './execution/passed-states.ts';
import { type RunbookSection, runbookSectionAt, terminalBlocks } from './execution/runbook.ts';
import { pasteable } from './execution/runbook-commands.ts';
import { executionJson } from './execution/show-end.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { readRunbook } from './package-files.ts';
import { timeOf } from './terminal/durations.ts';

/** Longer than a rotation takes that does not wait for something. */
const LONG_MS = 15 * 60_000;

/** What failed, what the world is like now, and what to do: the runbook's own section. */
export const explain = async (context: Context, which: string): Promise<ExitCode> => {
  const { view, clients } = context;
  const deployed = await deployedRotation(context);
  const execution = await chooseExecution(context, deployed, which, failedOrNewest);
  const states = passedStates(await deployed.executions.history(execution.arn));
  const ending = execution.status === 'RUNNING' ? undefined : endingOf(execution);
  const secretId = secretIdOf(execution.input);
  const secret =
    secretId === undefined
      ? undefined
      : await knownSecret(() => describeSecret(clients.secretsManager, secretId));
  const after = secret === undefined ? [] : await laterExecutions(deployed, secret, execution);
  const world = worldOf(execution, ending, secret, after);
  const sections = sectionsFor(ending, execution).map(({ title, text }) => ({
    title,
    text: pasteable(text, {
      secret: secret?.name,
      ...deployed.rotation,
      command: (...words) => nextCommand(context, ...words),
    }),
  }));
  view.result(
    {
      ...executionJson(execution),
      failed: failedStateOf(states)?.name,
      secret: secret?.name,
      world,
      runbookText: sections,
    },
    () => show(context, execution, { ending, states, world, sections }),
  );
  return EXIT.done;
};

const failedOrNewest = (listed: readonly ListedExecution[]): ListedExecution | undefined =>
  listed.find(({ status }) => status !== 'SUCCEEDED' && status !== 'RUNNING') ?? listed[0];

/** A secret that was deleted since is no reason not to explain the execution. */
const knownSecret = async (describe: () => Promise<Secret>): Promise<Secret | undefined> => {
  try {
    return await describe();
  } catch (error) {
    if (error instanceof CommandError) return undefined;
    throw error;
  }
};

/** What has happened to the secret since, the newest first. */
const laterExecutions = async (
  { executions }: Deployed,
  secret: Secret,
  { started, arn }: Execution,
): Promise<Execution[]> => {
  const lists = await Promise.all(MACHINES.map((machine) => executions.list(machine, { since: started })));
  const later = await executions.forSecret(
    secret,
    lists.flat().filter((each) => each.arn !== arn && each.started > started),
  );
  const described = await Promise.all(later.slice(0, 10).map((each) => executions.describe(each.arn)));
  return described
    .filter(({ input }) => isInputFor(input, secret))
    .toSorted((one, other) => other.started.getTime() - one.started.getTime());
};

const worldOf = (
  execution: Execution,
  ending: Ending | undefined,
  secret: Secret | undefined,
  after: readonly Execution[],
): string[] => {
  const running = [execution, ...after].filter(({ status }) => status === 'RUNNING');
  return [
    ...(ending === undefined ? ['It still runs.'] : [ending.sentence]),
    ...after.map((each) => sinceThen(each)),
    ...(secret === undefined ? [] : [labelsSentence(secret, running)]),
  ];
};

const sinceThen = (execution: Execution): string => {
  const what = execution.machine === 'rotation' ? modeIn(execution.input) : execution.machine;
  const how =
    execution.status === 'RUNNING'
      ? 'runs'
      : `ended as ${endingOf(execution).outcome} at ${timeOf(execution.stopped)}`;
  return `Since then: ${what} ${how} (${execution.name}).`;
};

const labelsSentence = (secret: Secret, running: readonly Execution[]): string => {
  const labels = Object.entries(secret.versions)
    .flatMap(([id, held]) => held.map((label) => ({ label, id })))
    .filter(({ label }) => SHOWN_LABELS.includes(label))
    .map(({ label, id }) => `${label} on ${id}`);
  const lock = !isLocked(secret)
    ? 'No one has the lock.'
    : isLockLost(secret, running)
      ? 'It is locked, and the execution that has the lock does not run.'
      : 'A running execution has the lock.';
  return `Labels now: ${labels.toSorted().join(', ')}. ${lock}`;
};

const failedStateOf = (states: readonly PassedState[]): PassedState | undefined =>
  states.find(({ error }) => error !== undefined);

/** The section of the end, and that of the error which led there: a cause says `STATE failed with ERROR: …`. */
const sectionsFor = (ending: Ending | undefined, { cause = '', started }: Execution): RunbookSection[] => {
  const runbook = readRunbook();
  const [, error] = /failed with ([\w.]+):/.exec(cause) ?? [];
  const isSlow = Date.now() - started.getTime() > LONG_MS;
  const anchors =
    ending === undefined ? (isSlow ? ['running-for-hours'] : []) : [error?.toLowerCase(), ending.section];
  const sections = anchors.flatMap((anchor) =>
    anchor === undefined ? [] : (runbookSectionAt(runbook, anchor) ?? []),
  );
  return [...new Map(sections.map((section) => [section.title, section])).values()];
};

/** Each state once, in the order in which they were first entered: a test that is repeated would hide the others. */
const wayOf = (states: readonly PassedState[]): string =>
  [...new Set(states.map(({ name }) => name))].join(', ');

interface Explained {
  readonly ending: Ending | undefined;
  readonly states: readonly PassedState[];
  readonly world: readonly string[];
  readonly sections: readonly RunbookSection[];
}

const show = (
  { view }: Context,
  execution: Execution,
  { ending, states, world, sections }: Explained,
): void => {
  const { bold, red, green } = view.colors;
  const isWell = ending?.exitCode === EXIT.done;
  view.text(`${(isWell ? green : red)(bold(ending?.outcome ?? 'Running'))}  ${execution.name}`);
  const failed = failedStateOf(states);
  if (failed !== undefined)
    view.text(`${failed.name} failed with ${failed.error} at ${timeOf(failed.left)}.`, 2);
  view.text(`States: ${wayOf(states)}.`, 2);
  view.text();
  view.heading('The world now');
  for (const sentence of world) view.text(sentence, 2);
  for (const { title, text } of sections) {
    view.text();
    view.heading(`What to do: ${title}`);
    for (const { text: block, wraps, indent } of terminalBlocks(text)) {
      if (wraps) view.text(block, 2 + indent);
      else view.raw(`\n${block.replaceAll(/^(?=.)/gm, ' '.repeat(4 + indent))}\n\n`);
    }
  }
  view.text();
  view.heading('In the console');
  view.copyable(consoleLink(execution.arn), 2);
};
