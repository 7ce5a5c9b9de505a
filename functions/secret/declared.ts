import { InvalidSecretError } from '../contract/errors.ts';
import type { Declaration } from '../contract/strategy.ts';
import { ADMIN_SECRET_TAG, GRACE_TAG, RETIREMENT_POLICY_TAG, STRATEGY_TAG } from '../contract/tags.ts';
import { fitsArn, meansSecret } from './secret-arn.ts';
import type { SecretDescription } from './secret-store.ts';
import type { RotationSettings } from './settings.ts';

/** One thing that the deployment says, and what the tags come to. */
interface Said {
  readonly tag: string;
  readonly declared: string | undefined;
  readonly tagged: string;
  readonly agrees: boolean;
}

/**
 * CloudFormation can't tag a secret that it did not make, and a tag can be lost or changed later: without one a secret would
 * be rotated by a default that no one chose. A way out of a failure (a revert, a recovery) does not ask.
 *
 * @param all what the deployment says, of other secrets too
 * @throws InvalidSecretError with the command that makes the tags agree
 */
export const assertAsDeclared = (
  secret: SecretDescription,
  settings: RotationSettings,
  all: readonly Declaration[] = [],
): void => {
  const declared = all.find((each) => fitsArn(each.secret, secret.arn));
  if (declared === undefined) return;
  const differing = said(declared, settings).filter((each) => !each.agrees);
  if (differing.length === 0) return;
  const differences = differing.map(
    ({ tag, declared: value, tagged }) => `${tag} comes to "${tagged}", and the deployment says "${value}"`,
  );
  const tags = differing.map(({ tag, declared: value }) => `Key=${tag},Value=${value}`);
  throw new InvalidSecretError(
    `the tags of ${secret.name} and the deployment disagree: ${differences.join('; ')}; correct the tags (aws secretsmanager tag-resource --secret-id ${secret.name} --tags ${tags.join(' ')}), or deploy what the tags say`,
  );
};

/** What the deployment leaves open, a tag may say. */
const said = (declared: Declaration, settings: RotationSettings): Said[] => {
  const { strategy, adminSecret, retirementPolicy, graceSeconds } = declared;
  return [
    same(STRATEGY_TAG, strategy, settings.strategy),
    {
      tag: ADMIN_SECRET_TAG,
      declared: adminSecret?.replace(/-\?{6}$/, ''),
      tagged: settings.adminSecret ?? 'none',
      agrees:
        adminSecret === undefined ||
        (settings.adminSecret !== undefined && meansSecret(adminSecret, settings.adminSecret)),
    },
    same(RETIREMENT_POLICY_TAG, retirementPolicy, settings.retirementPolicy),
    same(GRACE_TAG, graceSeconds?.toString(), String(settings.graceSeconds)),
  ];
};

const same = (tag: string, declared: string | undefined, tagged: string): Said => ({
  tag,
  declared,
  tagged,
  agrees: declared === undefined || declared === tagged,
});
