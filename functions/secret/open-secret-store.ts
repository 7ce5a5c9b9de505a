import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { REQUEST_LIMITS } from '../runtime/request-limits.ts';
import type { SecretStore } from './secret-store.ts';
import { secretsManager } from './secrets-manager.ts';

/**
 * The secrets of this account and Region. The SDK sends a request again by itself only briefly: the state machine's
 * retries are the ones that last, and they can be seen.
 */
export const secretStore = (): SecretStore =>
  secretsManager(new SecretsManagerClient({ maxAttempts: 3, requestHandler: REQUEST_LIMITS }));
