import { styleText } from 'node:util';

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 80;

type Style = Parameters<typeof styleText>[0];

/** Writes lines, and below them what is going on right now: with a spinner on a terminal, as a line of its own elsewhere. */
export class Terminal {
  private readonly stream: NodeJS.WriteStream;
  private timer: NodeJS.Timeout | undefined;
  private frame = 0;
  private current = '';
  private since = 0;
  /** All lines so far. */
  written = '';

  constructor(stream: NodeJS.WriteStream) {
    this.stream = stream;
  }

  /** Colours only where they can be seen, and where NO_COLOR does not forbid them. */
  style(style: Style, text: string): string {
    return styleText(style, text, { stream: this.stream });
  }

  line(text = ''): void {
    this.erase();
    this.written += `${text}\n`;
    this.stream.write(`${text}\n`);
    this.draw();
  }

  /** Something has begun that may take a while. */
  begin(what: string): void {
    this.end();
    if (!this.stream.isTTY) {
      this.line(`  … ${what}`);
      return;
    }
    this.current = what;
    this.since = Date.now();
    this.timer = setInterval(() => {
      this.frame += 1;
      this.erase();
      this.draw();
    }, FRAME_MS);
    this.draw();
  }

  /** It is over. */
  end(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.erase();
    this.current = '';
  }

  private draw(): void {
    if (!this.current) return;
    const seconds = ((Date.now() - this.since) / 1000).toFixed(1);
    const text = `  ${FRAMES[this.frame % FRAMES.length]} ${this.current} `;
    const room = Math.max(0, (this.stream.columns || 80) - seconds.length - 3);
    this.stream.write(`${this.style('cyan', text.slice(0, room))}${this.style('dim', `${seconds} s`)}`);
  }

  private erase(): void {
    if (this.stream.isTTY) this.stream.write('\r\u001b[K');
  }
}
