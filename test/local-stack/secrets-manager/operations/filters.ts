import { z } from 'zod';
import type { Secret } from '../secret.ts';

export const Filters = z
  .array(
    z.object({
      Key: z.enum(['description', 'name', 'tag-key', 'tag-value', 'primary-region', 'owning-service', 'all']),
      Values: z
        .array(
          z
            .string()
            .max(512)
            .regex(/^!?[a-zA-Z0-9 :_@/+=.\-!]*$/),
        )
        .min(1)
        .max(10),
    }),
  )
  .max(10);

type Filter = z.infer<typeof Filters>[number];

/**
 * Whether a secret passes all filters. Values are prefixes, and one that fits is enough; `!` turns a value round.
 *
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_Filter.html
 */
export const passes = (secret: Secret, filters: readonly Filter[]): boolean =>
  filters.every(({ Key, Values }) => Values.some((value) => passesValue(secret, Key, value)));

const passesValue = (secret: Secret, key: Filter['Key'], value: string): boolean =>
  value.startsWith('!') ? !matches(secret, key, value.slice(1)) : matches(secret, key, value);

const matches = (secret: Secret, key: Filter['Key'], value: string): boolean => {
  if (key === 'all') return matchesAnywhere(secret, value);
  if (key === 'description') return haveWordsOf([secret.description ?? ''], value);
  return attributes(secret, key).some((attribute) => attribute.startsWith(value));
};

const attributes = (secret: Secret, key: Exclude<Filter['Key'], 'all' | 'description'>): string[] => {
  switch (key) {
    case 'name':
      return [secret.name];
    case 'tag-key':
      return [...secret.tags.keys()];
    case 'tag-value':
      return [...secret.tags.values()];
    case 'primary-region':
      return secret.primaryRegion ? [secret.primaryRegion] : [];
    case 'owning-service':
      return [];
  }
};

const matchesAnywhere = (secret: Secret, value: string): boolean =>
  haveWordsOf([secret.name, secret.description ?? '', ...secret.tags.keys(), ...secret.tags.values()], value);

/** Every word of the value begins a word of the texts, in whatever case: recorded by moto, test_list_secrets.py. */
const haveWordsOf = (texts: readonly string[], value: string): boolean => {
  const words = texts.flatMap((text) => wordsOf(text));
  return wordsOf(value).every((beginning) => words.some((word) => word.startsWith(beginning)));
};

const wordsOf = (text: string): string[] =>
  text
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
