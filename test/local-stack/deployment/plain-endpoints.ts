import type { DocumentDbStandIn, Endpoint } from '../document-db/index.ts';

/**
 * For each way into the cluster, the endpoint's and the instances', one without TLS: half of what a login takes here. The tests' own
 * logins come by it, the functions' never do.
 */
export type PlainEndpoints = ReadonlyMap<Endpoint, Endpoint>;

export const openPlainEndpoints = async (documentDb: DocumentDbStandIn): Promise<PlainEndpoints> => {
  const ways = new Map<Endpoint, Endpoint>();
  ways.set(documentDb, await documentDb.openFront({ certificate: 'none' }));
  for (const [instance, endpoint] of documentDb.instances.entries()) {
    ways.set(endpoint, await documentDb.openFront({ certificate: 'none', instance }));
  }
  return ways;
};
