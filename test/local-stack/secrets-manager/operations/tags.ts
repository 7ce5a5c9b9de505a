import { z } from 'zod';
import type { Secret } from '../secret.ts';
import { invalidParameter } from '../service-error.ts';
import { operation } from './operation.ts';
import * as parameter from './parameters.ts';

/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_TagResource.html */
const MAX_TAGS = 50;

export const assertTagCount = ({ tags }: Pick<Secret, 'tags'>): void => {
  if (tags.size > MAX_TAGS) throw invalidParameter(`A secret can have ${MAX_TAGS} tags.`);
};

const TagResourceInput = z.object({ SecretId: parameter.SecretId, Tags: parameter.Tags });

export const tagResource = operation(TagResourceInput, ({ store, now }, { SecretId, Tags }) => {
  const secret = store.getWritable(SecretId);
  const tags = new Map([...secret.tags, ...Tags.map(({ Key, Value }) => [Key, Value] as const)]);
  assertTagCount({ tags });
  for (const [key, value] of tags) secret.tags.set(key, value);
  secret.wasTagged = true;
  secret.lastChangedDate = now();
  return {};
});

const UntagResourceInput = z.object({
  SecretId: parameter.SecretId,
  TagKeys: z.array(z.string().min(1).max(128)),
});

export const untagResource = operation(UntagResourceInput, ({ store, now }, { SecretId, TagKeys }) => {
  const secret = store.getWritable(SecretId);
  for (const key of TagKeys) secret.tags.delete(key);
  secret.lastChangedDate = now();
  return {};
});
