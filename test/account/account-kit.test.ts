import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { GetAccountAuthorizationDetailsCommand } from '@aws-sdk/client-iam';
import { ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { GetSecretValueCommand, ListSecretsCommand } from '@aws-sdk/client-secrets-manager';
import { ListStateMachinesCommand } from '@aws-sdk/client-sfn';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Undo } from '../local-stack/deployment/index.ts';
import { AnswersFile } from './answers.ts';
import { DEFAULT_NAME } from './names.ts';
import { type LocalGround, startLocalGround } from './place/local-ground.ts';
import { LocalPlace } from './place/local-place.ts';
import { GROUPS } from './questions/all.ts';
import { DENYING_POLICY, leftovers } from './take-down.ts';

const COMMAND = join(import.meta.dirname, 'command.ts');
const LOCAL = join(import.meta.dirname, '..', '..', '.local');

/** `npm run conformance`, as someone runs it in a terminal. */
class KitCommand {
  readonly output: string[] = [];
  readonly exited: Promise<number | null>;
  readonly pid: number;
  readonly file: string;
  readonly #child: ChildProcess;

  constructor(directory: string, ...options: string[]) {
    this.file = join(directory, 'answers.json');
    this.#child = spawn(process.execPath, [COMMAND, ...options], {
      cwd: directory,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.pid = this.#child.pid ?? 0;
    this.exited = once(this.#child, 'exit').then(([code]) => code);
    for (const stream of [this.#child.stdout, this.#child.stderr])
      if (stream) createInterface(stream).on('line', (line) => this.output.push(line));
  }

  says(text: string): Promise<void> {
    return vi.waitFor(
      () => {
        if (!this.output.some((line) => line.includes(text)))
          throw new Error(`"${text}" is not in:\n${this.output.join('\n')}`);
      },
      { timeout: 100_000, interval: 5 },
    );
  }

  answers(): AnswersFile {
    return AnswersFile.parse(JSON.parse(readFileSync(this.file, 'utf8')));
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
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

let directory: string;
const running: KitCommand[] = [];

const start = (...options: string[]): KitCommand => {
  const command = new KitCommand(directory, ...options);
  running.push(command);
  return command;
};

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'account-kit-'));
});
afterEach(async () => {
  for (const command of running.splice(0)) {
    command.signal('SIGKILL');
    await command.exited;
  }
  rmSync(directory, { recursive: true, force: true });
});

describe('npm run conformance -- --plan', () => {
  it('says what it will create and what it will cost, within the limits that it promises', async () => {
    const command = start('--plan', '--region', 'eu-west-1');
    expect(await command.exited).toBe(0);
    const told = command.output.join('\n');
    expect(told).toContain(`${DEFAULT_NAME}-ground`);
    expect(Number(/ all +([\d.]+) USD/.exec(told)?.[1])).toBeLessThan(5);
    expect(Number(/(\d+) min {2}in all/.exec(told)?.[1])).toBeLessThan(45);
    expect(told).toContain('Nothing was created.');
  });
});

describe('npm run conformance -- --local', () => {
  it('asks everything that can be asked here, says why of the rest, and leaves nothing', async () => {
    const command = start('--local');
    expect(await command.exited, command.output.join('\n')).toBe(0);
    const file = command.answers();
    const all = GROUPS.flatMap(({ questions, afterwards = [] }) => [...questions, ...afterwards]);
    expect(file).toMatchObject({ place: 'local', complete: true, stoppedBy: null, takenDown: { left: [] } });
    expect(file.answers.map(({ id }) => id)).toEqual(all.map(({ id }) => id));
    expect(file.answers.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
    const notHere = all.filter((each) => each.notHere !== undefined || 'notAnywhere' in each);
    const notAsked = file.answers.filter(({ outcome }) => outcome === 'not asked here');
    expect(notAsked.map(({ id }) => id)).toEqual(notHere.map(({ id }) => id));
    expect(JSON.stringify(file)).not.toMatch(/arn:aws|127\.0\.0\.1|000000000000/);
    expect(command.output.join('\n')).toContain('they say nothing about AWS');
    expect(command.folders()).toEqual([]);
    expect(processesFrom(`run-${command.pid}-`)).toEqual([]);
  });

  it('takes everything down after Ctrl-C, and tells what it had found', async () => {
    const command = start('--local', '--only', 'labels');
    await command.says('asking: Is the quota');
    command.signal('SIGINT');
    expect(await command.exited).toBe(130);
    expect(command.answers()).toMatchObject({
      complete: false,
      stoppedBy: 'stopped by SIGINT',
      takenDown: { left: [] },
    });
    expect(command.answers().answers.length).toBeGreaterThan(0);
    expect(command.folders()).toEqual([]);
    expect(processesFrom(`run-${command.pid}-`)).toEqual([]);
  });
});

describe('npm run conformance, in an account that outlives it', () => {
  const undo = new Undo();
  let ground: LocalGround;
  let place: LocalPlace;

  beforeAll(async () => {
    ground = await startLocalGround('5.0', undo, () => {});
    place = new LocalPlace(ground);
  });
  afterAll(() => undo.all());

  const here = (): string[] => {
    const file = join(directory, 'ground.json');
    writeFileSync(file, JSON.stringify(ground));
    return ['--local', '--ground', file];
  };

  /** All that there is in the account, whatever it is called. */
  const inTheAccount = async () => {
    const { iam, lambda, secretsManager, stepFunctions } = place.clients;
    const { RoleDetailList = [] } = await iam.send(
      new GetAccountAuthorizationDetailsCommand({ Filter: ['Role'] }),
    );
    const { Functions = [] } = await lambda.send(new ListFunctionsCommand({}));
    const { stateMachines = [] } = await stepFunctions.send(new ListStateMachinesCommand({}));
    const { SecretList = [] } = await secretsManager.send(new ListSecretsCommand({}));
    return {
      roles: RoleDetailList.map(({ RoleName, RolePolicyList = [] }) => ({
        name: RoleName,
        policies: RolePolicyList.map(({ PolicyName }) => PolicyName),
      })),
      functions: Functions.map(({ FunctionName }) => FunctionName),
      machines: stateMachines.map(({ name }) => name),
      secrets: SecretList.map(({ Name }) => Name),
    };
  };

  const passwords = async (): Promise<string[]> => {
    const { secretsManager } = place.clients;
    const { SecretList = [] } = await secretsManager.send(new ListSecretsCommand({}));
    const values = await Promise.all(
      SecretList.map(({ ARN }) => secretsManager.send(new GetSecretValueCommand({ SecretId: ARN }))),
    );
    return values.flatMap(({ SecretString = '' }) => JSON.parse(SecretString).password ?? []);
  };

  const isDenied = () =>
    vi.waitFor(
      async () => {
        const { roles } = await inTheAccount();
        expect(roles.flatMap(({ policies }) => policies)).toContain(DENYING_POLICY);
      },
      { timeout: 30_000, interval: 20 },
    );

  const EMPTY = { roles: [], functions: [], machines: [], secrets: ['local/admin'] };

  it.each([
    ['deploys', `deploying the stack ${DEFAULT_NAME}-ground`],
    ['takes things down', `deleting the stack ${DEFAULT_NAME}-rotation`],
  ])('leaves nothing after Ctrl-C while it %s', async (_what, text) => {
    const command = start(...here(), '--only', 'labels');
    await command.says(text);
    command.signal('SIGINT');
    expect(await command.exited).toBe(130);
    expect(command.answers().takenDown?.left).toEqual([]);
    expect(await inTheAccount()).toEqual(EMPTY);
  });

  it.each([
    ['while it deployed', 'labels', `deploying the stack ${DEFAULT_NAME}-rotation`, async () => {}],
    // The worst moment: a permission is taken away, and a rotation goes on.
    ['while it asked', 'faults', 'asking: How does a rotation end whose SetSecret', isDenied],
    ['while it took things down', 'labels', `deleting the stack ${DEFAULT_NAME}-rotation`, async () => {}],
  ])('leaves nothing after --down, if it was killed %s', async (_when, group, text, fact) => {
    const killed = start(...here(), '--only', group);
    await killed.says(text);
    await fact();
    killed.signal('SIGKILL');
    await killed.exited;
    expect(await leftovers(place, DEFAULT_NAME)).not.toEqual([]);
    const known = await passwords();

    const again = start(...here());
    expect(await again.exited).toBe(1);
    expect(again.output.join('\n')).toContain('is there already: take it down by --down');

    const down = start(...here(), '--down');
    expect(await down.exited, down.output.join('\n')).toBe(0);
    expect(down.output).toContain('nothing is left');
    expect(await leftovers(place, DEFAULT_NAME)).toEqual([]);
    expect(await inTheAccount()).toEqual(EMPTY);

    const written = [
      ...[killed, again, down].flatMap(({ output }) => output),
      ...[killed.file, join(ground.directory, 'functions.log')]
        .filter((file) => existsSync(file))
        .map((file) => readFileSync(file, 'utf8')),
    ].join('\n');
    expect(known.length).toBeGreaterThan(0);
    expect(known.filter((password) => written.includes(password))).toEqual([]);
  });
});
