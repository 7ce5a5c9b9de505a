import { DescribeSecretCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { RolePolicies, Statement } from '../iam/index.ts';
import type { StandIns } from './stand-ins.ts';

/** What one role may do with a secret. */
interface Grant {
  readonly role: string;
  readonly statements: readonly Statement[];
}

/** What the functions may do with secrets beside those of the app. */
export interface ManagedSecrets {
  /** Lets them do with a secret what they may do with one that the app manages. */
  manage(secretArn: string): Promise<void>;
  /** Takes that back. */
  release(secretArn: string): Promise<void>;
}

/**
 * Has every secret that is made from now on managed at once. It gets, role by role, what the deployment has granted
 * for a secret that was there: what `manage()` in the app would have given it.
 *
 * @param managed a secret that the app manages
 * @returns also does so for a secret that came in another way
 */
export const manageNewSecrets = (
  { secretsManager, rolePolicies }: StandIns,
  client: SecretsManagerClient,
  managed: { readonly arn: string },
): ManagedSecrets => {
  let grants: Promise<readonly Grant[]> | undefined;
  const write = async (secretArn: string, allowed: boolean): Promise<void> => {
    grants ??= grantsFor(rolePolicies, managed.arn);
    await writePolicies(rolePolicies, await grants, secretArn, allowed);
  };
  const manage = (secretArn: string) => write(secretArn, true);
  secretsManager.onRequest(async ({ moment, operation, error, input }) => {
    if (operation !== 'CreateSecret' || moment !== 'after' || error !== undefined) return;
    const { ARN = '' } = await client.send(new DescribeSecretCommand({ SecretId: String(input.Name) }));
    await manage(ARN);
  });
  return { manage, release: (secretArn) => write(secretArn, false) };
};

const grantsFor = async (policies: RolePolicies, secretArn: string): Promise<readonly Grant[]> => {
  const grants: Grant[] = [];
  for (const role of (await policies.all()).keys()) {
    const all = await policies.statementsOf(role);
    const statements = all.filter(({ Resource }) => Resource.includes(secretArn));
    if (statements.length > 0) grants.push({ role, statements });
  }
  return grants;
};

const writePolicies = async (
  policies: RolePolicies,
  grants: readonly Grant[],
  secretArn: string,
  allowed: boolean,
): Promise<void> => {
  const policyName = `manages-${secretArn
    .split(':')
    .at(-1)
    ?.replaceAll(/[^\w.-]/g, '-')}`;
  await Promise.all(
    grants.map(({ role, statements }) =>
      policies.put(
        role,
        policyName,
        allowed ? statements.map((statement) => ({ ...statement, Resource: [secretArn] })) : [],
      ),
    ),
  );
};
