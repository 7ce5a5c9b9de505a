import { z } from 'zod';
import { randomPassword } from '../random-password.ts';
import { operation } from './operation.ts';

const GetRandomPasswordInput = z.object({
  PasswordLength: z.int().min(1).max(4096).optional(),
  ExcludeCharacters: z.string().max(4096).optional(),
  ExcludeLowercase: z.boolean().optional(),
  ExcludeUppercase: z.boolean().optional(),
  ExcludeNumbers: z.boolean().optional(),
  ExcludePunctuation: z.boolean().optional(),
  IncludeSpace: z.boolean().optional(),
  RequireEachIncludedType: z.boolean().optional(),
});

/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetRandomPassword.html */
export const getRandomPassword = operation(GetRandomPasswordInput, ({ random }, input) => ({
  RandomPassword: randomPassword(input, random),
}));
