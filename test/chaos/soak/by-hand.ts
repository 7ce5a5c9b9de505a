import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import type { LocalStack } from '../../local-stack/deployment/index.ts';
import { labelsOf } from '../../support/deployed-world.ts';
import type { SoakActor } from './soak-actor.ts';

/** What people do in a hurry to a secret of which a rotation is under way, beside starting another. */
export const BY_HAND = ['edit', 'take-pending-off', 'take-lock-off', 'copy', 'stop'] as const;
export type ByHand = (typeof BY_HAND)[number];

type Act = (stack: LocalStack, actor: SoakActor) => Promise<void>;

/** Another key of the value; the credential stays. AWSCURRENT moves. */
const edit: Act = async ({ secretsManager }, { secretArn: SecretId }) => {
  const { SecretString = '{}' } = await secretsManager.send(new GetSecretValueCommand({ SecretId }));
  const value = { ...JSON.parse(SecretString), edited: Date.now() };
  await secretsManager.send(new PutSecretValueCommand({ SecretId, SecretString: JSON.stringify(value) }));
};

/** As AWS's page on CancelRotateSecret says, and its like with a label of this project. */
const takeOff =
  (label: string): Act =>
  async (stack, { secretArn: SecretId }) => {
    const { [label]: from } = await labelsOf(stack, SecretId);
    if (from === undefined) return;
    await stack.secretsManager.send(
      new UpdateSecretVersionStageCommand({ SecretId, VersionStage: label, RemoveFromVersionId: from }),
    );
  };

/** "New execution" in the console: the same input, the token included. */
const copy: Act = async (stack, actor) => {
  const [first] = actor.executions;
  if (first === undefined) return;
  const { input = '{}', stateMachineArn } = await stack.executions.describe(first);
  const machine = stateMachineArn === stack.recoveryStateMachineArn ? stack.recoveries : stack.executions;
  actor.executions.add(await machine.start(JSON.parse(input)));
};

/** The last one that began and runs still: a recovery, if there is one. */
const stop: Act = async (stack, actor) => {
  for (const arn of [...actor.executions].reverse()) {
    if ((await stack.executions.describe(arn)).status !== 'RUNNING') continue;
    return await stack.executions.abort(arn);
  }
};

export const ACTS: Readonly<Record<ByHand, Act>> = {
  edit,
  'take-pending-off': takeOff('AWSPENDING'),
  'take-lock-off': takeOff('docdb-rotation-owner'),
  copy,
  stop,
};
