import { Token } from 'aws-cdk-lib';
import { REGIONS_WITH_ROOTS } from '../../functions/contract/regions.ts';
import { ConfigurationError } from './configuration-error.ts';

/**
 * Where AWS publishes the authorities of a Region: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html, and for China
 * https://docs.amazonaws.cn/en_us/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html
 */
const storeOf = (region: string): string => {
  if (region.startsWith('us-gov-')) return 'truststore.pki.us-gov-west-1.rds.amazonaws.com';
  if (region.startsWith('cn-')) return 'rds-truststore.s3.cn-north-1.amazonaws.com.cn';
  return 'truststore.pki.rds.amazonaws.com';
};

/**
 * @param region may be known at deployment only
 * @throws ConfigurationError if nothing that is deployed there could trust a cluster, with the command that fetches what is missing
 */
export const assertAuthorityFor = (region: string, certificateAuthorityFile: string | undefined): void => {
  if (certificateAuthorityFile !== undefined || Token.isUnresolved(region)) return;
  if (REGIONS_WITH_ROOTS.includes(region)) return;
  const file = `${region}-bundle.pem`;
  throw new ConfigurationError(
    `the authorities that come with the functions have no root of ${region}: fetch AWS's (curl -fsSo ${file} https://${storeOf(region)}/${region}/${file}), and give the file as certificateAuthorityFile: '${file}'`,
  );
};
