import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PutSecretValueCommand, RotateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleCommand, COMMAND } from '../../../infra/build/bundle-command.ts';
import { executionName } from '../../../statemachine/commands/execution/execution-name.ts';
import { type LocalStack, startLocalStack } from '../../local-stack/deployment/index.ts';
import { CommandLine, finished, type Ran } from './command-process.ts';
import { settledText } from './settled-text.ts';
import { ssoPortal } from './sso-portal.ts';

const NAMES = ['demo/admin', 'demo/app', 'test/lagging'];
const WIDTHS = [80, 120];

let stack: LocalStack;
let command: CommandLine;
beforeAll(async () => {
  await bundleCommand();
  stack = await startLocalStack({ instances: 2, propagationTimeoutSeconds: 6, drainSeconds: 1 });
  command = new CommandLine(stack);
});
afterAll(async () => {
  await stack?.stop();
});

/** Its output, held to a file. */
const isAsInFile = async (name: string, { stdout, stderr }: Ran): Promise<void> => {
  await expect(settledText(stdout + stderr, NAMES)).toMatchFileSnapshot(`output/${name}.txt`);
};

const inAllWidths = async (name: string, words: readonly string[], status: number): Promise<void> => {
  for (const width of WIDTHS) {
    const ran = await command.inTerminal(width, words);
    expect(ran.status, ran.stdout).toBe(status);
    await isAsInFile(`${name}-${width}`, ran);
  }
  const ran = await command.run(...words);
  expect(ran.status, ran.stderr).toBe(status);
  await isAsInFile(`${name}-no-terminal`, ran);
};

const labelsOf = async (name: string): Promise<unknown> =>
  JSON.parse((await command.run('status', name, '--no-verify', '--json')).stdout).versions;

/** A user whose new password never reaches one instance: its rotation is rolled back. */
const whileOneLags = async (what: () => Promise<void>): Promise<void> => {
  await stack.documentDb.setPropagationDelay(1, Number.POSITIVE_INFINITY);
  try {
    await what();
  } finally {
    await stack.documentDb.setPropagationDelay(1, 0);
  }
};

