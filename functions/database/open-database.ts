import { amazonAuthorities } from '../runtime/amazon-authorities.ts';
import { databaseConfig } from '../runtime/config.ts';
import { trustedCertificates } from './certificate-authority.ts';
import { type Certificates, certificates } from './certificates.ts';
import type { Database } from './database.ts';
import { documentDb } from './document-db.ts';

/** @param folder where the handler lies, and beside it a certificate authority of the user's own */
export const databaseClient = (folder: string): Database => documentDb(trustedIn(folder));

/** @param folder as above */
export const certificatesClient = (folder: string): Certificates =>
  certificates(() => trustedIn(folder), Date.now);

const trustedIn = (folder: string): string[] => {
  const { AWS_REGION, CERTIFICATE_AUTHORITY_FILE } = databaseConfig();
  return trustedCertificates(amazonAuthorities(AWS_REGION), folder, CERTIFICATE_AUTHORITY_FILE);
};
