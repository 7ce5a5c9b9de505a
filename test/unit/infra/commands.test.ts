import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');

interface Ended {
  readonly status: number | null;
  readonly told: string;
}

/** A command of this repository, as a process of its own. */
const run = (options: readonly string[], environment: Record<string, string> = {}): Ended => {
  const { status, stdout, stderr } = spawnSync(process.execPath, options, {
    cwd: ROOT,
    encoding: 'utf8',
    env: {
      ...process.env,
      CDK_VALIDATION: 'false',
      CDK_OUTDIR: join(ROOT, '.local/tmp/app'),
      ...environment,
    },
  });
  return { status, told: `${stdout}${stderr}` };
};

const STACK_TRACE = /^\s+at /m;

describe('What is configured wrongly', () => {
  const SECRET = { arn: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:app-AbCdEf' };

  it.each([
    ['a key that is not known', { secret: [] }, /docdb-rotation:….+is wrong:\s+✖ secret is not known/],
    ['an option that can’t be', { secrets: [{ ...SECRET, graceSeconds: 99_999_999 }] }, /grace is 1157 days/],
    [
      'a secret that is managed twice',
      { secrets: [SECRET, SECRET] },
      /is managed already: call manage\(\) once/,
    ],
    ['what CDK itself refuses', { vpcId: 'vpc-1' }, /account\/region are not specified/],
  ])('is told in one message, without a stack trace: %s', (_what, config, message) => {
    const context = Object.entries(config).map(([key, value]) => [`docdb-rotation:${key}`, value]);
    const { status, told } = run(['infra/app.ts'], {
      CDK_CONTEXT_JSON: JSON.stringify(Object.fromEntries(context)),
    });
    expect(status).toBe(1);
    expect(told).toMatch(message);
    expect(told).not.toMatch(STACK_TRACE);
  });
});

describe('A Node.js that is too old, as after npm ci --ignore-scripts', () => {
  const OLD = `data:text/javascript,${encodeURIComponent(
    "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.19.0' } })",
  )}`;
  const scripts: Record<string, string> = JSON.parse(
    readFileSync(join(ROOT, 'package.json'), 'utf8'),
  ).scripts;
  const { app } = JSON.parse(readFileSync(join(ROOT, 'cdk.json'), 'utf8'));
  const commands = [...Object.values(scripts), app].filter((command) => /^node .*\.ts\b/.test(command));

  it('is said by every command that runs TypeScript, with the remedy', () => {
    expect(commands.length).toBeGreaterThan(5);
    for (const command of commands) {
      const { status, told } = run(['--import', OLD, ...command.split(' ').slice(1)]);
      expect(status, command).toBe(1);
      expect(told).toMatch(/needs Node\.js 24, and runs on 20\.19\.0.+npm rebuild node/);
      expect(told).not.toMatch(STACK_TRACE);
    }
  });
});
