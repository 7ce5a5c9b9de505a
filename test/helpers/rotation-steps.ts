import { createSecret } from '../../functions/create-secret/create-secret.ts';
import { finishSecret } from '../../functions/finish-secret/finish-secret.ts';
import type { ClusterOf } from '../../functions/recover-secret/reset-through-cluster.ts';
import { setSecret } from '../../functions/set-secret/set-secret.ts';
import type { Before, Plan } from '../../functions/shared/contract.ts';
import type { Clusters, Database, SecretStore } from '../../functions/shared/ports.ts';
import { checkBefore } from '../../functions/test-secret/check-before.ts';
import { newVersionId } from './in-memory-secret-store.ts';
import { PortCalls } from './port-calls.ts';
import { type RotationWorld, SECRET } from './rotation-world.ts';

export interface Ports {
  readonly secrets: SecretStore;
  readonly database: Database;
  readonly clusters: Clusters;
  readonly clusterOf: ClusterOf;
}

/** The ports of one process. */
export const portsOf = (world: RotationWorld, calls = new PortCalls()): Ports => {
  const gate = calls.process();
  return {
    secrets: world.store.port(gate),
    database: world.database.port(gate),
    clusters: world.clusters.port(gate),
    clusterOf: world.clusterOf,
  };
};

/** A rotation on demand up to CreateSecret. */
export const created = (
  world: RotationWorld,
  mode: 'rotate' | 'rollback' = 'rotate',
  token = newVersionId(),
): Promise<Plan> => createSecret(portsOf(world), { secretId: SECRET, token, mode, startedBy: 'on-demand' });

/** Up to CheckBefore. */
export const checked = async (
  world: RotationWorld,
  mode: 'rotate' | 'rollback' = 'rotate',
): Promise<{ plan: Plan; before: Before }> => {
  const plan = await created(world, mode);
  return { plan, before: await checkBefore(portsOf(world), plan) };
};

/** Up to SetSecret. */
export const set = async (
  world: RotationWorld,
  mode: 'rotate' | 'rollback' = 'rotate',
): Promise<{ plan: Plan; before: Before }> => {
  const { plan, before } = await checked(world, mode);
  await setSecret(portsOf(world), plan, before);
  return { plan, before };
};

/** Up to FinishSecret. */
export const finished = async (
  world: RotationWorld,
  mode: 'rotate' | 'rollback' = 'rotate',
): Promise<{ plan: Plan; before: Before }> => {
  const { plan, before } = await set(world, mode);
  await finishSecret(portsOf(world), plan);
  return { plan, before };
};
