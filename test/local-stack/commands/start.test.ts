import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';
import { finished } from '../../e2e/commands/command-process.ts';
import { ensurePython } from '../python/index.ts';
import { COLUMNS } from './wrap.ts';

const COMMAND = join(import.meta.dirname, 'start.ts');
const TERMINAL = join(import.meta.dirname, '..', '..', 'e2e', 'commands', 'terminal.py');

/** A stack and seven rotations. */
const LONGEST_MS = 300_000;

// In a terminal as most people open it: the table was wrapped, and nothing was below it.
it('npm start ends in 80 columns with a table, the cause of its failure, a sum and what to do next', {
  timeout: LONGEST_MS,
}, async () => {
  const { python } = await ensurePython();
  const command = [TERMINAL, String(COLUMNS), process.execPath, COMMAND];
  const { status, stdout } = await finished(
    spawn(python, command, {
      env: { ...process.env, TERM: 'xterm-256color', CI: undefined },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
  const lines = stripVTControlCharacters(stdout).split(/[\r\n]+/);
  const end = lines.slice(lines.findIndex((line) => /^rotation .*checks$/.test(line.trim())));

  expect(status, stdout).toBe(0);
  expect(end.filter((line) => / held$/.test(line.trim()) && !line.includes(':'))).toHaveLength(7);
  // A word that has no room, as the address of the runbook, stays whole.
  expect(end.filter((line) => line.length > COLUMNS && /\S\s+\S/.test(line))).toEqual([]);
  expect(end).toContain('test never passes ended in RolledBack. An operator reads:');
  expect(end.join('\n')).toMatch(/^7 rotations in [\d.]+ s: every check held$/m);
  expect(end.join('\n')).toMatch(/^npm run stack {4}/m);
});
