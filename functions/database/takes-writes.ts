import { DatabaseUnavailableError } from '../contract/errors.ts';
import type { Session, TakesWrites } from './database.ts';
import { READ_ONLY } from './document-db-errors.ts';

/**
 * Finds, before anything changes, a host that takes logins but no writes. The endpoint of the primary instance is as
 * good as the cluster's, until the next fail-over; so is a reader endpoint, while the cluster has one instance only.
 *
 * @throws DatabaseUnavailableError with the reason in words. It is retried, since a fail-over looks the same
 */
export const assertTakesWrites = async (session: Session, host: string): Promise<void> => {
  const writes = await session.takesWrites();
  if (writes !== 'here') throw new DatabaseUnavailableError(readOnly(host, writes));
};

/** https://docs.aws.amazon.com/documentdb/latest/developerguide/endpoints.html */
const readOnly = (host: string, writes: TakesWrites): string => {
  const [, kind] = /^[^.]+\.(cluster-ro-|cluster-)/i.exec(host) ?? [];
  if (kind?.toLowerCase() === 'cluster-ro-')
    return `${host} is a reader endpoint, and accepts no writes; put the cluster endpoint into the secret's host`;
  if (kind === undefined && writes === 'elsewhere')
    return `${host} is the endpoint of an instance that accepts no writes now, and another one does; put the cluster endpoint into the secret's host, it leads there after every fail-over`;
  return `no instance of the cluster at ${host} accepts writes now: ${READ_ONLY}`;
};
