import { CURRENT, hasLabel, holderOf, PENDING, PREVIOUS } from './labels.ts';
import { isPromoting, provenIn, recordOf } from './proven.ts';
import type { SecretDescription } from './secret-store.ts';

/**
 * Whether AWSPENDING keeps no rotation from beginning. It is free on no version; parked on AWSCURRENT, where a rotation leaves it;
 * and stranded where values written by hand leave what was parked: on AWSPREVIOUS, and after the second one on a version that is
 * proven and has no other label. What a rotation is about to promote is none of these.
 *
 * @param own versions of the execution that asks, which may have it already
 */
export const isPendingFree = (secret: SecretDescription, own: readonly string[] = []): boolean => {
  const holder = holderOf(secret, PENDING);
  if (holder === undefined || own.includes(holder)) return true;
  const settled = recordOf(secret).filter((entry) => !isPromoting(entry));
  if (provenIn(settled).includes(holder)) return true;
  return hasLabel(secret, holder, CURRENT) || hasLabel(secret, holder, PREVIOUS);
};
