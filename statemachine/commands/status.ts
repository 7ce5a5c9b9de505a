import {
  ADMIN_SECRET_TAG,
  GRACE_TAG,
  RETIREMENT_POLICY_TAG,
  STRATEGY_TAG,
} from '../../functions/contract/tags.ts';
import { PENDING, PREVIOUS } from '../../functions/secret/labels.ts';
import { otherUserOf } from '../../functions/secret/user-pair.ts';
import { MACHINES } from './aws/deployed-rotation.ts';
import { type Execution, isInputFor, type ListedExecution } from './aws/executions.ts';
import { describeSecret, type Secret, versionDates } from './aws/secrets.ts';
import { type Context, type Deployed, deployedRotation, nextCommand } from './context.ts';
import { endingOf } from './execution/ending.ts';
import { partsOf } from './execution/execution-name.ts';
import type { Followed } from './execution/follow.ts';
import { currentVersion, hasPending, isLockLost, SHOWN_LABELS } from './execution/label-state.ts';
import { daysLate } from './execution/lateness.ts';
import { executionJson } from './execution/show-end.ts';
import { startFor } from './execution/start.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { DAY, span, timeOf } from './terminal/durations.ts';

export interface StatusOptions {
  readonly verify: boolean;
  readonly everyVersion: boolean;
}

/** What one version is. */
interface Version {
  readonly id: string;
  readonly labels: readonly string[];
  readonly made: Date | undefined;
  /** `yes`, `refused`, or why it is not known. */
  readonly logsIn: string;
}

/** One secret: its labels and who logs in, its users, what runs and what was last. Reads no value: a verification logs in. */
export const status = async (
  context: Context,
  secretId: string,
  options: StatusOptions,
): Promise<ExitCode> => {
  const { clients, view, now } = context;
  const deployed = await deployedRotation(context);
  const secret = await describeSecret(clients.secretsManager, secretId);
  const [dates, listed, verified] = await Promise.all([
    versionDates(clients.secretsManager, secret.arn),
    executionsOf(deployed, secret),
    verifications(context, secret, options),
  ]);
  const versions = versionsOf(secret, dates, verified);
  const running = listed.filter(({ status }) => status === 'RUNNING');
  const last = await lastOf(deployed, secret, listed);
  const predecessor = await predecessorOf(deployed, last);
  const current = verified.get(currentVersion(secret) ?? '');
  const user = typeof current?.execution.output.user === 'string' ? current.execution.output.user : undefined;
  const late = daysLate(secret, dates.get(currentVersion(secret) ?? ''), now());
  const problems = problemsOf(context, secret, { running, current, late });
  view.end();
  view.result(
    {
      secret: secret.name,
      arn: secret.arn,
      ...settingsOf(secret),
      user,
      versions: versions.map((version) => ({ ...version, made: version.made?.toISOString() })),
      running: running.map(({ arn }) => arn),
      predecessor,
      last: last === undefined ? undefined : executionJson(last),
      next: secret.next?.toISOString(),
      problems,
    },
    () =>
      show(context, {
        secret,
        versions,
        running,
        last,
        user,
        predecessor,
        problems,
        wasTried: current !== undefined,
      }),
  );
  if (current !== undefined && current.execution.status !== 'SUCCEEDED') return EXIT.broken;
  return problems.length === 0 ? EXIT.done : EXIT.unchanged;
};

/** The newest first. */
const executionsOf = async ({ executions }: Deployed, secret: Secret): Promise<ListedExecution[]> => {
  const lists = await Promise.all(MACHINES.map((machine) => executions.list(machine)));
  const byStart = lists.flat().toSorted((one, other) => other.started.getTime() - one.started.getTime());
  return await executions.forSecret(secret, byStart);
};

/** The newest that was to change the secret. A name tells where to look, and the input whose it is. */
const lastOf = async (
  { executions }: Deployed,
  secret: Secret,
  listed: readonly ListedExecution[],
): Promise<Execution | undefined> => {
  for (const { arn, name, machine } of listed) {
    if (machine === 'retirement' || isMere(partsOf(name)?.mode)) continue;
    const execution = await executions.describe(arn);
    if (isInputFor(execution.input, secret) && !isMere(execution.input.mode)) return execution;
  }
  return undefined;
};

const isMere = (mode: unknown): boolean => mode === 'verify' || mode === 'check';

/** The user that the last rotation of a pair replaced, and what becomes of it. */
interface Predecessor {
  readonly user: string;
  readonly retirement: string;
}

const predecessorOf = async (
  { executions }: Deployed,
  last: Execution | undefined,
): Promise<Predecessor | undefined> => {
  const arn = last?.output.retirement;
  const retirement =
    typeof arn === 'string' && arn.startsWith('arn:') ? await executions.find(arn) : undefined;
  if (retirement === undefined) return undefined;
  const { input, output, status, started } = retirement;
  const at = new Date(started.getTime() + Number(input.graceSeconds ?? 0) * 1000);
  const becomes =
    status === 'SUCCEEDED' ? String(output.outcome) : `to be retired (${input.policy}) at ${timeOf(at)}`;
  return {
    user: String(input.predecessor),
    retirement: status === 'RUNNING' || status === 'SUCCEEDED' ? becomes : endingOf(retirement).outcome,
  };
};

