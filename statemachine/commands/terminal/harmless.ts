/** All that controls a terminal, but for line breaks, tabs and colours. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
const CONTROLS = /\x1b(?!\[\d{1,3}m)|[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f]/g;

/**
 * A text that a terminal only shows. Who may start executions chooses their inputs, which causes quote: an escape sequence in one could
 * write over what is on the operator's screen, or into the clipboard.
 */
export const harmless = (text: string): string => text.replaceAll(CONTROLS, '');
