import { trustedCertificates } from './certificate-authority.ts';
import { databaseConfig } from './config.ts';
import { documentDb } from './document-db.ts';
import type { Database } from './ports.ts';

/** @param folder where the handler lies, and beside it a certificate authority of the user's own */
export const databaseClient = (folder: string): Database =>
  documentDb(trustedCertificates(folder, databaseConfig().CERTIFICATE_AUTHORITY_FILE));
