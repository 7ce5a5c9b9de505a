import { z } from 'zod';
import type { Secret, SecretVersion } from '../secret.ts';
import { invalidParameter, ServiceError } from '../service-error.ts';
import { versionIdsToStages } from '../version-labels.ts';
import { Filters, passes } from './filters.ts';
import { type OperationContext, operation, seconds } from './operation.ts';
import { pageOf } from './page.ts';
import * as parameter from './parameters.ts';
import { identity, secretDetails } from './secret-details.ts';
import { findVersion, readValue } from './values.ts';

const Paging = {
  MaxResults: z.int().min(1).max(100).optional(),
  NextToken: parameter.NextToken.optional(),
};

const ListSecretsInput = z.object({
  ...Paging,
  Filters: Filters.default([]),
  SortOrder: z.enum(['asc', 'desc']).default('asc'),
  IncludePlannedDeletion: z.boolean().default(false),
});

/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ListSecrets.html */
export const listSecrets = operation(ListSecretsInput, ({ store }, input) => {
  const secrets = store
    .all()
    .filter(
      (secret) => (input.IncludePlannedDeletion || !secret.deletedDate) && passes(secret, input.Filters),
    );
  const { items, NextToken } = pageOf(input.SortOrder === 'asc' ? secrets : secrets.toReversed(), input);
  return {
    SecretList: items.map((secret) => ({
      ...secretDetails(secret),
      SecretVersionsToStages: versionIdsToStages(secret),
    })),
    NextToken,
  };
});

const ListSecretVersionIdsInput = z.object({
  ...Paging,
  SecretId: parameter.SecretId,
  IncludeDeprecated: z.boolean().default(false),
});

/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ListSecretVersionIds.html */
export const listSecretVersionIds = operation(ListSecretVersionIdsInput, ({ store }, input) => {
  const secret = store.get(input.SecretId);
  const versions = [...secret.versions.values()].filter(
    ({ labels }) => input.IncludeDeprecated || labels.size > 0,
  );
  const { items, NextToken } = pageOf(versions, input);
  return { ...identity(secret), Versions: items.map((version) => versionEntry(version, secret)), NextToken };
});

/** What a version encrypted under the account's own key is told as; a deprecated one has no list of labels. */
const versionEntry = (version: SecretVersion, { kmsKeyId = 'DefaultEncryptionKey' }: Secret) => ({
  VersionId: version.id,
  VersionStages: version.labels.size > 0 ? [...version.labels] : undefined,
  KmsKeyIds: [kmsKeyId],
  LastAccessedDate: seconds(version.lastAccessedDate),
  CreatedDate: seconds(version.createdDate),
});

const BatchGetSecretValueInput = z.object({
  ...Paging,
  MaxResults: z.int().min(1).max(20).optional(),
  SecretIdList: z.array(parameter.SecretId).min(1).max(20).optional(),
  Filters: Filters.optional(),
});

/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_BatchGetSecretValue.html */
export const batchGetSecretValue = operation(BatchGetSecretValueInput, (context, input) => {
  const { SecretIdList, Filters: filters } = input;
  if ((SecretIdList === undefined) === (filters === undefined)) {
    throw invalidParameter('You must include Filters or SecretIdList, but not both.');
  }
  const found = context.store.all().filter((secret) => !secret.deletedDate && passes(secret, filters ?? []));
  const page = pageOf(SecretIdList ?? found.map(({ arn }) => arn), { MaxResults: 20, ...input });
  const answers = page.items.map((secretId) => valueOrError(context, secretId));
  return {
    SecretValues: answers.flatMap(({ value }) => value ?? []),
    Errors: answers.flatMap(({ error }) => error ?? []),
    NextToken: page.NextToken,
  };
});

const valueOrError = (context: OperationContext, secretId: string): { value?: object; error?: object } => {
  try {
    const secret = context.store.getActive(secretId);
    return { value: readValue(context, secret, findVersion(secret)) };
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    return { error: { SecretId: secretId, ErrorCode: error.type, Message: error.message } };
  }
};
