import { percentDecoded } from './password-traces.ts';

/** What stands in a connection string where a program, or a reader, is to put the password. Names only: no password that was made looks like one. */
const PLACEHOLDERS = [
  // <insertYourPassword>, as the console of DocumentDB shows it, and [password].
  /^<[\w .:-]+>$/,
  /^\[[\w .:-]+\]$/,
  // {}, {password}, {{ db.password }}, ${DB_PASSWORD}, $(DB_PASSWORD), $DB_PASSWORD, %DB_PASSWORD%
  /^\$?\{+[\w .:-]*\}+$/,
  /^\$\([\w.-]+\)$/,
  /^\$[A-Z_][A-Z0-9_]*$/,
  /^%\w+%$/,
  // %s, %(password)s
  /^%(\([\w.]+\))?[sv]$/,
  // What is masked, or left out.
  /^(\*+|x{3,}|•+|\.+|_+|redacted|)$/i,
];

export const isPlaceholder = (text: string): boolean =>
  [text, percentDecoded(text)].some((reading) => PLACEHOLDERS.some((form) => form.test(reading)));