/** By the version that was tested. AWSCURRENT is tested as an application reads it, the others by their ids. */
const verifications = async (
  context: Context,
  secret: Secret,
  { verify, everyVersion }: StatusOptions,
): Promise<ReadonlyMap<string, Followed>> => {
  const current = currentVersion(secret);
  if (!verify || current === undefined) return new Map();
  const others = everyVersion
    ? Object.entries(secret.versions).flatMap(([id, labels]) =>
        id !== current && [PENDING, PREVIOUS].some((label) => labels.includes(label)) ? [id] : [],
      )
    : [];
  const [tested, ...rest] = [{}, ...others.map((token) => ({ token }))];
  const started = await Promise.all(
    [tested, ...rest].map((more) => startFor(context, secret.name, 'verify', more)),
  );
  const ended: [string, Followed][] = [];
  for (const [index, { followed }] of started.entries())
    ended.push([[current, ...others][index] ?? '', await followed()]);
  return new Map(ended);
};

const versionsOf = (
  secret: Secret,
  dates: ReadonlyMap<string, Date>,
  verified: ReadonlyMap<string, Followed>,
): Version[] =>
  Object.entries(secret.versions)
    .map(([id, labels]) => ({
      id,
      labels: labels.filter((label) => SHOWN_LABELS.includes(label)),
      made: dates.get(id),
      logsIn: loginOf(verified.get(id)?.execution),
    }))
    .filter(({ labels }) => labels.length > 0)
    .toSorted((one, other) => rankOf(one.labels) - rankOf(other.labels));

const rankOf = (labels: readonly string[]): number =>
  Math.min(...labels.map((label) => SHOWN_LABELS.indexOf(label)));

const loginOf = (execution: Execution | undefined): string => {
  if (execution === undefined) return 'not tried';
  if (execution.status === 'SUCCEEDED') return 'yes';
  return execution.error === 'CredentialNotPropagatedError'
    ? 'refused'
    : (execution.error ?? execution.status);
};

const settingsOf = ({ tags }: Secret) => ({
  strategy: tags[STRATEGY_TAG] ?? 'single-user',
  adminSecret: tags[ADMIN_SECRET_TAG],
  retirementPolicy: tags[RETIREMENT_POLICY_TAG],
  graceSeconds: tags[GRACE_TAG] === undefined ? undefined : Number(tags[GRACE_TAG]),
});

/** What is wrong, in a sentence each, and what to do. */
const problemsOf = (
  context: Context,
  secret: Secret,
  {
    running,
    current,
    late,
  }: { running: readonly ListedExecution[]; current: Followed | undefined; late: number },
): string[] => {
  const recover = nextCommand(context, 'recover', secret.name);
  const refused =
    current !== undefined && current.execution.status !== 'SUCCEEDED' ? current.execution : undefined;
  return [
    ...(refused
      ? [`AWSCURRENT is not known to log in: ${nextCommand(context, 'explain', refused.name)}`]
      : []),
    ...(isLockLost(secret, running) ? [`It is locked, and nothing runs: ${recover}`] : []),
    ...(hasPending(secret) && running.every(({ machine }) => machine === 'retirement')
      ? [`AWSPENDING is stuck, and nothing runs: ${recover}`]
      : []),
    ...(late > 0
      ? [
          `The credential is ${span(late * DAY)} older than its schedule allows: ${nextCommand(context, 'rotate', secret.name)}`,
        ]
      : []),
  ];
};

interface Shown {
  readonly secret: Secret;
  readonly versions: readonly Version[];
  readonly running: readonly ListedExecution[];
  readonly last: Execution | undefined;
  readonly user: string | undefined;
  readonly predecessor: Predecessor | undefined;
  readonly problems: readonly string[];
  /** Whether AWSCURRENT was verified. */
  readonly wasTried: boolean;
}

const show = (
  { view, now }: Context,
  { secret, versions, running, last, user, predecessor, problems, wasTried }: Shown,
): void => {
  const { strategy, adminSecret } = settingsOf(secret);
  view.heading(secret.name);
  view.text(`${strategy}${adminSecret === undefined ? '' : `, through ${nameOf(adminSecret)}`}`, 2);
  if (user !== undefined) view.text(usersOf(strategy, user), 2);
  if (predecessor !== undefined) view.text(`predecessor ${predecessor.user}: ${predecessor.retirement}`, 2);
  view.text(`next by Secrets Manager: ${secret.rotationEnabled ? timeOf(secret.next) : 'off'}`, 2);
  view.text();
  const age = (made: Date | undefined) => (made === undefined ? '-' : span(now().getTime() - made.getTime()));
  view.table(
    ['labels', 'version', 'age', 'logs in'],
    versions.map(({ id, labels, made, logsIn }) => [labels.join(' '), id, age(made), logsIn]),
  );
  view.text();
  for (const { name, started } of running) view.copyable(`running for ${age(started)}: ${name}`);
  if (last !== undefined && last.status !== 'RUNNING') {
    const { outcome } = endingOf(last);
    view.copyable(`last: ${outcome} ${timeOf(last.stopped)}  ${last.name}`);
  }
  for (const problem of problems) view.copyable(view.colors.red(problem));
  if (problems.length > 0) return;
  if (wasTried) view.text(view.colors.green('All is well.'));
  else view.text('Nothing is stuck. Who logs in was not tried.');
};

/** Of an ARN the name, without the six characters at its end. */
const nameOf = (secretId: string): string =>
  /^arn:.*:secret:(.+)-[A-Za-z0-9]{6}$/.exec(secretId)?.[1] ?? secretId;

const usersOf = (strategy: string, user: string): string =>
  strategy === 'single-user' ? `user ${user}` : `user ${user}, which takes turns with ${otherUserOf(user)}`;
