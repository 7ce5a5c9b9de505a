import type { LocalStack } from '../../local-stack/deployment/index.ts';
import { credentialIn, labelsOf } from './outside-view.ts';
import type { Subject } from './strategies.ts';

/** The owner's keeps a version on record as long as the execution runs. */
const LABELS = ['AWSCURRENT', 'AWSPENDING', 'AWSPREVIOUS', 'docdb-rotation-owner'];

/**
 * What does not hold right now and should at every moment: a pair's AWSCURRENT logs in; of a single user some
 * labelled version does.
 */
export const momentProblem = async (
  stack: LocalStack,
  { secret: { arn }, isPair }: Subject,
): Promise<string | undefined> => {
  const labels = await labelsOf(stack, arn);
  for (const label of isPair ? LABELS.slice(0, 1) : LABELS) {
    const version = [...labels].find(([, all]) => all.includes(label))?.[0];
    const credential = version === undefined ? undefined : await credentialIn(stack, arn, version);
    if (credential && (await stack.logsIn(credential))) return undefined;
  }
  return isPair ? 'AWSCURRENT does not log in' : 'no labelled version logs in';
};
