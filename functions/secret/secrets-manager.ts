import {
  DescribeSecretCommand,
  GetRandomPasswordCommand,
  GetSecretValueCommand,
  InvalidParameterException,
  InvalidRequestException,
  LimitExceededException,
  ListSecretVersionIdsCommand,
  PutSecretValueCommand,
  ResourceExistsException,
  ResourceNotFoundException,
  type SecretsManagerClient,
  TagResourceCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import {
  SecretNotRotatableError,
  SecretsManagerRefusedError,
  SecretsManagerUnavailableError,
} from '../contract/errors.ts';
import { awsFailure } from '../runtime/aws-failure.ts';
import type { LabelMove, NewVersion, SecretDescription, SecretStore } from './secret-store.ts';

/**
 * DocumentDB takes 8 to 100 printable ASCII characters without `/`, `"` and `@`. All others are left out too but those that mean
 * nothing to a URI (RFC 3986, unreserved) nor to a shell: 32 of them are 190 bits still.
 * Source: https://docs.aws.amazon.com/documentdb/latest/developerguide/security.managing-users.html
 */
const PASSWORD = {
  PasswordLength: 32,
  ExcludeCharacters: '!"#$%&\'()*+,/:;<=>?@[\\]^`{|}~',
  IncludeSpace: false,
};

/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/CommonErrors.html */
const ACCESS_DENIED = 'AccessDeniedException';

/** What a caller takes for a secret's name, in a message: operators read it in a mail. */
const LONGEST_NAME_TOLD = 100;

export const secretsManager = (client: SecretsManagerClient): SecretStore => ({
  describe: async (secretId) => {
    const answer = await call(`describing the secret ${secretId.slice(0, LONGEST_NAME_TOLD)}`, () =>
      client.send(new DescribeSecretCommand({ SecretId: secretId })),
    );
    return describe(answer, await client.config.region());
  },

  read: async (secretArn, versionId) => {
    try {
      const answer = await client.send(
        new GetSecretValueCommand({ SecretId: secretArn, VersionId: versionId }),
      );
      return answer.SecretString ?? '';
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return undefined;
      throw translate(error, `reading version ${versionId} of ${secretArn}`);
    }
  },

  readCurrent: async (secretArn) => {
    try {
      const answer = await client.send(new GetSecretValueCommand({ SecretId: secretArn }));
      const { VersionId: version, SecretString: text = '' } = answer;
      return version === undefined ? undefined : { version, text };
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return undefined;
      throw translate(error, `reading AWSCURRENT of ${secretArn}`);
    }
  },

  listVersions: async (secretArn) => {
    const ids: string[] = [];
    let next: string | undefined;
    do {
      const page = await call(`listing the versions of ${secretArn}`, () =>
        client.send(
          new ListSecretVersionIdsCommand({ SecretId: secretArn, IncludeDeprecated: true, NextToken: next }),
        ),
      );
      ids.push(...(page.Versions ?? []).flatMap(({ VersionId }) => VersionId ?? []));
      next = page.NextToken;
    } while (next !== undefined);
    return ids;
  },

  put: async ({ secretArn, token, value, label, rotationToken }: NewVersion) => {
    try {
      await client.send(
        new PutSecretValueCommand({
          SecretId: secretArn,
          ClientRequestToken: token,
          SecretString: value,
          VersionStages: [label],
          ...(rotationToken === undefined ? {} : { RotationToken: rotationToken }),
        }),
      );
      return 'written';
    } catch (error) {
      // A version is written once: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html
      if (error instanceof ResourceExistsException) return 'exists';
      throw translate(error, `writing version ${token} of ${secretArn}`);
    }
  },

  setTags: async (secretArn, tags) => {
    const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
    await call(`setting the tags ${Object.keys(tags).join(', ')} of ${secretArn}`, () =>
      client.send(new TagResourceCommand({ SecretId: secretArn, Tags })),
    );
  },

  askToTag: async (secretArn) => {
    try {
      await client.send(new TagResourceCommand({ SecretId: secretArn, Tags: [] }));
    } catch (error) {
      const { name, kind } = awsFailure(error);
      if (kind !== 'refused' || name === ACCESS_DENIED) throw translate(error, `tagging ${secretArn}`);
    }
  },

  moveLabel: async (secretArn, label, { from, to }: LabelMove) => {
    try {
      await client.send(
        new UpdateSecretVersionStageCommand({
          SecretId: secretArn,
          VersionStage: label,
          ...(from === undefined ? {} : { RemoveFromVersionId: from }),
          ...(to === undefined ? {} : { MoveToVersionId: to }),
        }),
      );
      return true;
    } catch (error) {
      // The compare of the compare-and-set: someone else moved the label meanwhile.
      if (error instanceof InvalidParameterException) return false;
      throw translate(error, `moving ${label} of ${secretArn}`);
    }
  },

  newPassword: async () => {
    const answer = await call('making a password', () => client.send(new GetRandomPasswordCommand(PASSWORD)));
    if (!answer.RandomPassword)
      throw new SecretsManagerUnavailableError('Secrets Manager made an empty password');
    return answer.RandomPassword;
  },
});

interface DescribeAnswer {
  readonly ARN?: string | undefined;
  readonly Name?: string | undefined;
  readonly VersionIdsToStages?: Record<string, string[]> | undefined;
  readonly Tags?: { Key?: string | undefined; Value?: string | undefined }[] | undefined;
  readonly DeletedDate?: Date | undefined;
  readonly PrimaryRegion?: string | undefined;
  readonly OwningService?: string | undefined;
  readonly KmsKeyId?: string | undefined;
}

const describe = (answer: DescribeAnswer, region: string): SecretDescription => {
  const { ARN, Name, VersionIdsToStages, Tags, DeletedDate, PrimaryRegion, OwningService, KmsKeyId } = answer;
  if (ARN === undefined || Name === undefined) {
    throw new SecretsManagerUnavailableError('Secrets Manager described a secret without an ARN');
  }
  return {
    arn: ARN,
    name: Name,
    versions: VersionIdsToStages ?? {},
    tags: Object.fromEntries((Tags ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? ''])),
    markedForDeletion: DeletedDate !== undefined,
    ...(PrimaryRegion === undefined || PrimaryRegion === region ? {} : { replicaOf: PrimaryRegion }),
    ...(OwningService === undefined ? {} : { managedBy: OwningService }),
    ...(KmsKeyId === undefined ? {} : { encryptionKey: KmsKeyId }),
  };
};

