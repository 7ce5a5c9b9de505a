import type { Planted } from './planted.ts';

/** What takes real certificates, names and roles: test/e2e/rotations/check.test.ts plants these. */
export const PLANTED_ON_THE_STACK = {
  'the server’s certificate is of an authority that the functions do not know': {
    topic: 'certificate',
    verdict: 'not-ready',
    section: 'certificatenottrustederror',
    ends: 'CertificateNotTrustedError',
  },
  'the server’s certificate is for another name: `host` is an alias': {
    topic: 'certificate',
    verdict: 'not-ready',
    section: 'certificatenottrustederror',
    ends: 'CertificateNotTrustedError',
  },
  'the server’s certificate has expired': {
    topic: 'certificate',
    verdict: 'not-ready',
    section: 'certificatenottrustederror',
    ends: 'CertificateNotTrustedError',
  },
  'the server speaks no TLS, and the secret does not say `"ssl": false`': {
    topic: 'route',
    verdict: 'not-ready',
    section: 'databaseunavailableerror',
    ends: 'DatabaseUnavailableError',
  },
  '`host` has no address': {
    topic: 'route',
    verdict: 'not-ready',
    section: 'hostnotfounderror',
    ends: 'HostNotFoundError',
  },
  'the deployment does not manage the secret': {
    topic: 'permissions',
    verdict: 'not-ready',
    section: 'secretsmanagerrefusederror',
    ends: 'SecretNotRotatableError',
  },
  'the deployment does not know the admin secret': {
    topic: 'admin-secret',
    verdict: 'not-ready',
    section: 'secretsmanagerrefusederror',
    ends: 'SecretsManagerRefusedError',
  },
  'the role of FinishSecret lost a permission': {
    topic: 'permissions',
    verdict: 'not-ready',
    section: 'secretsmanagerrefusederror',
    ends: 'RolledBack',
  },
  'the role of CreateSecret lost the permission to tag': {
    topic: 'permissions',
    verdict: 'not-ready',
    section: 'secretsmanagerrefusederror',
    ends: 'SecretsManagerRefusedError',
  },
  'no way to Secrets Manager': {
    topic: 'secrets-manager',
    verdict: 'not-ready',
    section: 'secretsmanagerunavailableerror',
    ends: 'SecretsManagerUnavailableError',
  },
} as const satisfies Readonly<Record<string, Omit<Planted, 'what'>>>;

export type PlantedOnTheStack = keyof typeof PLANTED_ON_THE_STACK;