describe('the command', () => {
  it('says what it can do, within 80 columns', async () => {
    const ran = await command.inTerminal(80, ['--help']);
    expect(ran.status).toBe(0);
    expect(ran.stdout.split('\r\n').filter((line) => line.length > 80)).toEqual([]);
    await isAsInFile('help', ran);
  });

  it('never asks for a value, of which it has not even the call', () => {
    const text = readFileSync(COMMAND, 'utf8');
    expect(text).toContain('ListSecretVersionIds');
    expect(text).not.toContain('GetSecretValueCommand');
    expect(text).not.toContain('PutSecretValueCommand');
  });

  it('rotates a secret, state by state', async () => {
    await inAllWidths('rotate', ['rotate', 'demo/app'], 0);
  });

  it('lists the secrets that are managed, and the names of the executions say which', async () => {
    await stack.secretsManager.send(
      new RotateSecretCommand({
        SecretId: 'demo/admin',
        RotationLambdaARN: stack.triggerFunctionArn,
        RotateImmediately: false,
        RotationRules: { AutomaticallyAfterDays: 30 },
      }),
    );
    await stack.secretsManagerStandIn.rotations.latest(stack.adminSecret.arn)?.ended;
    const [newest = ''] = await stack.executions.list();
    expect(newest).toMatch(/:demo-a(dmin|pp)-/);
    await inAllWidths('list', ['list'], 0);
    await inAllWidths('list-every-stack', ['list', '--every-stack'], 0);
  });

  it('says of one secret which version logs in, by an execution', async () => {
    await inAllWidths('status', ['status', 'demo/app'], 0);
    const ran = await command.run('status', 'demo/app', '--every-version');
    expect(ran.stdout).toMatch(/AWSPREVIOUS .* refused$/m);
  });

  it('asks before a revert, and does nothing unless told to', async () => {
    const before = await labelsOf('demo/app');
    const refused = await command.inTerminal(80, ['revert', 'demo/app'], { answer: 'n\r' });
    expect(refused.status).toBe(1);
    expect(await labelsOf('demo/app')).toEqual(before);

    const alone = await command.run('revert', 'demo/app');
    expect(alone).toMatchObject({ status: 2, stderr: expect.stringContaining('add --yes') });
    expect(await labelsOf('demo/app')).toEqual(before);

    const asked = await command.inTerminal(80, ['revert', 'demo/app'], { answer: 'y\r' });
    expect(asked.status, asked.stdout).toBe(0);
    expect(settledText(asked.stdout)).toContain('which was AWSPREVIOUS');
    expect(await labelsOf('demo/app')).not.toEqual(before);
  });

  it('explains what was rolled back: what failed, what the world is like, what to do', async () => {
    await stack.makeSecret({ name: 'test/lagging', username: 'lagging' });
    await whileOneLags(async () => {
      const ran = await command.inTerminal(80, ['rotate', 'test/lagging']);
      expect(ran.status, ran.stdout).toBe(3);
      expect(settledText(ran.stdout)).toContain('TestSecret failed with CredentialNotPropagatedError');
    });
    await inAllWidths('explain', ['explain', 'test/lagging'], 0);
  });

  it('shows no name that someone gave to a version as a sentence of its own', async () => {
    const esc = String.fromCharCode(27);
    const said = 'AWSCURRENT logs in everywhere';
    await stack.makeSecret({ name: 'test/misleading', username: 'misleading' });
    await command.run('rotate', 'test/misleading');
    await stack.secretsManager.send(
      new PutSecretValueCommand({
        SecretId: 'test/misleading',
        SecretString: '{}',
        ClientRequestToken: `${esc}[8mhidden\n${said}`,
        VersionStages: ['AWSPENDING', `x\n${said}`],
      }),
    );
    for (const words of [
      ['status', 'test/misleading', '--no-verify'],
      ['explain', 'test/misleading'],
    ]) {
      const { stdout } = await command.inTerminal(120, words);
      expect(stdout).not.toContain(`${esc}[8m`);
      expect(stdout.split(/\r?\n/).filter((line) => line.trim().startsWith('AWSCURRENT logs'))).toEqual([]);
      expect(stdout).not.toContain(said);
      expect(stdout).toContain('AWSPENDING');
    }
  });

  it('checks before the first rotation what it would fail by', async () => {
    const ready = await command.run('check', 'demo/app');
    expect(ready.status, ready.stdout + ready.stderr).toBe(0);
    expect(ready.stdout).toContain('Ready: nothing was found by which a rotation of demo/app would fail.');
    expect(ready.stdout).toContain('? schedule: Secrets Manager has no schedule for it');

    await stack.makeSecret({ name: 'test/powerless', username: 'powerless', masterarn: false });
    const missing = await command.run('check', 'test/powerless', '--json');
    expect(missing.status, missing.stdout).toBe(3);
    const { findings, outcome } = JSON.parse(missing.stdout);
    expect(outcome).toBe('Refused');
    expect(findings).toContainEqual(
      expect.objectContaining({
        verdict: 'not-ready',
        steps: expect.arrayContaining(['TestSecret']),
        remedy: expect.stringContaining('docdb-rotation:admin-secret'),
      }),
    );
    const told = await command.inTerminal(80, ['check', 'test/powerless']);
    expect(told.status).toBe(3);
    expect(settledText(told.stdout)).toContain('Not ready: a rotation of test/powerless would fail.');
  });

  it('recovers what is stuck', async () => {
    await stack.secretsManager.send(
      new PutSecretValueCommand({
        SecretId: 'test/lagging',
        SecretString: '{}',
        VersionStages: ['AWSPENDING'],
      }),
    );
    const listed = await command.run('list');
    expect(listed.stdout).toMatch(/test\/lagging .*AWSPENDING stuck: recover/);
    expect((await command.run('status', 'test/lagging')).status).toBe(3);
    const ran = await command.inTerminal(80, ['recover', 'test/lagging', '--yes']);
    expect(ran.status, ran.stdout).toBe(0);
    await isAsInFile('recover-80', ran);
    expect((await command.run('status', 'test/lagging')).status).toBe(0);
  });

  it('leaves the execution running when someone presses Ctrl-C, and says how to follow it', async () => {
    await whileOneLags(async () => {
      const child = command.start(['rotate', 'test/lagging']);
      const ended = finished(child);
      const running = async () =>
        JSON.parse((await command.run('status', 'test/lagging', '--no-verify', '--json')).stdout).running;
      await expect.poll(running, { timeout: 30_000 }).toHaveLength(1);
      const [arn] = await running();
      child.kill('SIGINT');
      const { status, stderr } = await ended;
      expect(status).toBe(130);
      const [, name = ''] = /docdb-rotation watch (\S+)/.exec(stderr) ?? [];
      expect(arn).toMatch(new RegExp(`:${name}$`));
      expect((await stack.executions.describe(arn)).status).toBe('RUNNING');

      const watched = await command.run('watch', name);
      expect(watched).toMatchObject({ status: 3, stdout: expect.stringContaining('RolledBack') });
    });
  });

  it('answers programs with one JSON value', async () => {
    const ran = await command.run('verify', 'demo/app', '--json');
    expect(JSON.parse(ran.stdout)).toMatchObject({
      status: 'SUCCEEDED',
      outcome: 'Verified',
      machine: 'rotation',
      output: { user: 'app', instances: 2 },
      states: [{ name: 'Begin' }, { name: 'CheckInput' }, { name: 'Verify' }, { name: 'Verified' }],
    });
    const failed = await command.run('verify', 'no/such', '--json');
    expect(failed.status).toBe(1);
    expect(JSON.parse(failed.stdout)).toEqual({
      error: 'CommandError',
      message: 'there is no secret no/such in eu-central-1; see docdb-rotation list',
    });
    const unknown = await command.run('report', '--format', 'xml', '--json');
    expect(unknown.status).toBe(2);
    expect(JSON.parse(unknown.stdout)).toMatchObject({
      error: 'CommandError',
      message: expect.stringContaining('--format'),
    });
  });

  describe('whatever names and inputs others choose', () => {
    const start = async (name: string, input: object): Promise<string> => {
      const executionArn = await stack.executions.start(input, name);
      await stack.executions.waitFor(executionArn);
      return executionArn;
    };

    it('lists and explains a mode that is no text', async () => {
      const name = 'by@hand+(1)';
      const arn = await start(name, { secretId: 'demo/app', mode: { toString: 1, valueOf: 1 } });
      expect((await command.run('list')).status).toBe(0);
      expect((await command.run('explain', 'test/lagging')).status).toBe(0);
      const watched = await command.run('watch', arn);
      expect(watched.stdout).toContain(`docdb-rotation explain '${name}'`);
      expect((await command.run('explain', name)).stdout).toMatch(/^Refused {2}by@hand/);
    });

    it('takes no execution for a secret’s by its name alone', async () => {
      const status = async () =>
        JSON.parse((await command.run('status', 'demo/app', '--no-verify', '--json')).stdout);
      const { arn: secretArn, last: before } = await status();
      const name = executionName(secretArn, 'rotate', new Date('2099-12-31'), 'abcd');
      const arn = await start(name, { secretId: 'no/such' });
      expect((await status()).last.execution).toBe(before.execution);
      expect((await command.run('explain', 'demo/app', '--json')).stdout).not.toContain(arn);
    });
  });

  it('starts without waiting', async () => {
    const { status, stdout } = await command.run('verify', 'demo/app', '--no-wait');
    expect(status).toBe(0);
    const { status: ended } = await stack.executions.waitFor(stdout.trim());
    expect(ended).toBe('SUCCEEDED');
  });

  it('reports what was rotated when', async () => {
    const { stdout } = await command.run('report');
    const [head, ...rows] = stdout.trim().split('\n');
    expect(head).toBe('secret,what,startedBy,started,ended,outcome,error,strategy,user,version,execution');
    expect(
      rows.some((row) => /demo\/app-\w{6},rotate,on demand,.*,Rotated,,single-user,app,/.test(row)),
    ).toBe(true);
    expect(
      rows.some((row) => /demo\/admin-\w{6},(verify|check),Secrets Manager,.*,(Verified|Checked),/.test(row)),
    ).toBe(true);
    expect(
      rows.some((row) => /test\/lagging-\w{6},rotate,on demand,.*,RolledBack,RolledBack,/.test(row)),
    ).toBe(true);
    const json = JSON.parse((await command.run('report', '--json', '--days', '1')).stdout);
    expect(json).toHaveLength(rows.length);
  });

  it('uses colours in a terminal only, and not with NO_COLOR', async () => {
    const esc = String.fromCharCode(27);
    const colored = new RegExp(`${esc}\\[3\\dm`);
    const words = ['verify', 'demo/app'];
    expect((await command.inTerminal(80, words)).stdout).toMatch(colored);
    expect((await command.inTerminal(80, words, { environment: { NO_COLOR: '1' } })).stdout).not.toMatch(
      colored,
    );
    expect((await command.run(...words)).stdout).not.toContain(esc);
  });

  it.each([
    ['an unknown verb', ['rotates'], 2, /unknown command 'rotates'/],
    ['a missing secret', ['rotate'], 2, /missing required argument 'secret'/],
    [
      'another stack',
      ['list', '--stack', 'nope'],
      1,
      /there is no stack nope in eu-central-1; name the stack .* --stack/,
    ],
    [
      'two ways to reset',
      ['recover', 'demo/app', '--yes', '--reset-through-admin', '--reset-through-cluster'],
      2,
      /choose one/,
    ],
    ['days that are none', ['report', '--days', 'all'], 2, /--days takes a whole number/],
    ['more days than there are', ['report', '--days', '99999999999'], 2, /--days takes a whole number/],
    ['a machine that is none', ['graph', 'fleet'], 2, /known are rotation, recovery, retirement/],
  ])('fails on %s, and says what to do', async (_what, words, status, message) => {
    const ran = await command.run(...words);
    expect(ran.stderr).toMatch(message);
    expect(ran.status).toBe(status);
    expect(ran.stderr).not.toContain('    at ');
  });

  it('says what is missing without credentials', async () => {
    const noOne = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', AWS_EC2_METADATA_DISABLED: 'true' };
    const ran = await command.with(noOne).run('list');
    expect(ran).toMatchObject({ status: 1, stderr: expect.stringContaining('no AWS credentials') });
  });

  it('takes profile and Region as the AWS CLI does', async () => {
    const { writeFileSync } = await import('node:fs');
    const config = join(stack.directory, 'aws-config');
    writeFileSync(
      config,
      '[profile work]\nregion = eu-central-1\naws_access_key_id = test\naws_secret_access_key = test\n',
    );
    const without = {
      AWS_ACCESS_KEY_ID: undefined,
      AWS_SECRET_ACCESS_KEY: undefined,
      AWS_DEFAULT_REGION: undefined,
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_CONFIG_FILE: config,
    };
    expect((await command.with(without).run('list', '--profile', 'work')).status).toBe(0);
    expect((await command.with({ ...without, AWS_PROFILE: 'work' }).run('list')).status).toBe(0);
    expect(await command.with(without).run('list')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('no Region'),
    });
  });

  it('takes the credentials of who has logged in by SSO, and says what to do once that has expired', async () => {
    const noKeys = {
      AWS_ACCESS_KEY_ID: undefined,
      AWS_SECRET_ACCESS_KEY: undefined,
      AWS_DEFAULT_REGION: undefined,
      AWS_EC2_METADATA_DISABLED: 'true',
    };
    await using portal = await ssoPortal(stack.directory, 3_600_000);
    const asOperator = command.with({ ...noKeys, ...portal.environment });
    expect(await asOperator.run('list', '--profile', 'people')).toMatchObject({ status: 0, stderr: '' });
    expect(portal.asked).toContain('/federation/credentials Operator 000000000000');

    await using expired = await ssoPortal(stack.directory, -1000);
    const tooLate = command.with({ ...noKeys, ...expired.environment });
    expect(await tooLate.run('list', '--profile', 'people')).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/no AWS credentials: .*aws sso login/s),
    });
    expect(expired.asked).toEqual([]);
  });
});
