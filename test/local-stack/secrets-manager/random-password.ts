import { invalidParameter } from './service-error.ts';

const CHARACTER_TYPES = {
  lowercase: 'abcdefghijklmnopqrstuvwxyz',
  uppercase: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  numbers: '0123456789',
  punctuation: '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~',
  space: ' ',
} as const;

export interface RandomPasswordOptions {
  readonly PasswordLength?: number | undefined;
  readonly ExcludeCharacters?: string | undefined;
  readonly ExcludeLowercase?: boolean | undefined;
  readonly ExcludeUppercase?: boolean | undefined;
  readonly ExcludeNumbers?: boolean | undefined;
  readonly ExcludePunctuation?: boolean | undefined;
  readonly IncludeSpace?: boolean | undefined;
  readonly RequireEachIncludedType?: boolean | undefined;
}

/**
 * A password by the rules of GetRandomPassword: 32 characters, every type that is not excluded at least once.
 *
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetRandomPassword.html
 */
export const randomPassword = (options: RandomPasswordOptions, random: (bound: number) => number): string => {
  const length = options.PasswordLength ?? 32;
  const types = includedTypes(options);
  const alphabet = types.join('');
  const required = (options.RequireEachIncludedType ?? true) ? types : [];
  if (alphabet === '') throw invalidParameter('The exclusions leave no character for the password.');
  if (required.length > length) {
    throw invalidParameter(
      `The password length ${length} is less than the number of required character types.`,
    );
  }
  const pick = (characters: string) => characters.charAt(random(characters.length));
  const characters = required.map(pick);
  while (characters.length < length) characters.push(pick(alphabet));
  return shuffle(characters, random).join('');
};

const includedTypes = (options: RandomPasswordOptions): string[] => {
  const excluded = new Set(options.ExcludeCharacters ?? '');
  const included = [
    options.ExcludeLowercase ? '' : CHARACTER_TYPES.lowercase,
    options.ExcludeUppercase ? '' : CHARACTER_TYPES.uppercase,
    options.ExcludeNumbers ? '' : CHARACTER_TYPES.numbers,
    options.ExcludePunctuation ? '' : CHARACTER_TYPES.punctuation,
    options.IncludeSpace ? CHARACTER_TYPES.space : '',
  ];
  return included
    .map((characters) => [...characters].filter((character) => !excluded.has(character)).join(''))
    .filter((characters) => characters !== '');
};

const shuffle = (characters: string[], random: (bound: number) => number): string[] => {
  for (let last = characters.length - 1; last > 0; last--) {
    const other = random(last + 1);
    [characters[last], characters[other]] = [characters[other] ?? '', characters[last] ?? ''];
  }
  return characters;
};
