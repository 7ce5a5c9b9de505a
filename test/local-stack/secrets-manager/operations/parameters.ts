import { z } from 'zod';

const MAX_VALUE_BYTES = 65_536;

const fitsInAValue = (bytes: number): boolean => bytes >= 1 && bytes <= MAX_VALUE_BYTES;

/** Of names as they are recorded: letters, digits and -/_+=.@! An ARN has colons beside them. */
export const SecretId = z
  .string()
  .min(1)
  .max(2048)
  .regex(/^[\w/+=.@!:-]+$/);
export const SecretName = z
  .string()
  .min(1)
  .max(512)
  .regex(/^[\w/+=.@!-]+$/);
export const VersionId = z.string().min(32).max(64);
export const StagingLabel = z.string().min(1).max(256);
export const StagingLabels = z.array(StagingLabel).min(1).max(20);
export const SecretString = z.string().refine((text) => fitsInAValue(Buffer.byteLength(text)));
export const SecretBinary = z.base64().refine((text) => fitsInAValue(Buffer.from(text, 'base64').length));
export const Tags = z
  .array(z.object({ Key: z.string().min(1).max(128), Value: z.string().max(256).default('') }))
  .refine((tags) => tags.every(({ Key }) => !Key.startsWith('aws:')));
export const Description = z.string().max(2048);
export const KmsKeyId = z.string().max(2048);
export const NextToken = z.string().min(1).max(4096);

export const BySecretId = z.object({ SecretId });
