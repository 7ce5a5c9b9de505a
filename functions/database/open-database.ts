import { databaseConfig } from '../runtime/config.ts';
import { trustedCertificates } from './certificate-authority.ts';
import { type Certificates, certificates } from './certificates.ts';
import type { Database } from './database.ts';
import { documentDb } from './document-db.ts';

/** @param folder where the handler lies, and beside it a certificate authority of the user's own */
export const databaseClient = (folder: string): Database =>
  documentDb(trustedCertificates(folder, databaseConfig().CERTIFICATE_AUTHORITY_FILE));

/** @param folder as above */
export const certificatesClient = (folder: string): Certificates =>
  certificates(() => trustedCertificates(folder, databaseConfig().CERTIFICATE_AUTHORITY_FILE), Date.now);
