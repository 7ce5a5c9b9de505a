import { styleText } from 'node:util';
import ora, { type Ora } from 'ora';

type Style = Parameters<typeof styleText>[0];

/** Writes lines, and below them what is going on right now: with a spinner on a terminal, as a line of its own elsewhere. */
export class Terminal {
  private readonly stream: NodeJS.WriteStream;
  private spinner: Ora | undefined;
  /** All lines so far. */
  written = '';

  constructor(stream: NodeJS.WriteStream) {
    this.stream = stream;
  }

  /** How much room a line has; where no one looks at lines, as much as it takes. */
  get columns(): number {
    return this.stream.isTTY ? this.stream.columns || 80 : Number.POSITIVE_INFINITY;
  }

  /** Colours only where they can be seen, and where NO_COLOR does not forbid them. */
  style(style: Style, text: string): string {
    return styleText(style, text, { stream: this.stream });
  }

  line(text = ''): void {
    this.spinner?.clear();
    this.written += `${text}\n`;
    this.stream.write(`${text}\n`);
    this.spinner?.render();
  }

  /** Something has begun that may take a while. */
  begin(what: string): void {
    this.end();
    if (!this.stream.isTTY) {
      this.line(`  … ${what}`);
      return;
    }
    const since = Date.now();
    this.spinner = ora({
      stream: this.stream,
      text: what,
      indent: 2,
      color: process.env.NO_COLOR ? false : 'cyan',
      // Ctrl-C has to get through.
      discardStdin: false,
      suffixText: () => this.style('dim', `${((Date.now() - since) / 1000).toFixed(1)} s`),
    }).start();
  }

  /** It is over. */
  end(): void {
    this.spinner?.stop();
    this.spinner = undefined;
  }
}
