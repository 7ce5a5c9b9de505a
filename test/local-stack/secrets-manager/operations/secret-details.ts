import { nextWindow } from '../rotation-schedule.ts';
import type { Secret } from '../secret.ts';
import { seconds } from './operation.ts';

export const identity = ({ arn, name }: Secret) => ({ ARN: arn, Name: name });

/** What DescribeSecret and ListSecrets both tell. Absent is what has never been set. */
export const secretDetails = (secret: Secret) => ({
  ...identity(secret),
  Description: secret.description,
  KmsKeyId: secret.kmsKeyId,
  ...rotationDetails(secret),
  LastChangedDate: seconds(secret.lastChangedDate),
  LastAccessedDate: seconds(secret.lastAccessedDate),
  DeletedDate: seconds(secret.deletedDate),
  Tags: secret.wasTagged ? [...secret.tags].map(([Key, Value]) => ({ Key, Value })) : undefined,
  CreatedDate: seconds(secret.createdDate),
  PrimaryRegion: secret.primaryRegion,
  OwningService: secret.owningService,
});

/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html */
const rotationDetails = ({ rotation }: Secret) => {
  if (!rotation) return {};
  const window =
    rotation.enabled && rotation.rules ? nextWindow(rotation.rules, rotation.countedFrom) : undefined;
  return {
    RotationEnabled: rotation.enabled,
    RotationLambdaARN: rotation.lambdaArn,
    RotationRules: rotation.rules,
    LastRotatedDate: rotation.enabled ? seconds(rotation.lastRotatedDate) : undefined,
    NextRotationDate: seconds(window?.end),
  };
};
