import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const HOUR_MS = 3_600_000;
const LIFETIME_MS = 7 * 24 * HOUR_MS;

export interface ServerCertificate {
  readonly cert: string;
  readonly key: string;
}

export interface IssueOptions {
  /** Host names and IPv4 addresses the certificate is for. */
  readonly names: readonly string[];
  /**
   * Makes a certificate that ended an hour ago.
   *
   * @default false
   */
  readonly expired?: boolean;
}

/** A certificate authority that lives as long as one run of the stack. */
export interface CertificateAuthority {
  /** The authority's own certificate, as a client's CA file holds it. */
  readonly pem: string;
  issue(options: IssueOptions): Promise<ServerCertificate>;
}

/** Makes an authority with a key of its own that never touches the disk. */
export const createCertificateAuthority = async (name: string): Promise<CertificateAuthority> => {
  const keys = await generateKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    ...validity(false),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  return {
    pem: `${certificate.toString('pem')}\n`,
    issue: (options) => issue(certificate, keys, options),
  };
};

/** That of this process, made when it is first asked for: what is trusted is a part of a function's code, and so all stacks have the same. */
export const authorityOfProcess = async (): Promise<CertificateAuthority> => {
  ofProcess ??= createCertificateAuthority('docdb-rotation local stacks');
  return await ofProcess;
};

let ofProcess: Promise<CertificateAuthority> | undefined;

const issue = async (
  authority: X509Certificate,
  authorityKeys: webcrypto.CryptoKeyPair,
  { names, expired = false }: IssueOptions,
): Promise<ServerCertificate> => {
  const keys = await generateKeys();
  const certificate = await X509CertificateGenerator.create({
    subject: `CN=${names[0] ?? 'stranger'}`,
    issuer: authority.subject,
    ...validity(expired),
    publicKey: keys.publicKey,
    signingKey: authorityKeys.privateKey,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(
        names.map((value) => ({ type: isAddress(value) ? 'ip' : 'dns', value })),
      ),
    ],
  });
  const key = PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  return { cert: certificate.toString('pem'), key };
};

const generateKeys = (): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;

const isAddress = (name: string): boolean => /^\d+(\.\d+){3}$/.test(name);

// Clocks of test machines differ a little, so a certificate starts an hour ago.
const validity = (expired: boolean): { notBefore: Date; notAfter: Date } => {
  const now = Date.now();
  return expired
    ? { notBefore: new Date(now - LIFETIME_MS), notAfter: new Date(now - HOUR_MS) }
    : { notBefore: new Date(now - HOUR_MS), notAfter: new Date(now + LIFETIME_MS) };
};
