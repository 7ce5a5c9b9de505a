import { X509Certificate } from 'node:crypto';
import { certificatesIn } from '../runtime/amazon-authorities.ts';

const DAY_MS = 24 * 3600 * 1000;

export interface TrustedCertificates {
  /** Amazon's bundle, of all Regions. */
  readonly amazon: readonly string[];
  /** The PEM file that the user configured, if any. */
  readonly own: string | undefined;
}

/**
 * Days until the functions may stop trusting a database.
 *
 * Which authority a cluster's certificate comes from only a connection can tell. Of Amazon's bundle one Region has
 * several roots, old ones that expire by design among them: what counts is the last to expire, after which no
 * cluster of the Region can be trusted. Of a file of the user's own every certificate counts: each is there since
 * some cluster needs it.
 *
 * @returns 0 if there is no authority for this Region at all: no cluster can be trusted now
 */
export const daysOfTrust = ({ amazon, own }: TrustedCertificates, region: string, now: number): number => {
  const ofRegion = amazon.map(read).filter(({ subject }) => subject.includes(`Amazon RDS ${region} `));
  const last = Math.max(...ofRegion.map(({ validTo }) => validTo));
  const expiries = [...(ofRegion.length > 0 ? [last] : []), ...ownExpiries(own)];
  return expiries.length === 0 ? 0 : Math.floor((Math.min(...expiries) - now) / DAY_MS);
};

const ownExpiries = (own: string | undefined): number[] =>
  certificatesIn(own ?? '').map((pem) => read(pem).validTo);

const read = (pem: string): { subject: string; validTo: number } => {
  const { subject, validTo } = new X509Certificate(pem);
  return { subject, validTo: Date.parse(validTo) };
};
