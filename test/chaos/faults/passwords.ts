/** How many of the passwords are in a text, in any of the forms in which they may get there. */
export const writtenPasswords = (text: string, passwords: readonly string[]): number =>
  passwords.filter((password) => formsOf(password).some((form) => text.includes(form))).length;

const formsOf = (password: string): string[] => [
  password,
  encodeURIComponent(password),
  JSON.stringify(password).slice(1, -1),
  Buffer.from(password).toString('base64'),
];
