import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LeftDeployment } from './left-deployment.ts';

describe('a deployment that a killed kit has left', () => {
  let directory: string;
  let file: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'left-deployment-'));
    file = join(directory, 'deployment.json');
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  /** Goes on for a minute, unless it is told to end. */
  const begin = (script: string) => {
    writeFileSync(script, 'setTimeout(() => {}, 60_000)');
    return spawn(process.execPath, [script], { detached: true, stdio: 'ignore' });
  };

  it('is ended before anything is taken down', async () => {
    const script = join(directory, 'cdk.mjs');
    const child = begin(script);
    const exited = once(child, 'exit');
    new LeftDeployment(file, script).begun(child.pid ?? 0);
    await new LeftDeployment(file, script).end();
    expect(await exited).toEqual([null, 'SIGTERM']);
    expect(existsSync(file)).toBe(false);
  });

  it('is not taken for another process that has its number', async () => {
    const script = join(directory, 'another.mjs');
    const child = begin(script);
    const left = new LeftDeployment(file, join(directory, 'cdk.mjs'));
    left.begun(child.pid ?? 0);
    await left.end();
    expect(child.exitCode ?? child.signalCode).toBeNull();
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  });

  it('is none where a kit has ended by itself', async () => {
    const left = new LeftDeployment(file, 'cdk');
    left.begun(1);
    left.ended();
    await left.end();
    expect(existsSync(file)).toBe(false);
  });
});
