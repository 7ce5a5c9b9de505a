import { type AwsClientConfig, clientConfig } from '../../local-stack/deployment/client-config.ts';
import type { LocalStack } from '../../local-stack/deployment/index.ts';

/** What a client of the stack's emulated AWS is made with. */
export const awsOf = ({ awsEndpointUrl, region }: LocalStack): AwsClientConfig =>
  clientConfig(awsEndpointUrl, region);
