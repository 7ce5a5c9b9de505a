import { CLUSTER_TAG, HOST_TAG, hostIn, STRATEGY_TAG, USER_TAG } from '../../functions/contract/tags.ts';
import { clusterName } from './aws/cluster-name.ts';
import { type DeployedRotation, everyRotation } from './aws/deployed-rotation.ts';
import { Executions, type ListedExecution } from './aws/executions.ts';
import { inParallel } from './aws/in-parallel.ts';
import { managedSecrets, type Secret, versionDates } from './aws/secrets.ts';
import { type Context, deployedRotation } from './context.ts';
import { endingOf } from './execution/ending.ts';
import { currentVersion, hasPending, isLockLost } from './execution/label-state.ts';
import { errorsOf, type LastExecution, lastExecutions } from './execution/last-executions.ts';
import { daysLate } from './execution/lateness.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { DAY, dayOf, span } from './terminal/durations.ts';

const FINE = 'ok';

/** Secrets Manager sets its own dates some time after an execution has ended. */
const MOMENT_MS = 10 * 60_000;

export interface ListOptions {
  /** Of the whole account and Region. */
  readonly everyStack: boolean;
}

/** A managed secret, as the table and --json show it. */
export interface Row {
  readonly secret: string;
  readonly stack: string;
  readonly arn: string;
  readonly strategy: string;
  /** `host:port` as the latest rotation recorded it; undefined before the first. */
  readonly cluster: string | undefined;
  /** As the tag names it: of a pair the first, and of an odd name the hash. */
  readonly user: string | undefined;
  /** When the credential in use was made: by Secrets Manager's rotation, on demand, or by hand. */
  readonly made: Date | undefined;
  readonly last: string;
  readonly lastExecution: string | undefined;
  readonly next: Date | undefined;
  readonly daysLate: number;
  readonly state: string;
}

/** Every managed secret: how it is rotated, when it was and will be, and what is wrong. */
export const list = async (context: Context, { everyStack }: ListOptions): Promise<ExitCode> => {
  const { clients, view, now } = context;
  view.begin('reading secrets and executions', now());
  const rotations = everyStack
    ? await everyRotation(clients.cloudFormation)
    : [(await deployedRotation(context)).rotation];
  const rows = tellShared(
    onceEach((await Promise.all(rotations.map((each) => rowsOf(context, each)))).flat()),
  );
  view.end();
  view.result(
    rows.map(({ made, ...row }) => ({ ...row, made: made?.toISOString(), next: row.next?.toISOString() })),
    () => {
      const stacks = [...new Set(rotations.map(({ stack }) => stack))];
      if (rows.length === 0) view.text(`The stack ${stacks.join(', ')} manages no secret yet.`);
      else
        view.table(
          everyStack ? [...HEAD, 'stack'] : HEAD,
          rows.map((row) => [...cells(row, now()), ...(everyStack ? [row.stack] : [])]),
        );
    },
  );
  return EXIT.done;
};

/** A secret that Secrets Manager rotates by nothing belongs to any rotation: to that which acted on it, if there is one. */
export const onceEach = (rows: readonly Row[]): Row[] => {
  const bySecret = new Map<string, Row>();
  for (const row of rows) {
    const other = bySecret.get(row.arn);
    if (other === undefined || (other.lastExecution === undefined && row.lastExecution !== undefined))
      bySecret.set(row.arn, row);
  }
  return [...bySecret.values()].toSorted((one, other) => (one.secret < other.secret ? -1 : 1));
};

/** Two secrets of one user rotate against each other: the one takes the other's password, or retires the other's user. */
export const tellShared = (rows: readonly Row[]): Row[] =>
  rows.map((row) => {
    const sharer = rows.find((other) => other.arn !== row.arn && isOfOneUser(row, other));
    return sharer && row.state === FINE ? { ...row, state: `its user is also ${sharer.secret}'s` } : row;
  });

