import type { LocalStack } from '../../local-stack/deployment/index.ts';
import type { CommandEvent, FaultAction } from '../../local-stack/document-db/index.ts';
import type { RequestMoment, SeenRequest } from '../../local-stack/secrets-manager/index.ts';
import type { Call, Side } from './call.ts';
import { type Effect, HELD_MS, THROTTLED } from './effect.ts';
import type { Invocation, Invocations } from './invocations.ts';
import { OPERATIONS } from './operations.ts';
import { StepNames } from './step-names.ts';

/** What the driver calls itself in the functions; the tests' own clients are left alone. */
const APP_NAME = 'docdb-rotation';

/** A connection is closed by this one; nothing depends on it. */
const FAREWELL = 'endSessions';

/** Whose calls these are, and what is to happen to them. */
export interface Actor {
  readonly secretArn: string;
  /** The database users by which its logins and commands are known. */
  readonly users: readonly string[];
  /** Asked before each call; what it answers happens to the call. */
  before(call: Call, invocation: Invocation | undefined): Promise<Effect | undefined>;
  /** Told after each call that was carried out, before the caller learns of it. */
  after(call: Call, invocation: Invocation | undefined): Promise<Effect | undefined>;
}

/**
 * Knows for every call, of a function, Secrets Manager or the database, which secret's rotation it belongs to, and
 * makes happen to it what that secret's actor wants. So many cases run on one stack, and none meets another's faults.
 */
export class Director {
  readonly #stack: LocalStack;
  readonly #invocations: Invocations;
  readonly #steps = new StepNames();
  readonly #bySecret = new Map<string, ActorCalls>();
  readonly #byUser = new Map<string, ActorCalls>();
  /** By the request's input, which hooks and faults see as the same object. */
  readonly #effects = new WeakMap<object, Effect>();
  readonly #requests = new WeakMap<object, { readonly call: Call; readonly calls: ActorCalls }>();
  readonly #commands = new Map<number, Call>();

  constructor(stack: LocalStack, invocations: Invocations) {
    this.#stack = stack;
    this.#invocations = invocations;
    invocations.tell({
      begins: (one) => this.#begins(one),
      ends: async (one) => {
        await this.#ends(one);
        return undefined;
      },
    });
    stack.secretsManagerStandIn.onRequest((moment) => this.#request(moment));
    stack.documentDb.onCommand((event) => this.#command(event));
    this.#armSecretsManager();
  }

  enter(actor: Actor): void {
    const calls = new ActorCalls(actor);
    this.#bySecret.set(actor.secretArn, calls);
    for (const user of actor.users) this.#byUser.set(user, calls);
  }

  leave(actor: Actor): void {
    this.#bySecret.delete(actor.secretArn);
    for (const user of actor.users) this.#byUser.delete(user);
  }

  /** Whether a function, a request or a command of this actor is still under way. */
  isBusy({ secretArn }: Actor): boolean {
    const open = this.#bySecret.get(secretArn)?.open ?? 0;
    return open > 0 || this.#invocations.for(secretArn).length > 0;
  }

  async #begins(invocation: Invocation): Promise<boolean> {
    const calls = this.#bySecret.get(invocation.secretArn);
    const step = this.#steps.of(invocation);
    if (!calls) return true;
    const call = calls.begin(invocation, step);
    const effect = await calls.actor.before(call, invocation);
    if (effect === 'kill') this.#invocations.kill(invocation);
    if (effect === 'delay') await held(HELD_MS.function);
    return true;
  }

  async #ends(invocation: Invocation): Promise<void> {
    const calls = this.#bySecret.get(invocation.secretArn);
    const call = calls?.invocationOf(invocation);
    if (!calls || !call) return;
    const effect = await calls.actor.after(call, invocation);
    if (effect === 'kill') this.#invocations.kill(invocation);
    if (effect === 'delay') await held(HELD_MS.function);
  }

