import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { listenOnLoopback } from '../../local-stack/loopback-server.ts';

/** A call of a function that is under way. */
export interface Invocation {
  readonly pid: number;
  readonly functionName: string;
  readonly secretArn: string;
  /** The execution that called it; the trigger is called by Secrets Manager. */
  readonly executionArn: string | undefined;
  /** `before`, `pending` or `current`, of TestSecret. */
  readonly check: string | undefined;
  /** Of RecoverSecret: `take-lock`, `reconcile` or `release-lock`. */
  readonly action: string | undefined;
  /** Of RestoreLabels. */
  readonly promotionOnly: boolean;
  /** Of the trigger. */
  readonly triggerStep: string | undefined;
}

/** What a function fails with, as the Runtime API is told. */
export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
}

/** Told when a call of a function begins and when it is about to be answered; the function waits for it. */
export interface InvocationListener {
  /**
   * @param event what the function is given
   * @returns false if the execution was stopped, which calls no function any more; an error, with which the function fails and does nothing
   */
  begins(invocation: Invocation, event: unknown): Promise<boolean | FunctionError>;
  /**
   * @param answer what the function comes to: its result, or what it threw
   * @returns an error that is answered in place of it
   */
  ends(invocation: Invocation, answer: unknown): Promise<FunctionError | undefined>;
}

const Message = z.object({
  moment: z.enum(['before', 'after', 'waiting']),
  pid: z.number(),
  event: z.unknown().optional(),
  answer: z.unknown().optional(),
});

/** Shorter than the five minutes after which the function's request would fail. */
const LONGEST_ANSWER_MS = 60_000;

/** The event's RotationToken is a credential: it is not kept. */
const Begin = z.object({
  functionName: z.string(),
  event: z.object({
    secretId: z.string().optional(),
    SecretId: z.string().optional(),
    plan: z.object({ secretArn: z.string() }).nullish(),
    execution: z.string().optional(),
    check: z.string().optional(),
    action: z.string().optional(),
    promotionOnly: z.boolean().optional(),
    Step: z.string().optional(),
  }),
});

/** Where the functions of a local stack tell of themselves (see `INVOCATION_HOOK` in the runtime client). */
export class Invocations {
  readonly url: string;
  readonly stop: () => Promise<void>;
  #listener: InvocationListener | undefined;
  readonly #running = new Map<number, Invocation>();
  /** What the functions wait for, by their processes. */
  readonly #replies = new Map<number, Promise<string>>();

  private constructor(url: string, stop: () => Promise<void>) {
    this.url = url;
    this.stop = stop;
  }

  static async listen(): Promise<Invocations> {
    let invocations: Invocations | undefined;
    const { url, close } = await listenOnLoopback(0, async ({ body }) => ({
      status: 200,
      body: (await invocations?.receive(JSON.parse(body))) ?? '',
    }));
    invocations = new Invocations(url, close);
    return invocations;
  }

  tell(listener: InvocationListener): void {
    this.#listener = listener;
  }

  /** What the process of that id is doing. */
  of(pid: number): Invocation | undefined {
    return this.#running.get(pid);
  }

  /** The calls that are under way for a secret, in the order they began; a process that died is none. */
  for(secretArn: string): Invocation[] {
    return [...this.#running.values()].filter(
      (invocation) => invocation.secretArn === secretArn && this.#isAlive(invocation),
    );
  }

  /** Ends the process as a crash does, in the middle of whatever it does. */
  kill({ pid }: Invocation): void {
    this.#running.delete(pid);
    if (isFunctionOfOurs(pid)) process.kill(pid, 'SIGKILL');
  }

  async receive(body: unknown): Promise<string> {
    const { moment, pid, event, answer } = Message.parse(body);
    if (moment === 'before') this.#replies.set(pid, this.#begins(invocationOf(pid, body), event));
    if (moment === 'after') this.#replies.set(pid, this.#ends(pid, answer));
    return await withinTime(this.#replies.get(pid) ?? Promise.resolve(''));
  }

  async #begins(invocation: Invocation, event: unknown): Promise<string> {
    this.#running.delete(invocation.pid);
    this.#running.set(invocation.pid, invocation);
    const told = (await this.#listener?.begins(invocation, event)) ?? true;
    if (typeof told === 'object') return JSON.stringify(told);
    return told ? '' : 'stopped';
  }

  async #ends(pid: number, answer: unknown): Promise<string> {
    const invocation = this.#running.get(pid);
    const told = invocation && (await this.#listener?.ends(invocation, answer));
    this.#running.delete(pid);
    return told ? JSON.stringify(told) : '';
  }

  #isAlive({ pid }: Invocation): boolean {
    const alive = isFunctionOfOurs(pid);
    if (!alive) this.#running.delete(pid);
    return alive;
  }
}

const withinTime = async (reply: Promise<string>): Promise<string> => {
  const { promise: late, resolve } = Promise.withResolvers<string>();
  const timer = setTimeout(resolve, LONGEST_ANSWER_MS, 'wait');
  return await Promise.race([reply, late]).finally(() => clearTimeout(timer));
};

/**
 * The emulator ends a function that runs out of time, and the system may give its process id to anybody: only a
 * process that runs from a folder of this one's own stack is a function's.
 */
const isFunctionOfOurs = (pid: number): boolean => {
  try {
    const command = commandOf(pid);
    return command.includes(`run-${process.pid}-`) && command.includes('runtime-client.mjs');
  } catch {
    return false;
  }
};

/** `ps` takes ten milliseconds, and this is asked with every command of the database. */
const commandOf = (pid: number): string =>
  existsSync('/proc/self/cmdline')
    ? readFileSync(`/proc/${pid}/cmdline`, 'utf8')
    : execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' });

const invocationOf = (pid: number, body: unknown): Invocation => {
  const { functionName, event } = Begin.parse(body);
  return {
    pid,
    functionName,
    secretArn: event.plan?.secretArn ?? event.secretId ?? event.SecretId ?? '',
    executionArn: event.execution,
    check: event.check,
    action: event.action,
    promotionOnly: event.promotionOnly ?? false,
    triggerStep: event.Step,
  };
};
