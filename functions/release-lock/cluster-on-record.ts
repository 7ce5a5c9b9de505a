import type { Plan } from '../contract/steps.ts';
import { CLUSTER_TAG } from '../contract/tags.ts';

/** What a tag takes: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_Tag.html */
const FITS_IN_TAG = /^[\w.:/@+-]{1,256}$/;

/**
 * Which cluster the secret is for: only its value says that, which no command reads. For people and lists; nothing that changes anything goes by it.
 *
 * @returns tags to set: `host:port` of a version that was promoted; none where a tag can't hold it
 */
export const tellingCluster = ({ host }: Pick<Plan, 'host'>): Record<string, string> =>
  FITS_IN_TAG.test(host) ? { [CLUSTER_TAG]: host } : {};