  async #request(moment: RequestMoment): Promise<void> {
    const invocation = this.#invocations.of(pidIn(moment.userAgent));
    if (moment.moment === 'after') return await this.#requestEnds(moment, invocation);
    const calls = this.#bySecret.get(invocation?.secretArn ?? '');
    if (!invocation || !calls) return;
    const call = calls.next('secrets-manager', invocation, moment.operation);
    this.#requests.set(moment.input, { call, calls });
    calls.open += 1;
    const effect = await calls.actor.before(call, invocation);
    if (effect === 'kill') this.#invocations.kill(invocation);
    if (effect) this.#effects.set(moment.input, effect);
    if (effect && !CARRIED_OUT.has(effect)) calls.open -= 1;
  }

  /** @param invocation what its caller does now: nothing any more, or something else, if it gave up waiting */
  async #requestEnds({ input }: RequestMoment, invocation: Invocation | undefined): Promise<void> {
    const begun = this.#requests.get(input);
    if (!begun) return;
    const { call, calls } = begun;
    const effect = await calls.actor.after(call, invocation);
    if (effect === 'kill' && invocation) this.#invocations.kill(invocation);
    calls.open -= 1;
  }

  async #command(event: CommandEvent): Promise<FaultAction | undefined> {
    if (event.appName !== APP_NAME || event.command === FAREWELL) return;
    if (!event.loggedIn && !event.command.startsWith('sasl')) return;
    if (event.when === 'before') return await this.#commandBegins(event);
    return await this.#commandEnds(event);
  }

  async #commandBegins(event: CommandEvent): Promise<FaultAction | undefined> {
    const calls = this.#callsOf(event);
    if (!calls) return;
    const invocation = this.#databaseUser(calls.actor);
    if (!invocation) return;
    const call = calls.next('database', invocation, event.command);
    this.#commands.set(event.connection, call);
    calls.open += 1;
    const effect = await calls.actor.before(call, invocation);
    if (effect === 'kill') this.#invocations.kill(invocation);
    return effect ? ACTIONS[effect] : undefined;
  }

  async #commandEnds(event: CommandEvent): Promise<FaultAction | undefined> {
    const call = this.#commands.get(event.connection);
    const calls = this.#callsOf(event);
    this.#commands.delete(event.connection);
    if (!call || !calls) return;
    const invocation = this.#databaseUser(calls.actor);
    const done = event.when === 'after' && event.outcome !== 'cut';
    const effect = done ? await calls.actor.after(call, invocation) : undefined;
    calls.open -= 1;
    if (effect !== 'kill') return;
    if (invocation) this.#invocations.kill(invocation);
    return { kind: 'cut-after' };
  }

  /** What an admin does to a user is done for that user's secret. */
  #callsOf({ user, target }: CommandEvent): ActorCalls | undefined {
    return this.#byUser.get(target ?? '') ?? this.#byUser.get(user ?? '');
  }

  /** The function that uses the database; the trigger, which runs beside it, does not. */
  #databaseUser({ secretArn }: Actor): Invocation | undefined {
    return this.#invocations.for(secretArn).findLast(({ triggerStep }) => triggerStep === undefined);
  }

  /** One fault of each kind for each operation, which strikes where the hook above has said so. */
  #armSecretsManager(): void {
    const { faults } = this.#stack.secretsManagerStandIn;
    for (const operation of OPERATIONS) {
      const when =
        (...effects: Effect[]) =>
        ({ input }: SeenRequest) => {
          const effect = this.#effects.get(input);
          return effect !== undefined && effects.includes(effect);
        };
      faults.add({ kind: 'error-before', type: THROTTLED, operation, when: when('refuse-for-now') });
      faults.add({ kind: 'error-before', type: 'AccessDeniedException', operation, when: when('refuse') });
      faults.add({ kind: 'connection-cut-before', operation, when: when('cut', 'kill') });
      faults.add({ kind: 'reply-lost', operation, when: when('lose-reply') });
      faults.add({
        kind: 'delay',
        milliseconds: HELD_MS['secrets-manager'],
        operation,
        when: when('delay'),
      });
    }
  }
}

/** The request is carried out all the same. */
const CARRIED_OUT: ReadonlySet<Effect> = new Set(['lose-reply', 'delay']);

/** https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml: a transient error, and one that stays. */
const ACTIONS: Readonly<Record<Effect, FaultAction>> = {
  'refuse-for-now': { kind: 'refuse', code: 91, codeName: 'ShutdownInProgress' },
  refuse: { kind: 'refuse', code: 2, codeName: 'BadValue' },
  cut: { kind: 'cut-before' },
  'lose-reply': { kind: 'cut-after' },
  delay: { kind: 'delay', ms: HELD_MS.database, when: 'after' },
  kill: { kind: 'cut-before' },
};

const pidIn = (userAgent: string | undefined): number => Number(/app\/pid-(\d+)/.exec(userAgent ?? '')?.[1]);

const held = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

/** Numbers the calls of one actor. */
class ActorCalls {
  readonly actor: Actor;
  /** Requests and commands that were not answered yet. */
  open = 0;
  readonly #counts = new Map<string, number>();
  /** What the process of that id was called for. */
  readonly #invocations = new Map<number, Call>();

  constructor(actor: Actor) {
    this.actor = actor;
  }

  begin({ pid }: Invocation, step: string): Call {
    const call = this.#number('function', step, 'invoke');
    this.#invocations.set(pid, call);
    return call;
  }

  invocationOf({ pid }: Invocation): Call | undefined {
    return this.#invocations.get(pid);
  }

  next(side: Side, invocation: Invocation, operation: string): Call {
    return this.#number(side, this.invocationOf(invocation)?.step ?? 'unknown', operation);
  }

  #number(side: Side, step: string, operation: string): Call {
    const key = `${step} ${operation}`;
    const nth = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, nth);
    return { side, step, operation, nth };
  }
}
