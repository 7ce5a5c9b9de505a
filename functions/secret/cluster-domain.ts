/**
 * `name.cluster-id.region.docdb.amazonaws.com` is a cluster endpoint, `name.id.region.docdb.amazonaws.com` that of an instance:
 * https://docs.aws.amazon.com/documentdb/latest/developerguide/how-it-works.html#how-it-works.endpoints
 * In China the service stands before the Region: https://github.com/gravitational/teleport/blob/master/api/utils/aws/documentdb.go
 *
 * The id belongs to one account in one Region, as AWS says of Aurora, whose endpoints these are like:
 * https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Endpoints.Custom.Considerations.html
 */
const ENDPOINT =
  /^[^.]+\.(?:cluster-(?:ro-|custom-)?)?([a-z0-9]+\.(?:[a-z0-9-]+\.docdb|docdb\.[a-z0-9-]+)\.[a-z.]+)$/;

/**
 * What all endpoints of one account and Region have in common, with whatever names its clusters and instances have. Of an address, or any other name, nothing is known but
 * that it is itself: a load balancer's `name.region.elb.amazonaws.com` is in a domain that everyone shares.
 */
export const domainOf = (host: string): string => {
  const name = host.toLowerCase().replace(/\.$/, '');
  return ENDPOINT.exec(name)?.[1] ?? name;
};
