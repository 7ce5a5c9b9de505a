import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { trustedCertificates } from '../../../functions/database/certificate-authority.ts';
import { amazonAuthorities } from '../../../functions/runtime/amazon-authorities.ts';
import { makeProber } from './prober.ts';

const secrets = new SecretsManagerClient({ maxAttempts: 3 });
const { AWS_REGION, CERTIFICATE_AUTHORITY_FILE } = process.env;

/** The function inside the VPC that judges from there. */
export const handler = makeProber({
  readSecret: async (SecretId, VersionStage) => {
    const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId, VersionStage }));
    return SecretString ?? '';
  },
  secureContext: createSecureContext({
    ca: trustedCertificates(
      amazonAuthorities(AWS_REGION),
      join(import.meta.dirname),
      CERTIFICATE_AUTHORITY_FILE,
    ),
  }),
});
