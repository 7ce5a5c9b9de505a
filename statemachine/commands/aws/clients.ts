import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';

/** As the AWS CLI has them. */
export interface AwsOptions {
  readonly profile?: string;
  readonly region?: string;
  readonly endpointUrl?: string;
}

export interface Clients {
  readonly cloudFormation: CloudFormationClient;
  readonly secretsManager: SecretsManagerClient;
  readonly stepFunctions: SFNClient;
}

/**
 * Clients with the SDK's own chain of credentials: environment, shared files, SSO, a process, a role.
 *
 * The options become the variables that the SDK reads, so that they mean the same to the whole chain, a profile that assumes a role by
 * another one among it. Without a Region of its own the SDK does not read AWS_DEFAULT_REGION; the AWS CLI does.
 *
 * @param environment changed in place
 */
export const makeClients = (options: AwsOptions, environment: NodeJS.ProcessEnv): Clients => {
  const region = options.region ?? environment.AWS_REGION ?? environment.AWS_DEFAULT_REGION;
  const wanted = { AWS_PROFILE: options.profile, AWS_REGION: region, AWS_ENDPOINT_URL: options.endpointUrl };
  for (const [name, value] of Object.entries(wanted)) if (value !== undefined) environment[name] = value;
  // Slows down by itself where AWS throttles: https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
  const config = { maxAttempts: 5, retryMode: 'adaptive' };
  return {
    cloudFormation: new CloudFormationClient(config),
    secretsManager: new SecretsManagerClient(config),
    stepFunctions: new SFNClient(config),
  };
};
