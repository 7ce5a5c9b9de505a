import type { DatabaseRole, LocalStack } from '../../local-stack/deployment/index.ts';
import type { Rotation } from '../../local-stack/secrets-manager/index.ts';
import { type Ending, untilOver } from '../faults/endings.ts';
import { kindNamed } from '../faults/fault-kinds.ts';
import { executionOf, rotateSecret } from '../faults/rotate-secret.ts';
import type { WatchedStack } from '../faults/watched-stack.ts';
import { ACTS, BY_HAND, type ByHand } from './by-hand.ts';
import type { Decision, Interference } from './decisions.ts';
import type { Member } from './population.ts';
import { RandomFault } from './random-fault.ts';
import { settledProblems } from './settled.ts';
import { SoakActor } from './soak-actor.ts';

export interface TurnResult {
  readonly endings: readonly Ending[];
  readonly byHand: boolean;
  readonly faults: number;
  readonly problems: readonly string[];
  readonly trace: readonly string[];
}

/** One decision carried out, until nothing goes on any more for that secret, and what does not hold then. */
export const carryOut = async (
  { stack, director }: WatchedStack,
  member: Member,
  decision: Decision,
  roles: readonly DatabaseRole[],
): Promise<TurnResult> => {
  const faults = [decision.fault, decision.second].flatMap((planned) =>
    planned ? [new RandomFault(kindNamed(planned.kind), planned.call)] : [],
  );
  const actor: SoakActor = new SoakActor(stack, member.subject, faults, meanwhileOf());
  function meanwhileOf() {
    const { meanwhile } = decision;
    return meanwhile && { call: meanwhile.call, act: () => interfere(meanwhile.mode) };
  }
  const interfere = async (what: Interference): Promise<void> => {
    if (!isByHand(what)) return await start(what);
    actor.note(`someone does by hand: ${what}`);
    await ACTS[what](stack, actor);
  };
  const start = async (mode: string): Promise<void> => {
    actor.note(`someone starts ${mode}`);
    const { secretArn: secretId } = actor;
    actor.executions.add(
      mode === 'recover'
        ? await stack.recoveries.start({ secretId })
        : await stack.executions.start({ secretId, mode }),
    );
  };
  const bySecretsManager = async (): Promise<boolean> => {
    actor.note('Secrets Manager starts a rotation');
    const rotation = await rotationBySecretsManager(stack, actor.secretArn);
    const execution = rotation && (await executionOf(stack, rotation));
    if (execution) actor.executions.add(execution);
    // Secrets Manager would try again some time; here somebody clears it.
    return rotation?.status === 'failed' && execution === undefined;
  };

  director.enter(actor);
  try {
    actor.note(JSON.stringify(decision));
    let left = false;
    if (decision.beginning === 'secrets-manager') left = await bySecretsManager();
    else if (decision.beginning === 'both') [left] = await Promise.all([bySecretsManager(), start('rotate')]);
    else await start(decision.beginning === 'on-demand' ? 'rotate' : decision.beginning);
    const endings = await untilOver(stack, director, actor, undefined);
    const byHand = needsOperator(endings) || left;
    if (byHand) {
      actor.liftFaults();
      await start('recover');
      endings.push(...(await untilOver(stack, director, actor, undefined)).slice(endings.length));
    }
    const problems = [...actor.problems, ...(await settledProblems(stack, member, roles))];
    for (const { arn, status, error } of endings)
      actor.note(`${arn.split(':').at(-1)}: ${status} ${error ?? ''}`);
    return {
      endings,
      byHand,
      faults: faults.reduce((sum, { hits }) => sum + hits, 0),
      problems,
      trace: actor.trace,
    };
  } finally {
    director.leave(actor);
  }
};

const isByHand = (what: Interference): what is ByHand => BY_HAND.some((each) => each === what);

/** Nothing if Secrets Manager refuses: another rotation of the secret is under way. */
const rotationBySecretsManager = async (
  stack: LocalStack,
  secretArn: string,
): Promise<Rotation | undefined> => {
  try {
    await rotateSecret(stack, secretArn);
  } catch (error) {
    if (error instanceof Error && error.name === 'InvalidRequestException') return undefined;
    throw error;
  }
  return await stack.secretsManagerStandIn.rotations.latest(secretArn)?.ended;
};

/** The machine has given up: nothing but an operator goes on from there. What was stopped, the rule has recovered. */
const needsOperator = (endings: readonly Ending[]): boolean =>
  endings.some(({ error }) => error === 'RollbackFailed' || error === 'RecoveryFailed');
