import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import {
  GetSecretValueCommand,
  RotateSecretCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { freePort } from '../ministack/free-port.ts';

const COMMAND = join(import.meta.dirname, 'stack.ts');
const LOCAL = join(import.meta.dirname, '..', '..', '..', '.local');
const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };

/** `npm run stack`, as someone runs it in a terminal. */
class StackCommand {
  readonly file: string;
  readonly output: string[] = [];
  readonly pid: number;
  readonly exited: Promise<number>;
  private readonly child: ChildProcess;

  constructor(directory: string, ...options: string[]) {
    this.file = join(directory, `stack-${Math.random()}.json`);
    this.child = spawn(process.execPath, [COMMAND, '--file', this.file, ...options], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.pid = this.child.pid ?? 0;
    this.exited = once(this.child, 'exit').then(([code]) => code);
    for (const stream of [this.child.stdout, this.child.stderr]) {
      if (stream) createInterface(stream).on('line', (line) => this.output.push(line));
    }
  }

  prints(text: RegExp | string): Promise<void> {
    return vi.waitFor(
      () => {
        if (!this.output.some((line) => (typeof text === 'string' ? line === text : text.test(line)))) {
          throw new Error(`${text} is not in:\n${this.output.join('\n')}`);
        }
      },
      { timeout: 90_000, interval: 50 },
    );
  }

  description() {
    return JSON.parse(readFileSync(this.file, 'utf8'));
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  folders(): string[] {
    return readdirSync(LOCAL).filter((name) => name.startsWith(`run-${this.pid}-`));
  }
}

/** The processes that run something from a folder. Empty where there is no /proc. */
const processesFrom = (folder: string): string[] =>
  (existsSync('/proc') ? readdirSync('/proc') : []).filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return readFileSync(join('/proc', name, 'cmdline'), 'utf8').includes(folder);
    } catch {
      return false;
    }
  });

const answers = (url: string): Promise<boolean> =>
  fetch(url, { signal: AbortSignal.timeout(2_000) }).then(
    () => true,
    () => false,
  );

