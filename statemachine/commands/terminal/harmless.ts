import { stripVTControlCharacters } from 'node:util';

/** All that controls a terminal, but for line breaks, tabs and the colours of the commands; and what turns the direction of a text, or hides in it. */
const CONTROLS =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
  /\x1b(?!\[(?:1|2|22|3[1-6]|39)m)|[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f]|[\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * A text that a terminal only shows. Who may start executions chooses their inputs, which causes quote: an escape sequence in one could
 * write over what is on the operator's screen, hide a part of it, or go into the clipboard.
 *
 * @param hasColor whether colours stay: where the commands use none, one in a text is another's
 */
export const harmless = (text: string, hasColor = true): string =>
  (hasColor ? text : stripVTControlCharacters(text)).replaceAll(CONTROLS, '');

/**
 * A name in one piece, where it is another's: of a version's id only the length is documented, 32 to 64 characters, so that there may be line breaks
 * and colours in it (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html).
 */
export const oneLine = (name: string): string =>
  stripVTControlCharacters(name).replaceAll(/[\p{C}\p{Z}]/gu, '?');
