import { updateSecretVersionStage } from './labels.ts';
import { batchGetSecretValue, listSecrets, listSecretVersionIds } from './lists.ts';
import type { Operation } from './operation.ts';
import { getRandomPassword } from './random-password.ts';
import { deleteResourcePolicy, getResourcePolicy, putResourcePolicy } from './resource-policies.ts';
import { cancelRotateSecret, rotateSecret } from './rotation.ts';
import { createSecret, deleteSecret, describeSecret, restoreSecret, updateSecret } from './secrets.ts';
import { tagResource, untagResource } from './tags.ts';
import { getSecretValue, putSecretValue } from './values.ts';

/** Every operation that the stand-in knows, by the name in `X-Amz-Target`. */
export const OPERATIONS: ReadonlyMap<string, Operation> = new Map(
  Object.entries({
    BatchGetSecretValue: batchGetSecretValue,
    CancelRotateSecret: cancelRotateSecret,
    CreateSecret: createSecret,
    DeleteResourcePolicy: deleteResourcePolicy,
    DeleteSecret: deleteSecret,
    DescribeSecret: describeSecret,
    GetRandomPassword: getRandomPassword,
    GetResourcePolicy: getResourcePolicy,
    GetSecretValue: getSecretValue,
    ListSecretVersionIds: listSecretVersionIds,
    ListSecrets: listSecrets,
    PutResourcePolicy: putResourcePolicy,
    PutSecretValue: putSecretValue,
    RestoreSecret: restoreSecret,
    RotateSecret: rotateSecret,
    TagResource: tagResource,
    UntagResource: untagResource,
    UpdateSecret: updateSecret,
    UpdateSecretVersionStage: updateSecretVersionStage,
  }),
);
