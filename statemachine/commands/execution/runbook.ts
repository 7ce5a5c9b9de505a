/** A section of the runbook, as Markdown, without its heading. */
export interface RunbookSection {
  readonly title: string;
  readonly text: string;
}

/** As GitHub makes anchors of headings. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{Letter}\p{Mark}\p{Number}\p{Connector_Punctuation} -]/gu, '')
    .replaceAll(' ', '-');

/**
 * The section to which an anchor leads: that of a heading, or the one in which an `<a id>` stands.
 *
 * @param runbook the text of RUNBOOK.md
 */
export const runbookSectionAt = (runbook: string, anchor: string): RunbookSection | undefined => {
  const sections = sectionsOf(runbook);
  return (
    sections.find(({ title }) => anchorOf(title) === anchor) ??
    sections.find(({ text }) => text.includes(`<a id="${anchor}"></a>`))
  );
};

/** The runbook's own headings are of the first and second order; a `#` in a block of commands is none. */
const sectionsOf = (runbook: string): RunbookSection[] => {
  const sections: { title: string; lines: string[] }[] = [];
  let inCode = false;
  for (const line of runbook.split('\n')) {
    if (line.startsWith('```')) inCode = !inCode;
    const [, title] = inCode ? [] : (/^##? +(.+?)\s*$/.exec(line) ?? []);
    if (title === undefined) sections.at(-1)?.lines.push(line);
    else sections.push({ title, lines: [] });
  }
  return sections.map(({ title, lines }) => ({ title, text: lines.join('\n').trim() }));
};

/** A paragraph, a block of commands or a table, for a terminal: paragraphs may be wrapped, the others may not. */
export interface TerminalBlock {
  readonly text: string;
  readonly wraps: boolean;
}

/** Markdown as it is read in a terminal: no anchors, of links the text, of paragraphs one line each. */
export const terminalBlocks = (markdown: string): TerminalBlock[] => {
  const blocks: { lines: string[]; wraps: boolean }[] = [];
  let inCode = false;
  for (const line of markdown.replaceAll(/<a id="[^"]*"><\/a>\s*/g, '').split('\n')) {
    const isFence = line.startsWith('```');
    if (isFence) inCode = !inCode;
    if (isFence || (line === '' && !inCode)) blocks.push({ lines: [], wraps: !inCode });
    else {
      const isRow = line.startsWith('|');
      const last = blocks.at(-1);
      if (last === undefined || (!inCode && isRow === last.wraps && last.lines.length > 0))
        blocks.push({ lines: [line], wraps: !isRow });
      else {
        if (!inCode && isRow) last.wraps = false;
        last.lines.push(line);
      }
    }
  }
  return blocks
    .filter(({ lines }) => lines.length > 0)
    .map(({ lines, wraps }) => ({
      wraps,
      text: wraps
        ? withoutLinks(lines.join(' '))
        : lines.map((line) => (line.startsWith('|') ? withoutLinks(line) : line)).join('\n'),
    }));
};

const withoutLinks = (text: string): string =>
  text.replaceAll(/\[([^\]]+)\]\([^)]+\)/g, '$1').replaceAll('**', '');
