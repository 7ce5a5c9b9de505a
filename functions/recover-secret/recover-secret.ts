import type { RecoverSecretInput } from '../contract/steps.ts';
import { releaseLock } from '../secret/lock.ts';
import { type ReconcileResult, reconcile } from './reconcile.ts';
import type { ReconcilePorts } from './recovery-context.ts';
import { type TakeOverResult, takeOver } from './take-over.ts';

export type RecoverSecretPorts = ReconcilePorts;

/** A recovery takes the lock over; once the drain is over it reconciles secret and database, and releases the lock. */
export const recoverSecret = async (
  ports: RecoverSecretPorts,
  input: RecoverSecretInput,
): Promise<TakeOverResult | ReconcileResult | { readonly outcome: 'released' | 'nothing-to-release' }> => {
  switch (input.action) {
    case 'take-lock':
      return await takeOver(ports, input);
    case 'reconcile':
      return await reconcile(ports, input);
    case 'release-lock': {
      const released = await releaseLock(ports.secrets, input.secretId, input.lockVersion);
      return { outcome: released ? 'released' : 'nothing-to-release' };
    }
  }
};