describe('npm run stack', () => {
  let directory: string;
  const running: StackCommand[] = [];

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'stack-command-'));
  });
  afterEach(async () => {
    for (const command of running.splice(0)) {
      command.signal('SIGKILL');
      await command.exited;
    }
    rmSync(directory, { recursive: true, force: true });
  });

  const start = (...options: string[]): StackCommand => {
    const command = new StackCommand(directory, ...options);
    running.push(command);
    return command;
  };

  it('runs twice side by side, says how to use each, and leaves nothing after Ctrl-C', async () => {
    const commands = [start(), start()];
    await Promise.all(commands.map((command) => command.prints('ready')));
    const [one, other] = commands.map((command) => command.description());
    expect(one.awsEndpointUrl).not.toBe(other.awsEndpointUrl);

    for (const command of commands) {
      const { awsEndpointUrl, secretsManagerEndpointUrl } = command.description();
      expect(command.output).toContain(`export AWS_ENDPOINT_URL=${awsEndpointUrl}`);
      expect(command.output).toContain(
        `export AWS_ENDPOINT_URL_SECRETS_MANAGER=${secretsManagerEndpointUrl}`,
      );
      for (const name of ['AWS_REGION', 'AWS_DEFAULT_REGION']) {
        expect(command.output).toContain(`export ${name}=eu-central-1`);
      }
      command.signal('SIGINT');
    }
    expect(await Promise.all(commands.map(({ exited }) => exited))).toEqual([0, 0]);
    for (const command of commands) {
      expect(existsSync(command.file)).toBe(false);
      expect(command.folders()).toEqual([]);
    }
    for (const { awsEndpointUrl, secretsManagerEndpointUrl } of [one, other]) {
      expect(await answers(awsEndpointUrl)).toBe(false);
      expect(await answers(secretsManagerEndpointUrl)).toBe(false);
    }
  });

  it('can be used by any SDK, with what it wrote into its file, and takes its functions along when it is killed', async () => {
    const command = start();
    await command.prints('ready');
    const { awsEndpointUrl, secretsManagerEndpointUrl, region, stateMachines, secrets, documentDb } =
      command.description();
    expect(stateMachines).toEqual({
      rotation: expect.stringMatching(/^arn:aws:states:.+:stateMachine:.*Rotation/),
      recovery: expect.stringMatching(/^arn:aws:states:.+:stateMachine:.*Recovery/),
      retirement: expect.stringMatching(/^arn:aws:states:.+:stateMachine:.*Retirement/),
    });
    expect(documentDb).toEqual({
      host: '127.0.0.1',
      port: expect.any(Number),
      caFile: expect.stringMatching(/ca\.pem$/),
      primaryUser: 'dbadmin',
    });

    const secretsManager = new SecretsManagerClient({
      endpoint: secretsManagerEndpointUrl,
      region,
      credentials: CREDENTIALS,
    });
    const read = async () =>
      JSON.parse(
        (await secretsManager.send(new GetSecretValueCommand({ SecretId: secrets['demo/app'] })))
          .SecretString ?? '',
      );
    const before = await read();
    expect(before).toMatchObject({ engine: 'mongo', username: 'app', port: documentDb.port });

    const stepFunctions = new SFNClient({ endpoint: awsEndpointUrl, region, credentials: CREDENTIALS });
    const { executionArn } = await stepFunctions.send(
      new StartExecutionCommand({
        stateMachineArn: stateMachines.rotation,
        input: JSON.stringify({ secretId: 'demo/app' }),
      }),
    );
    await vi.waitFor(
      async () => {
        const { status } = await stepFunctions.send(new DescribeExecutionCommand({ executionArn }));
        expect(status).toBe('SUCCEEDED');
      },
      { timeout: 60_000, interval: 200 },
    );
    const between = await read();
    expect(between.password).not.toBe(before.password);

    // README's first way. As after a deployment, the secret knows its rotation function.
    await secretsManager.send(new RotateSecretCommand({ SecretId: 'demo/app' }));
    await vi.waitFor(async () => expect((await read()).password).not.toBe(between.password), {
      timeout: 60_000,
      interval: 200,
    });
    await command.prints(/^rotation of demo\/app: begun, arn:aws:states:/);
    await command.prints(/^rotation of demo\/app: SUCCEEDED after [\d.]+ s, rotated$/);
    await stepFunctions.send(
      new StartExecutionCommand({
        stateMachineArn: stateMachines.rotation,
        input: JSON.stringify({ secretId: 'demo/none' }),
      }),
    );
    await command.prints(
      /^rotation of demo\/none: FAILED after [\d.]+ s, SecretNotRotatableError: .+demo\/none/,
    );
    expect(command.output.join('\n')).not.toContain(before.password);
    expect(readFileSync(command.file, 'utf8')).not.toContain(before.password);

    const folders = `run-${command.pid}-`;
    if (existsSync('/proc')) expect(processesFrom(folders)).not.toEqual([]);
    command.signal('SIGKILL');
    await vi.waitFor(() => expect(processesFrom(folders)).toEqual([]), { timeout: 3_000 });
  });

  it('leaves the file to another one that runs, and says so before it starts anything', async () => {
    const first = start();
    await first.prints('ready');
    const second = start('--file', first.file);
    expect(await second.exited).toBe(1);
    expect(second.output.join('\n')).toMatch(
      new RegExp(`describes a local stack that runs \\(process ${first.pid}\\).+--file`),
    );
    expect(second.folders()).toEqual([]);
    expect(first.description().pid).toBe(first.pid);
  });

  it('leaves nothing when it is ended while it starts', async () => {
    const port = await freePort();
    const command = start('--port', String(port));
    await command.prints(/deploying/);
    command.signal('SIGTERM');
    expect(await command.exited).toBe(143);
    expect(await answers(`http://127.0.0.1:${port}`)).toBe(false);
    expect(existsSync(command.file)).toBe(false);
    expect(command.folders()).toEqual([]);
  });

  it('fails, says why and leaves nothing when a port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    const port = typeof address === 'object' ? String(address?.port) : '';
    const command = start('--port', port);
    expect(await command.exited).toBe(1);
    expect(command.output.at(-1)).toMatch(/did not start: port \d+ can't be used/);
    expect(command.folders()).toEqual([]);
    taken.close();
  });

  it.each([
    ['an unknown option', ['--ports', '1'], /Unknown option/],
    ['a port that is no number', ['--port', 'http'], /--port takes a whole number/],
    ['an engine that does not exist', ['--engine-version', '9.9'], /--engine-version takes one of 3\.6/],
  ])('fails on %s before it starts anything', async (_what, options, message) => {
    const command = start(...options);
    expect(await command.exited).toBe(1);
    expect(command.output.join('\n')).toMatch(message);
    expect(command.folders()).toEqual([]);
  });
});
