import { isManagedBy, type Secret } from './aws/secrets.ts';
import type { Context } from './context.ts';
import { endingOf } from './execution/ending.ts';
import { type Finding, findingsIn } from './execution/findings.ts';
import { executionJson, showEnd } from './execution/show-end.ts';
import { type StartOptions, startAndFollow, startFor } from './execution/start.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

/** What the next rotation would fail by: each function answers for itself, and this command for the schedule. Changes nothing. */
export const check = async (context: Context, secretId: string, options: StartOptions): Promise<ExitCode> => {
  if (!options.wait) return await startAndFollow(context, secretId, 'check', options);
  const { secret, deployed, followed } = await startFor(context, secretId, 'check');
  const ended = await followed();
  const { execution } = ended;
  const found = findingsIn(await deployed.executions.history(execution.arn));
  // It could not be asked at all: its own sentence says why.
  if (found.length === 0) return showEnd(context, ended);
  const findings = [...found, scheduleOf(secret, isManagedBy(secret, deployed.rotation))];
  const isReady = findings.every(({ verdict }) => verdict !== 'not-ready') && !isLockedIn(findings);
  context.view.result({ ...executionJson(execution), ready: isReady, findings }, () => {
    show(context, secret, findings);
  });
  const { exitCode } = endingOf(execution);
  return isReady ? exitCode : EXIT.unchanged;
};

/** Whether another execution has the lock, or has left it behind: then no rotation begins now, and what else was found may change. */
const isLockedIn = (findings: readonly Finding[]): boolean =>
  findings.some(({ topic, verdict }) => topic === 'labels' && verdict === 'uncertain');

/** Whether Secrets Manager rotates the secret, by the trigger of this stack: no function may look at that. */
const scheduleOf = (secret: Secret, isManaged: boolean): Finding => {
  const common = {
    topic: 'schedule',
    steps: ['docdb-rotation check'],
    section: undefined,
    remedy: undefined,
  };
  if (!secret.rotationEnabled) {
    return {
      ...common,
      verdict: 'uncertain',
      what: 'Secrets Manager has no schedule for it: it is rotated on demand only',
      remedy: 'add it to the deployment (manage(), "secrets" or SecretArn) if that is not what you want',
    };
  }
  if (isManaged)
    return {
      ...common,
      verdict: 'ready',
      what: `Secrets Manager rotates it by this stack, ${secret.schedule}`,
    };
  return {
    ...common,
    verdict: 'not-ready',
    what: `Secrets Manager rotates it by another function, ${secret.lambdaArn}`,
    remedy: 'take it out of the other rotation: a secret has one schedule',
  };
};

const show = ({ view }: Context, secret: Secret, findings: readonly Finding[]): void => {
  const { green, red, yellow, bold } = view.colors;
  const of = (verdict: Finding['verdict']) => findings.filter((finding) => finding.verdict === verdict);
  const [problems, uncertain, ready] = [of('not-ready'), of('uncertain'), of('ready')];
  view.text(
    problems.length > 0
      ? `${red(bold('Not ready'))}: a rotation of ${secret.name} would fail.`
      : isLockedIn(findings)
        ? `${yellow(bold('Not now'))}: ${secret.name} is locked; check again when the execution that has the lock has ended, or recover if none runs.`
        : `${green(bold('Ready'))}: nothing was found by which a rotation of ${secret.name} would fail.`,
  );
  for (const finding of problems) showProblem(view, red('✗'), finding);
  for (const finding of uncertain) showProblem(view, yellow('?'), finding);
  for (const { topic, what } of ready) view.text(`${green('✓')} ${topic}: ${what}`);
};

const showProblem = (
  view: Context['view'],
  mark: string,
  { topic, what, remedy, section, steps }: Finding,
): void => {
  view.text(`${mark} ${topic}: ${what} (${steps.join(', ')})`);
  if (remedy !== undefined)
    view.text(`→ ${remedy}${section === undefined ? '' : `; runbook: ${section}`}`, 4);
};
