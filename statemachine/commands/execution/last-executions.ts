import {
  type Execution,
  type Executions,
  isInputFor,
  type ListedExecution,
  modeIn,
} from '../aws/executions.ts';
import { inParallel } from '../aws/in-parallel.ts';
import type { Secret } from '../aws/secrets.ts';
import { beginningOf, headOf, nameIsOf, partsOf } from './execution-name.ts';

export interface LastExecution {
  readonly listed: ListedExecution;
  readonly mode: string;
}

/** How many executions are asked for more than a list says. DescribeExecution refills at 10 to 15 a second. */
const MOST_DESCRIBED = 200;

/**
 * The newest execution that changed, or was to change, each secret; by the secret's ARN. Who it is for its name tells, as far as it
 * can: 500 secrets that were rotated three times take two answers. The others are asked for their inputs, the newest first.
 *
 * @param listed the newest first
 */
export const lastExecutions = async (
  executions: Executions,
  secrets: readonly Secret[],
  listed: readonly ListedExecution[],
): Promise<ReadonlyMap<string, LastExecution>> => {
  const secretByName = indexByName(secrets);
  const unnamed = listed.filter(({ name }) => secretByName(name) === undefined).slice(0, MOST_DESCRIBED);
  const described = await inParallel(unnamed, ({ arn }) => executions.describe(arn));
  const inputs = new Map(described.map(({ arn, input }) => [arn, input]));
  const last = new Map<string, LastExecution>();
  for (const each of listed) {
    const input = inputs.get(each.arn);
    const secret =
      input === undefined ? secretByName(each.name) : secrets.find((known) => isInputFor(input, known));
    const mode = each.machine === 'recovery' ? 'recover' : (partsOf(each.name)?.mode ?? modeIn(input ?? {}));
    const changes = mode !== 'verify' && mode !== 'check';
    if (secret && changes && !last.has(secret.arn)) last.set(secret.arn, { listed: each, mode });
  }
  return last;
};

/** @returns undefined for a name that is someone else's, or that fits several secrets */
const indexByName = (secrets: readonly Secret[]): ((name: string) => Secret | undefined) => {
  const byBeginning = new Map<string, Secret[]>();
  for (const secret of secrets) {
    const beginning = beginningOf(headOf(secret.arn));
    byBeginning.set(beginning, [...(byBeginning.get(beginning) ?? []), secret]);
  }
  return (name) => {
    const candidates = byBeginning.get(beginningOf(partsOf(name)?.head ?? '')) ?? [];
    const fitting = candidates.filter(({ arn }) => nameIsOf(name, arn) !== false);
    return fitting.length === 1 ? fitting[0] : undefined;
  };
};

/** What a list does not say: the errors of those that failed. */
export const errorsOf = async (
  executions: Executions,
  listed: readonly ListedExecution[],
): Promise<ReadonlyMap<string, Execution>> => {
  const failed = listed.filter(({ status }) => status === 'FAILED').slice(0, MOST_DESCRIBED);
  const described = await inParallel(failed, ({ arn }) => executions.describe(arn));
  return new Map(described.map((each) => [each.arn, each]));
};
