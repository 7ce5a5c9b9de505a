/**
 * The endpoint of a cluster, which begins with its name: https://docs.aws.amazon.com/documentdb/latest/developerguide/how-it-works.html#how-it-works.endpoints;
 * in China the service stands before the Region.
 */
const ENDPOINT =
  /^([^.]+)\.cluster-(?:ro-)?[^.]+\.(?:[^.]+\.docdb\.amazonaws\.com|docdb\.[^.]+\.amazonaws\.com\.cn)(?::\d+)?$/i;

/**
 * @param place `host` or `host:port`
 * @returns the cluster's name; for what is no endpoint of a cluster all of it
 */
export const clusterName = (place: string): string => ENDPOINT.exec(place)?.[1] ?? place;
