import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { harmless, oneLine } from '../../../../statemachine/commands/terminal/harmless.ts';
import { View } from '../../../../statemachine/commands/terminal/view.ts';

const ESC = String.fromCharCode(27);
const BELL = String.fromCharCode(7);
const RIGHT_TO_LEFT = String.fromCharCode(0x202e);
const ZERO_WIDTH = String.fromCharCode(0x200b);

const viewAt = (columns: number | undefined) => {
  const stdout = Object.assign(new PassThrough(), { isTTY: columns !== undefined, columns });
  const streams = { stdin: process.stdin, stdout, stderr: new PassThrough() } as never;
  const view = new View(streams, false, { NO_COLOR: '1' });
  return { view, written: () => String(stdout.read() ?? '') };
};

it('a terminal without columns gets no spinner, which would clear lines without end', () => {
  const stderr = Object.assign(new PassThrough(), { isTTY: true, columns: 0 });
  const view = new View({ stdin: process.stdin, stdout: new PassThrough(), stderr } as never, false, {});
  view.begin('a state');
  view.progress('ok', 'a state');
  view.end();
  expect(stderr.read()).toBeNull();
});

describe('what the terminal gets', () => {
  // A cause quotes an input, and who may start an execution chooses that.
  it.each<[string, string]>([
    ['moves the cursor', `${ESC}[2J${ESC}[1;1Hgone`],
    ['sets the title', `${ESC}]0;pwned${BELL}`],
    ['writes into the clipboard', `${ESC}]52;c;cm0gLXJm${BELL}`],
    ['begins a sequence in one byte', String.fromCharCode(0x9b, 0x32, 0x4a)],
    ['goes back in the line', 'RolledBack\rRotated   \b\b'],
    ['hides what follows', `${ESC}[8mRolledBack`],
    ['sets two things at once', `${ESC}[0;8mRolledBack`],
    ['turns the direction of a text', `${RIGHT_TO_LEFT}detatoR`],
    ['hides in a name', `app${ZERO_WIDTH}s`],
  ])('is nothing that %s', (_what, text) => {
    const { view, written } = viewAt(80);
    view.text(text);
    view.copyable(text);
    view.table(['secret'], [[text]]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not come
    expect(written()).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f]|\p{Cf}/u);
  });

  it('is no colour of another’s, where the commands use none', () => {
    const { view, written } = viewAt(80);
    view.text(`${ESC}[31mRolledBack${ESC}[39m`);
    expect(written()).toBe('RolledBack\n');
  });

  it('are colours, lines and tabs', () => {
    const text = `${ESC}[31mred${ESC}[39m\n\ttext`;
    expect(harmless(text)).toBe(text);
  });

  it('is one line where it is a name', () => {
    expect(oneLine(`${ESC}[31mid\n\nAWSCURRENT logs${RIGHT_TO_LEFT}in${ESC}[8m`)).toBe(
      'id??AWSCURRENT?logs?in',
    );
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
