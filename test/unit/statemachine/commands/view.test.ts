import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { harmless } from '../../../../statemachine/commands/terminal/harmless.ts';
import { View } from '../../../../statemachine/commands/terminal/view.ts';

const ESC = String.fromCharCode(27);
const BELL = String.fromCharCode(7);

const viewAt = (columns: number | undefined) => {
  const stdout = Object.assign(new PassThrough(), { isTTY: columns !== undefined, columns });
  const streams = { stdin: process.stdin, stdout, stderr: new PassThrough() } as never;
  const view = new View(streams, false, { NO_COLOR: '1' });
  return { view, written: () => String(stdout.read() ?? '') };
};

describe('what the terminal gets', () => {
  // A cause quotes an input, and who may start an execution chooses that.
  it.each<[string, string]>([
    ['moves the cursor', `${ESC}[2J${ESC}[1;1Hgone`],
    ['sets the title', `${ESC}]0;pwned${BELL}`],
    ['writes into the clipboard', `${ESC}]52;c;cm0gLXJm${BELL}`],
    ['begins a sequence in one byte', String.fromCharCode(0x9b, 0x32, 0x4a)],
    ['goes back in the line', 'RolledBack\rRotated   \b\b'],
  ])('is nothing that %s', (_what, text) => {
    const { view, written } = viewAt(80);
    view.text(text);
    view.copyable(text);
    view.table(['secret'], [[text]]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not come
    expect(written()).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/);
  });

  it('are colours, lines and tabs', () => {
    const text = `${ESC}[31mred${ESC}[39m\n\ttext`;
    expect(harmless(text)).toBe(text);
  });

  it('is never wider than it is', () => {
    const { view, written } = viewAt(80);
    view.table(['secret', 'strategy', 'state'], [['a'.repeat(120), 'alternating-users', 'ok']]);
    view.text('word '.repeat(60), 4);
    expect(
      written()
        .split('\n')
        .filter((line) => line.length > 80),
    ).toEqual([]);
  });

  it('is unbroken where there is none', () => {
    const { view, written } = viewAt(undefined);
    view.table(['secret', 'state'], [['a'.repeat(300), 'ok']]);
    expect(written().split('\n')).toHaveLength(3);
  });
});
