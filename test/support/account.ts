import {
  ClusterApiUnavailableError,
  DatabaseUnavailableError,
  SecretsManagerUnavailableError,
} from '../../functions/contract/errors.ts';
import type { Execution, Executions } from '../../functions/rotation-trigger/executions.ts';
import { rotationTrigger } from '../../functions/rotation-trigger/rotation-trigger.ts';
import { holderOf } from '../../functions/secret/labels.ts';
import { OldAnswers } from './old-answers.ts';
import { type Gate, ProcessDiedError } from './port-calls.ts';
import {
  executionArn,
  type MachineOptions,
  RecoveryMachine,
  RetirementMachine,
  RotationMachine,
  stoppedEvent,
} from './rotation-machine.ts';
import { type Ports, portsOf } from './rotation-steps.ts';
import { RotationWorld, SECRET, type WorldOptions } from './rotation-world.ts';
import { type Ending, ExecutionAbortedError } from './state-machine.ts';
import { VirtualTime } from './virtual-time.ts';

export type MachineName = 'rotation' | 'recovery' | 'retirement';

/** One call of a port, and who makes it. */
export interface Call {
  readonly execution: string;
  readonly method: string;
  /** Counted from 1, for each execution and method. */
  readonly number: number;
}

/** What becomes of a call. `late`: the caller is told that nothing answered, and the effect comes that much later. */
export type Mishap = 'unavailable' | 'reply lost' | 'dies before' | 'dies after' | { readonly late: number };

export interface AccountOptions extends WorldOptions {
  /** Milliseconds until a call has its effect, and as many until its answer is there. 10 by default. */
  readonly latency?: (call: Call) => number;
  readonly mishap?: (call: Call) => Mishap | undefined;
  /** How old an answer of Secrets Manager is, in milliseconds. 0 by default. */
  readonly age?: (() => number) | undefined;
  readonly isMonotonic?: boolean;
  /** Seconds until EventBridge starts a recovery, or undefined where it never does. 1 by default. */
  readonly ruleDelay?: number | undefined;
  /** A part of each pause before a step is tried again: jitter. All of it by default. */
  readonly jitter?: () => number;
  /** Whether a retirement is started, and Step Functions' answer is lost. */
  readonly isRetirementReplyLost?: boolean;
  /** Milliseconds that a function may run before Lambda ends it. */
  readonly functionTimeout?: number;
}

export interface Started {
  readonly arn: string;
  readonly machine: MachineName;
  readonly input: unknown;
  readonly begun: number;
  status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'ABORTED';
  error?: string;
  cause?: string;
  ending?: Ending;
  endedAt?: number;
  aborted?: ExecutionAbortedError;
  /** Settles when it has ended, however it did. */
  ended: Promise<void>;
  stop: (status?: 'ABORTED' | 'FAILED', error?: string) => void;
}

const MACHINES = { rotation: RotationMachine, recovery: RecoveryMachine, retirement: RetirementMachine };

/** The drain of these tests is 75 seconds: a function's time-out, 10 of its start, 20 more. */
const FUNCTION_TIMEOUT_MS = 45_000;

/** Secrets Manager's rotation function waits for the execution. */
const TRIGGER_TIMEOUT_MS = 15 * 60_000;

const DATABASE_CALLS = new Set([
  'login',
  'ping',
  'instances',
  'takesWrites',
  'ownRoles',
  'findUser',
  'createUser',
  'updateUser',
  'dropUser',
]);
const CLUSTER_CALLS = new Set(['describeCluster', 'askForPassword']);

/**
 * One account in virtual time: executions of the real definitions over the real functions, Secrets Manager's own rotations, and
 * the rule that starts recoveries. An execution that is stopped leaves the function behind that it runs.
 */
