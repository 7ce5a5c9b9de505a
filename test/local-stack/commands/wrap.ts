/** What a terminal has at least. */
export const COLUMNS = 80;

/** Breaks a text between its words. A word that is too long, as an ARN, stays whole. */
export const wrap = (text: string, indent = ''): string[] => {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(/\s+/)) {
    if (line.trim() !== '' && line.length + 1 + word.length > COLUMNS) {
      lines.push(line);
      line = indent;
    }
    line += line.trim() === '' ? word : ` ${word}`;
  }
  return [...lines, line];
};
