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

/** A paragraph, an item of a list, a block of commands or a table, for a terminal: paragraphs and items may be wrapped, the others may not. */
export interface TerminalBlock {
  readonly text: string;
  readonly wraps: boolean;
  /** Of a list within a list, and of what belongs to its items. */
  readonly indent: number;
}

interface Lines {
  readonly kind: 'text' | 'rows' | 'code';
  readonly indent: number;
  readonly lines: string[];
}

/** Markdown as it is read in a terminal: no anchors, of links the text, of paragraphs and items one line each. */
export const terminalBlocks = (markdown: string): TerminalBlock[] => {
  const blocks: Lines[] = [];
  const begin = (kind: Lines['kind'], indent: number, ...lines: string[]): void => {
    blocks.push({ kind, indent, lines });
  };
  let inCode = false;
  for (const line of markdown.replaceAll(/<a id="[^"]*"><\/a>\s*/g, '').split('\n')) {
    const indent = line.length - line.trimStart().length;
    const content = line.trimStart();
    const last = blocks.at(-1);
    if (content.startsWith('```')) {
      inCode = !inCode;
      begin(inCode ? 'code' : 'text', indent);
    } else if (inCode) last?.lines.push(line.slice(last.indent));
    else if (content === '') begin('text', 0);
    else if (content.startsWith('|') && last?.kind !== 'rows') begin('rows', indent, content);
    else if (last === undefined || /^(?:-|\d+\.) /.test(content)) begin('text', indent, content);
    else last.lines.push(content);
  }
  return blocks
    .filter(({ lines }) => lines.length > 0)
    .map(({ kind, indent, lines }) => ({
      indent,
      wraps: kind === 'text',
      text: kind === 'code' ? lines.join('\n') : withoutLinks(lines.join(kind === 'text' ? ' ' : '\n')),
    }));
};

const withoutLinks = (text: string): string =>
  text.replaceAll(/\[([^\]]+)\]\([^)]+\)/g, '$1').replaceAll('**', '');