export class Account {
  readonly time = new VirtualTime();
  readonly world: RotationWorld;
  readonly executions = new Map<string, Started>();
  readonly notices: unknown[] = [];
  /** What did not hold at some moment. */
  readonly problems = new Set<string>();
  /** What happened, for people. */
  readonly story: string[] = [];
  readonly #options: AccountOptions;
  readonly #answers: OldAnswers;
  readonly #numbers = new Map<string, number>();
  readonly #hooks: {
    readonly execution: RegExp;
    readonly method: string;
    left: number;
    readonly act: () => void;
  }[] = [];
  /** Every call that had its effect. */
  readonly calls: Call[] = [];
  /** Whether invariants are asked after each call. An operator may break them for a moment. */
  isWatched = true;
  #recoveries = 0;

  private constructor(options: AccountOptions) {
    this.#options = options;
    this.world = new RotationWorld({ ...options, clock: this.time });
    this.#answers = new OldAnswers(this.world);
  }

  static async open(options: AccountOptions = {}): Promise<Account> {
    const account = new Account(options);
    await account.#answers.note();
    return account;
  }

  tell(text: string): void {
    this.story.push(`${(this.time.now() / 1000).toFixed(2)} s: ${text}`);
  }

  /** Runs `act` right after an execution's call has had its effect, before its caller knows. */
  after(execution: RegExp, method: string, act: () => void, number = 1): void {
    this.#hooks.push({ execution, method, left: number, act });
  }

  async at(seconds: number, act: () => unknown): Promise<void> {
    await this.time.sleep(seconds * 1000 - this.time.now());
    await act();
    await this.changed();
  }

  /** Someone changed the secret or the database by hand. */
  async changed(): Promise<void> {
    await this.#answers.note();
  }

  start(machine: MachineName, name: string, input: unknown): Started {
    const arn = executionArn(name, machine);
    const known = this.executions.get(arn);
    if (known !== undefined) return known;
    let stop: Started['stop'] = () => {};
    const stopped = new Promise<never>((_, reject) => {
      stop = (status = 'ABORTED', error) => {
        if (started.status !== 'RUNNING') return;
        this.tell(
          `${arn.split(':').slice(-2).join(' ')} is stopped${error === undefined ? '' : ` by ${error}`}`,
        );
        this.#end(started, status, error);
        reject(new ExecutionAbortedError('stopped'));
      };
    });
    stopped.catch(() => {});
    const started: Started = {
      arn,
      machine,
      input,
      begun: this.time.now(),
      status: 'RUNNING',
      ended: Promise.resolve(),
      stop,
    };
    this.executions.set(arn, started);
    this.tell(`${machine} ${name} starts`);
    started.ended = this.#run(
      started,
      (options) => new MACHINES[machine](this.world, options).run(arn, input),
      stopped,
    );
    return started;
  }

  /** As RedriveExecution: it goes on from the state that it was stopped in. */
  redrive(started: Started): void {
    const { aborted, machine } = started;
    if (aborted === undefined) throw new Error('it was not stopped');
    const never = new Promise<never>(() => {});
    started.status = 'RUNNING';
    delete started.endedAt;
    this.tell(`${started.arn.split(':').slice(-2).join(' ')} is redriven`);
    started.ended = this.#run(
      started,
      (options) => new MACHINES[machine](this.world, options).redrive(aborted),
      never,
    );
  }

  async #run(
    started: Started,
    run: (options: MachineOptions) => Promise<Ending>,
    stopped: Promise<never>,
  ): Promise<void> {
    const pause = (seconds: number): Promise<void> =>
      Promise.race([this.time.sleep(seconds * 1000), stopped]);
    const jitter = this.#options.jitter ?? (() => 1);
    try {
      const ending = await run({
        calls: { process: () => this.gate(started.arn) },
        ports: () => this.ports(started.arn),
        stopped,
        wait: (_state, seconds) => pause(seconds),
        pause: (seconds) => pause(seconds * jitter()),
        now: () => this.time.now(),
        tasks: this.#tasks(),
      });
      started.ending = ending;
      if (started.status === 'RUNNING') this.#end(started, ending.status, ending.error, ending.cause);
    } catch (error) {
      if (!(error instanceof ExecutionAbortedError)) {
        this.problems.add(`${started.arn}: ${error}`);
        this.#end(started, 'FAILED', 'States.Runtime', String(error));
      } else started.aborted = error;
    }
  }

  #end(started: Started, status: Started['status'], error?: string, cause?: string): void {
    started.status = status;
    started.endedAt = this.time.now();
    if (error !== undefined) started.error = error;
    if (cause !== undefined) started.cause = cause;
    this.tell(
      `${started.arn.split(':').slice(-2).join(' ')} ends as ${status} ${error ?? ''} ${cause?.slice(0, 160) ?? ''}`,
    );
    const { ruleDelay = 1 } = this.#options;
    if (this.#options.ruleDelay === undefined && 'ruleDelay' in this.#options) return;
    if (!isCutOff(status, error)) return;
    const name = `by-rule-${++this.#recoveries}`;
    const event = {
      ...stoppedEvent(started.arn, started.input, status),
      ...(error === undefined ? {} : { error }),
    };
    void this.time.sleep(ruleDelay * 1000).then(() => this.start('recovery', name, event));
  }

  #tasks(): NonNullable<MachineOptions['tasks']> {
    return {
      'arn:aws:states:::sns:publish': async (notice) => {
        this.notices.push(notice);
        return { MessageId: 'one' };
      },
      'arn:aws:states:::states:startExecution': async (request) => {
        const { Name, Input } = request as { Name: string; Input: unknown };
        const { arn } = this.start('retirement', Name, Input);
        if (this.#options.isRetirementReplyLost) throw new Error('no answer');
        return { ExecutionArn: arn };
      },
      'arn:aws:states:::aws-sdk:sfn:describeExecution': async (request) => {
        const { ExecutionArn } = request as { ExecutionArn: string };
        const { input, status, error } = this.executions.get(ExecutionArn) as Started;
        return {
          ExecutionArn,
          Input: JSON.stringify(input),
          Status: status,
          ...(error === undefined ? {} : { Error: error }),
        };
      },
    };
  }

  /** The ports of one process of an execution. */
  ports(execution: string, timeout = this.#options.functionTimeout ?? FUNCTION_TIMEOUT_MS): Ports {
    const gate = this.gate(execution, timeout);
    const ports = portsOf(this.world, { process: () => gate });
    const { age, isMonotonic = false } = this.#options;
    return age === undefined
      ? ports
      : { ...ports, secrets: this.#answers.port(ports.secrets, gate, age, isMonotonic) };
  }

  gate(execution: string, timeout = FUNCTION_TIMEOUT_MS): Gate {
    const { latency = () => 10, mishap } = this.#options;
    const diesAt = this.time.now() + timeout;
    let dead = false;
    return async (method, apply) => {
      const call = { execution, method, number: this.#count(execution, method) };
      await this.time.sleep(latency(call));
      dead ||= this.time.now() > diesAt;
      if (dead) throw new ProcessDiedError('the process is dead');
      const due = mishap?.(call);
      if (due !== undefined) this.tell(`${execution.split(':').at(-1)} ${method}: ${JSON.stringify(due)}`);
      if (due === 'unavailable') throw unavailable(method);
      if (due === 'dies before') {
        dead = true;
        throw new ProcessDiedError('it died');
      }
      if (typeof due === 'object') {
        void this.time.sleep(due.late).then(() =>
          this.#effect(call, apply).then(
            () => {},
            () => {},
          ),
        );
        throw unavailable(method);
      }
      const settle = await this.#effect(call, apply);
      if (due === 'dies after') {
        dead = true;
        throw new ProcessDiedError('it died');
      }
      await this.time.sleep(latency(call));
      if (due === 'reply lost') throw unavailable(method);
      return settle();
    };
  }

  #count(execution: string, method: string): number {
    const key = `${execution} ${method}`;
    const number = (this.#numbers.get(key) ?? 0) + 1;
    this.#numbers.set(key, number);
    return number;
  }

  async #effect<T>(call: Call, apply: () => T): Promise<() => T> {
    let settle: () => T;
    try {
      const value = apply();
      settle = () => value;
    } catch (error) {
      settle = () => {
        throw error;
      };
    }
    if (!READS.has(call.method)) {
      await this.#answers.note();
      if (this.isWatched) {
        for (const problem of this.world.momentProblems()) {
          if (this.problems.has(problem)) continue;
          this.problems.add(problem);
          this.tell(`${problem}, after ${call.method} of ${call.execution.split(':').at(-1)}`);
        }
      }
    }
    this.calls.push(call);
    for (const hook of this.#hooks.filter(
      ({ execution, method }) => method === call.method && execution.test(call.execution),
    )) {
      hook.left -= 1;
      if (hook.left === 0) hook.act();
    }
    return settle;
  }

  /** Step Functions, as the trigger sees it. */
  stepFunctions(): Executions {
    const shown = ({ arn, status, input, error, cause }: Started): Execution => ({
      arn,
      name: arn.split(':').at(-1) ?? '',
      status,
      input: JSON.stringify(input),
      ...(error === undefined ? {} : { error }),
      ...(cause === undefined ? {} : { cause }),
    });
    const find = async (name: string): Promise<Execution | undefined> => {
      await this.time.sleep(10);
      const started = this.executions.get(executionArn(name));
      return started && shown(started);
    };
    return {
      find,
      arnOf: (name) => executionArn(name),
      link: (arn) => `https://example.com/${arn}`,
      start: async (name, input) => {
        await this.time.sleep(10);
        return shown(this.start('rotation', name, input));
      },
    };
  }

  /**
   * Secrets Manager's own rotation: the four steps in turn, and all of them again with the same token after a failure.
   * https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets-lambda-function-overview.html
   *
   * @returns what each attempt came to
   */
  async rotateByService({ attempts = 3, pause = 30 } = {}): Promise<string[]> {
    const secret = await this.world.store.port().describe(SECRET);
    const pending = holderOf(secret, 'AWSPENDING');
    // "assumes that a previous rotation request is still in progress and returns an error"
    if (pending !== undefined && pending !== holderOf(secret, 'AWSCURRENT')) return ['refused'];
    const rotation = this.world.beginRotation();
    await this.changed();
    const told: string[] = [];
    for (let attempt = 1; attempt <= attempts; attempt++) {
      told.push(await this.#attempt(rotation));
      if (told.at(-1) === 'rotated') break;
      await this.time.sleep(pause * 1000);
    }
    return told;
  }

  async #attempt({ token, rotationToken }: { token: string; rotationToken: string }): Promise<string> {
    for (const Step of ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const) {
      const ports = {
        ...this.ports('trigger', TRIGGER_TIMEOUT_MS),
        executions: this.stepFunctions(),
        clock: this.time,
        days: new Map<string, string>(),
      };
      const event = {
        Step,
        SecretId: this.world.secretArn,
        ClientRequestToken: token,
        RotationToken: rotationToken,
      };
      try {
        await rotationTrigger(ports, event, this.time.now() + TRIGGER_TIMEOUT_MS - 15_000);
      } catch (error) {
        this.tell(`the trigger's ${Step} fails: ${String(error).slice(0, 200)}`);
        return `${Step}: ${error}`;
      }
    }
    return 'rotated';
  }
}

const READS = new Set([
  'describe',
  'read',
  'readCurrent',
  'listVersions',
  'newPassword',
  'login',
  'ping',
  'instances',
  'takesWrites',
  'ownRoles',
  'findUser',
  'describeCluster',
]);

const unavailable = (method: string): Error => {
  if (DATABASE_CALLS.has(method)) return new DatabaseUnavailableError('no answer');
  if (CLUSTER_CALLS.has(method)) return new ClusterApiUnavailableError('no answer');
  return new SecretsManagerUnavailableError('no answer');
};

/** What the rule of the infrastructure matches. */
const isCutOff = (status: Started['status'], error = ''): boolean =>
  status === 'ABORTED' ||
  (status === 'FAILED' && (error.startsWith('States.') || error === 'RotationSupersededError'));
