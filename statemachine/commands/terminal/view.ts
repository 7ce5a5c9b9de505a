import confirm from '@inquirer/confirm';
import ora, { type Ora } from 'ora';
import pc from 'picocolors';
import wrapAnsi from 'wrap-ansi';
import { harmless } from './harmless.ts';
import { tableLines } from './table.ts';

type Colors = ReturnType<typeof pc.createColors>;

export interface Streams {
  readonly stdin: NodeJS.ReadStream;
  /** The result. */
  readonly stdout: NodeJS.WriteStream;
  /** What goes on, where a terminal shows it. */
  readonly stderr: NodeJS.WriteStream;
}

/** Narrower than this nothing can be read any more. */
const NARROWEST = 40;

/**
 * The result goes to standard output. What goes on meanwhile goes to standard error, and only where that is a terminal: without one
 * the command is quiet. Colours only where they can be seen, and where NO_COLOR does not forbid them.
 */
export class View {
  readonly colors: Colors;
  private readonly streams: Streams;
  private readonly json: boolean;
  private readonly hasColor: boolean;
  private spinner: Ora | undefined;

  constructor(streams: Streams, json: boolean, environment: NodeJS.ProcessEnv) {
    this.streams = streams;
    this.json = json;
    this.hasColor = streams.stdout.isTTY && !environment.NO_COLOR && environment.TERM !== 'dumb';
    this.colors = pc.createColors(this.hasColor && !json);
  }

  /** The whole answer of a command: as an object with --json, as text otherwise. */
  result(json: unknown, text: () => void): void {
    if (this.json) this.raw(`${JSON.stringify(json, undefined, 2)}\n`);
    else text();
  }

  /** As it is. */
  raw(text: string): void {
    this.streams.stdout.write(harmless(text, this.hasColor));
  }

  /** A paragraph, wrapped at the terminal's width. */
  text(text = '', indent = 0): void {
    const wrapped = wrapAnsi(harmless(text), Math.max(NARROWEST, this.columns) - indent, { hard: true });
    this.raw(`${wrapped.replaceAll(/^(?=.)/gm, ' '.repeat(indent))}\n`);
  }

  /** What someone copies stays in one piece: the terminal itself breaks it where it has to. */
  copyable(text: string, indent = 0): void {
    this.raw(`${' '.repeat(indent)}${text}\n`);
  }

  heading(text: string): void {
    this.text(this.colors.bold(text));
  }

  /** @param widest which column gives way where the terminal is too narrow */
  table(head: readonly string[], rows: readonly (readonly string[])[], widest = 0): void {
    const [first = '', ...others] = tableLines([head, ...rows], Math.max(NARROWEST, this.columns), widest);
    this.raw(`${[this.colors.dim(first), ...others].join('\n')}\n`);
  }

  /** A line that stays, of what has been going on. */
  progress(symbol: 'ok' | 'failed' | 'info', text: string): void {
    if (!this.showsProgress) return;
    const { green, red, cyan } = this.colors;
    const line = harmless(text);
    const symbols = { ok: green('✓'), failed: red('✗'), info: cyan('•') };
    if (this.spinner === undefined) this.streams.stderr.write(`${symbols[symbol]} ${line}\n`);
    else this.spinner.stopAndPersist({ symbol: symbols[symbol], text: line, suffixText: '' });
    this.spinner = undefined;
  }

  /** What is going on now; it is gone with the next line. */
  begin(text: string, since = new Date()): void {
    if (!this.showsProgress) return;
    this.spinner ??= ora({
      stream: this.streams.stderr,
      color: this.hasColor ? 'cyan' : false,
      discardStdin: false,
      suffixText: () => '',
    }).start();
    this.spinner.text = harmless(text);
    this.spinner.suffixText = () => this.colors.dim(`${Math.round((Date.now() - since.getTime()) / 1000)} s`);
  }

  end(): void {
    this.spinner?.stop();
    this.spinner = undefined;
  }

  /** For people who wait or who are to be told, beside the result. */
  note(text: string): void {
    this.end();
    this.streams.stderr.write(`${harmless(text)}\n`);
  }

  error(error: { readonly name: string; readonly message: string }): void {
    this.end();
    if (this.json) this.errorJson(error);
    const text = harmless(`${this.colors.red('error:')} ${error.message}`);
    this.streams.stderr.write(
      `${this.streams.stderr.isTTY ? wrapAnsi(text, this.columns, { hard: true }) : text}\n`,
    );
  }

  /** An error as the whole answer of a command with --json. */
  errorJson({ name, message }: { readonly name: string; readonly message: string }): void {
    this.raw(`${JSON.stringify({ error: name, message }, undefined, 2)}\n`);
  }

  get canAsk(): boolean {
    return this.streams.stdin.isTTY && this.streams.stderr.isTTY && !this.json;
  }

  async confirm(question: string): Promise<boolean> {
    const { stdin: input, stderr: output } = this.streams;
    return await confirm({ message: question, default: false }, { input, output });
  }

  private get showsProgress(): boolean {
    // A terminal that says it has no columns has a spinner clear lines without end.
    return this.streams.stderr.isTTY && this.streams.stderr.columns !== 0;
  }

  /** Where no one looks at lines, none is broken: it may be searched. */
  private get columns(): number {
    return this.streams.stdout.isTTY ? this.streams.stdout.columns || 80 : Number.POSITIVE_INFINITY;
  }
}
