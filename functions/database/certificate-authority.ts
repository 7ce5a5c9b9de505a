import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The certificate authorities that a database's certificate may come from: Amazon RDS's own, which DocumentDB
 * uses, and the one that the user configured.
 *
 * @param amazon those of Amazon
 * @param folder where the function's code lies
 * @param file name of a PEM file in it, from CERTIFICATE_AUTHORITY_FILE
 * Source: https://docs.aws.amazon.com/documentdb/latest/developerguide/ca_cert_rotation.html
 */
export const trustedCertificates = (
  amazon: readonly string[],
  folder: string,
  file: string | undefined,
): string[] => [...amazon, ...(file === undefined ? [] : [readFileSync(join(folder, file), 'utf8')])];
