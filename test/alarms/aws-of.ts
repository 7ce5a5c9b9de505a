import { type AwsClientConfig, clientConfig } from '../stack/local-stack/client-config.ts';
import type { LocalStack } from '../stack/local-stack/index.ts';

/** What a client of the stack's emulated AWS is made with. */
export const awsOf = ({ awsEndpointUrl, region }: LocalStack): AwsClientConfig =>
  clientConfig(awsEndpointUrl, region);