const isOfOneUser = (one: Row, other: Row): boolean =>
  one.user !== undefined &&
  one.user === other.user &&
  one.cluster !== undefined &&
  other.cluster !== undefined &&
  hostIn(one.cluster) === hostIn(other.cluster);

const rowsOf = async (context: Context, rotation: DeployedRotation): Promise<Row[]> => {
  const { clients, now } = context;
  const executions = new Executions(clients.stepFunctions, rotation);
  const [secrets, rotations, recoveries, running] = await Promise.all([
    managedSecrets(clients.secretsManager, rotation),
    executions.list('rotation'),
    executions.list('recovery'),
    executions.running(),
  ]);
  const listed = [...rotations, ...recoveries].toSorted(
    (one, other) => other.started.getTime() - one.started.getTime(),
  );
  const last = await lastExecutions(executions, secrets, listed);
  const failed = await errorsOf(
    executions,
    [...last.values()].map(({ listed }) => listed),
  );
  return await inParallel(secrets, async (secret): Promise<Row> => {
    const made = await madeOf(context, secret);
    const execution = last.get(secret.arn);
    const described = failed.get(execution?.listed.arn ?? '');
    const late = daysLate(secret, made, now());
    return {
      secret: secret.name,
      stack: rotation.stack,
      arn: secret.arn,
      strategy: secret.tags[STRATEGY_TAG] ?? 'single-user',
      cluster: secret.tags[CLUSTER_TAG] ?? secret.tags[HOST_TAG],
      user: secret.tags[USER_TAG],
      made,
      last: execution === undefined ? '-' : described ? endingOf(described).outcome : wordOf(execution),
      lastExecution: execution?.listed.arn,
      next: secret.rotationEnabled ? secret.next : undefined,
      daysLate: late,
      state: stateOf(secret, running, execution?.listed, { late, now: now() }),
    };
  });
};

const HEAD = ['secret', 'strategy', 'cluster', 'age', 'last', 'next', 'state'];

const cells = ({ secret, strategy, cluster, made, last, next, state }: Row, now: Date): string[] => [
  secret,
  strategy,
  cluster === undefined ? '-' : clusterName(cluster),
  made === undefined ? '-' : span(now.getTime() - made.getTime()),
  last,
  next === undefined ? 'off' : dayOf(next),
  state,
];

/**
 * When the credential in use was made. Secrets Manager says when it rotated the secret itself; where the secret was changed since,
 * the date of the version that has AWSCURRENT tells.
 */
const madeOf = async ({ clients }: Context, secret: Secret): Promise<Date | undefined> => {
  const { rotated, changed } = secret;
  if (rotated !== undefined && changed !== undefined && changed.getTime() - rotated.getTime() < MOMENT_MS)
    return rotated;
  const dates = await versionDates(clients.secretsManager, secret.arn);
  return dates.get(currentVersion(secret) ?? '') ?? rotated ?? secret.created;
};

const WORDS: Readonly<Record<string, string>> = {
  RUNNING: 'running',
  ABORTED: 'aborted',
  TIMED_OUT: 'timed out',
};
const SUCCESSES: Readonly<Record<string, string>> = { rotate: 'Rotated', revert: 'Reverted' };

const wordOf = ({ listed: { status }, mode }: LastExecution): string =>
  status === 'SUCCEEDED'
    ? (SUCCESSES[mode] ?? 'recovery succeeded')
    : (WORDS[status] ?? status.toLowerCase());

const stateOf = (
  secret: Secret,
  running: readonly ListedExecution[],
  last: ListedExecution | undefined,
  { late, now }: { late: number; now: Date },
): string => {
  if (isLockLost(secret, running)) return 'locked, nothing runs: recover';
  if (last?.status === 'RUNNING') return `running for ${span(now.getTime() - last.started.getTime())}`;
  if (hasPending(secret)) return 'AWSPENDING stuck: recover';
  if (late > 0) return `late by ${span(late * DAY)}`;
  return FINE;
};
