import { MOST_LABELS } from '../contract/limits.ts';
import type { ReadinessInput } from '../contract/steps.ts';
import type { Findings } from '../runtime/findings.ts';
import { readUntil } from '../runtime/read-again.ts';
import { CLAIM, holderOf, OWNER, PENDING, PREVIOUS } from './labels.ts';
import { inProgress, type LockPorts } from './lock.ts';
import { isPendingFree } from './pending-free.ts';
import type { SecretDescription } from './secret-store.ts';

/** What a rotation puts on versions. */
const NEEDED = [OWNER, CLAIM, PENDING, PREVIOUS];

/** An old answer may show an AWSPENDING that is gone. The version of Secrets Manager's own test has it for as long as that lasts. */
export const describeSettled = async (
  { secrets, clock }: LockPorts,
  { secretId, token }: ReadinessInput,
): Promise<SecretDescription> =>
  await readUntil(
    clock,
    () => secrets.describe(secretId),
    (secret) => holderOf(secret, OWNER) !== undefined || isPendingFree(secret, own(token)),
  );

/** Does anything else act on the secret, and is there room for the labels of a rotation? */
export const checkLabels = (found: Findings, secret: SecretDescription, { token }: ReadinessInput): void => {
  const labels = new Set([...Object.values(secret.versions).flat(), ...NEEDED]);
  if (labels.size > MOST_LABELS) {
    found.problem({
      verdict: 'not-ready',
      topic: 'labels',
      what: `${secret.name} has so many staging labels that those of a rotation are more than the ${MOST_LABELS} that a secret can have`,
      remedy: `take off what no one uses (aws secretsmanager update-secret-version-stage); a rotation needs ${NEEDED.join(', ')}`,
      section: 'secretsmanagerrefusederror',
    });
  }
  const isLocked = holderOf(secret, OWNER) !== undefined;
  if (!isLocked && isPendingFree(secret, own(token))) {
    found.ready('labels', 'no one else acts on it');
    return;
  }
  const { message } = inProgress(secret);
  const [what = '', remedy = ''] = message.split('; ');
  // Who has the lock may end in a moment; AWSPENDING without it refuses every rotation, and Secrets Manager's too.
  const verdict = isLocked ? 'uncertain' : 'not-ready';
  found.problem({ verdict, topic: 'labels', what, remedy, section: 'rotationinprogresserror' });
  found.mayChange = isLocked;
};

const own = (token: string | undefined): string[] => (token === undefined ? [] : [token]);
