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

/** Told when a call of a function begins and when it is about to be answered; the function waits for it. */
export interface InvocationListener {
  /** @returns false if the execution was stopped, which calls no function any more */
  begins(invocation: Invocation): Promise<boolean>;
  ends(invocation: Invocation): Promise<void>;
}

const Message = z.object({ moment: z.enum(['before', 'after']), pid: z.number() });

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
    const { moment, pid } = Message.parse(body);
    if (moment === 'before') {
      const invocation = invocationOf(pid, body);
      this.#running.delete(pid);
      this.#running.set(pid, invocation);
      return (await this.#listener?.begins(invocation)) === false ? 'stopped' : '';
    }
    const invocation = this.#running.get(pid);
    if (invocation) await this.#listener?.ends(invocation);
    this.#running.delete(pid);
    return '';
  }

  #isAlive({ pid }: Invocation): boolean {
    const alive = isFunctionOfOurs(pid);
    if (!alive) this.#running.delete(pid);
    return alive;
  }
}

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