/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html#API_PutSecretValue_Errors */
const remedyFor = (name: string): string =>
  ['EncryptionFailure', 'DecryptionFailure'].includes(name)
    ? "the secret's KMS key is disabled, deleted, or does not let this function's role in"
    : "does this stack manage the secret? If it does, see the permissions of this function's role";

const call = async <T>(doing: string, send: () => Promise<T>): Promise<T> => {
  try {
    return await send();
  } catch (error) {
    throw translate(error, doing);
  }
};

/** Leaves out the SDK's message, which may quote the request. */
const translate = (error: unknown, doing: string): Error => {
  if (error instanceof ResourceNotFoundException) {
    return new SecretNotRotatableError(`${doing}: there is no such secret in this account and Region`);
  }
  const { name, kind } = awsFailure(error);
  if (error instanceof InvalidRequestException) {
    return new SecretsManagerRefusedError(
      `${doing}: ${name}; it may be marked for deletion, or a rotation of it is in an unusual state`,
    );
  }
  if (name === 'ValidationException')
    return new SecretNotRotatableError(
      `${doing}: ${name}; Secrets Manager takes that for no name or ARN of a secret`,
    );
  if (error instanceof LimitExceededException) {
    return new SecretsManagerRefusedError(
      `${doing}: ${name}; a secret can have 20 staging labels, of which the rotation needs five: take off some of your own, or versions that you no longer need`,
    );
  }
  if (kind === 'refused') return new SecretsManagerRefusedError(`${doing}: ${name}; ${remedyFor(name)}`);
  return new SecretsManagerUnavailableError(
    `${doing}: ${name}; is there a route to Secrets Manager from this VPC?`,
  );
};
