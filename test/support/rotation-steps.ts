import type { Before, Plan } from '../../functions/contract/steps.ts';
import { createSecret } from '../../functions/create-secret/create-secret.ts';
import type { Certificates } from '../../functions/database/certificates.ts';
import type { Database } from '../../functions/database/database.ts';
import type { Endpoints } from '../../functions/database/endpoints.ts';
import { finishSecret } from '../../functions/finish-secret/finish-secret.ts';
import type { Clusters } from '../../functions/recover-secret/clusters.ts';
import type { NamedFor } from '../../functions/recover-secret/named-by-deployment.ts';
import { lockFor, writePendingVersion } from '../../functions/rotation-trigger/pending-version.ts';
import type { Clock } from '../../functions/runtime/clock.ts';
import { asBegun } from '../../functions/secret/begun.ts';
import { executionName } from '../../functions/secret/execution-name.ts';
import type { SecretStore } from '../../functions/secret/secret-store.ts';
import { setSecret } from '../../functions/set-secret/set-secret.ts';
import { checkBefore } from '../../functions/test-secret/check-before.ts';
import { newVersionId } from './in-memory-secret-store.ts';
import { PortCalls, type Processes } from './port-calls.ts';
import { executionArn } from './rotation-machine.ts';
import { type RotationWorld, SECRET } from './rotation-world.ts';

export interface Ports {
  readonly secrets: SecretStore;
  readonly database: Database;
  readonly endpoints: Endpoints;
  readonly certificates: Certificates;
  readonly clock: Clock;
  readonly clusters: Clusters;
  readonly clusterOf: NamedFor;
  readonly userOf: NamedFor;
}

/** The ports of one process. */
export const portsOf = (world: RotationWorld, calls: Processes = new PortCalls()): Ports => {
  const gate = calls.process();
  return {
    secrets: world.store.port(gate),
    database: world.database.port(gate),
    endpoints: world.database.endpoints,
    certificates: { daysOfAuthority: async () => world.database.daysOfAuthority },
    clock: world.clock,
    clusters: world.clusters.port(gate),
    clusterOf: world.clusterOf,
    userOf: world.userOf,
  };
};

type Mode = 'rotate' | 'revert';

/** A rotation on demand up to CreateSecret. */
export const created = (
  world: RotationWorld,
  mode: Mode = 'rotate',
  execution = executionArn(newVersionId()),
): Promise<Plan> => createSecret(portsOf(world), { execution, secretId: SECRET, mode });

/** Up to CheckBefore. */
export const checked = async (
  world: RotationWorld,
  mode: Mode = 'rotate',
  execution = executionArn(newVersionId()),
): Promise<{ plan: Plan; before: Before }> => {
  const plan = await created(world, mode, execution);
  return { plan, before: await checkBefore(portsOf(world), plan) };
};

/** Up to SetSecret. */
export const set = async (
  world: RotationWorld,
  mode: Mode = 'rotate',
  execution = executionArn(newVersionId()),
): Promise<{ plan: Plan; before: Before }> => {
  const { plan, before } = await checked(world, mode, execution);
  await setSecret(portsOf(world), plan, before);
  return { plan, before };
};

/** Up to FinishSecret. */
export const finished = async (
  world: RotationWorld,
  mode: Mode = 'rotate',
  execution = executionArn(newVersionId()),
): Promise<{ plan: Plan; before: Before }> => {
  const { plan, before } = await set(world, mode, execution);
  await finishSecret(portsOf(world), plan, before);
  return { plan, before };
};

/** On which each rotation by Secrets Manager begins that is not the trigger's own. */
const DAY = '20261128';

/** The first attempt of a rotation by Secrets Manager, as the trigger names it. */
export const firstAttempt = ({ secretArn }: RotationWorld, { token }: { readonly token: string }): string =>
  executionArn(executionName('rotate', { secretArn, token, day: DAY }, 1));

/** What the trigger does before it starts the execution: only it may write the version of Secrets Manager. */
export const begunByService = async (
  world: RotationWorld,
  execution: string,
  rotation = world.beginRotation(),
): Promise<string> => {
  const ports = portsOf(world);
  const { token, rotationToken } = rotation;
  const secret = await ports.secrets.describe(SECRET);
  const deadline = world.clock.now() + 600_000;
  const locked = await lockFor(ports, secret, { execution, token, deadline });
  const event = {
    Step: 'createSecret',
    SecretId: SECRET,
    ClientRequestToken: token,
    RotationToken: rotationToken,
  } as const;
  const begun = asBegun({ secretArn: world.secretArn, token, day: DAY });
  await writePendingVersion(ports, locked, event, begun);
  return token;
};
