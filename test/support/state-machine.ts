import { catcherOf, choiceOf, defaultOf, retrierOf, stateNamed } from '../mutation/coverage/parts.ts';
import { noteReached } from '../mutation/coverage/reached.ts';
import { PathRecorder } from '../second-interpreter/record.ts';
import { plain } from './plain.ts';
import { filled } from './templates.ts';

/** The parts of the Amazon States Language that this project's definitions use. https://states-language.net */
export interface Definition {
  readonly StartAt: string;
  readonly TimeoutSeconds?: number;
  readonly Comment?: string;
  readonly QueryLanguage?: string;
  readonly States: Readonly<Record<string, State>>;
}

export interface Choice {
  readonly Comment?: string;
  readonly Condition: string;
  readonly Next: string;
  readonly Assign?: Template;
}

export interface Retrier {
  readonly ErrorEquals: readonly string[];
  readonly IntervalSeconds?: number;
  readonly BackoffRate?: number;
  readonly MaxDelaySeconds?: number;
  readonly MaxAttempts?: number;
  readonly JitterStrategy?: string;
}

export interface Catcher {
  readonly ErrorEquals: readonly string[];
  readonly Assign?: Template;
  readonly Output?: unknown;
  readonly Next: string;
}

type Template = Readonly<Record<string, unknown>>;

export interface State {
  readonly Type: string;
  readonly Comment?: string;
  readonly Next?: string;
  readonly Default?: string;
  readonly Choices?: readonly Choice[];
  readonly Resource?: string;
  readonly Arguments?: unknown;
  readonly TimeoutSeconds?: number;
  readonly Seconds?: unknown;
  readonly Assign?: Template;
  readonly Output?: unknown;
  readonly Retry?: readonly Retrier[];
  readonly Catch?: readonly Catcher[];
  readonly Error?: string;
  readonly Cause?: string;
}

export interface Ending {
  readonly status: 'SUCCEEDED' | 'FAILED';
  readonly error?: string;
  readonly cause?: string;
  readonly output?: unknown;
  /** The states that were entered, in their order. */
  readonly path: readonly string[];
  /** What the console shows as the input of each of them. */
  readonly inputs: readonly unknown[];
  /** The tasks that were performed without an error, in their order. */
  readonly performed: readonly Performed[];
  /** Everything that Step Functions would show or store. */
  readonly trail: readonly unknown[];
}

/** What a Task state had before it, and came to. */
export interface Performed {
  readonly state: string;
  readonly input: unknown;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly context: unknown;
  readonly arguments: unknown;
  readonly result: unknown;
}

/** What an ending says of itself; the rest is the execution's. */
type End = Omit<Ending, 'path' | 'inputs' | 'performed' | 'trail'>;

/** What the machine calls, by the `Resource` of the task. */
export type Tasks = Readonly<Record<string, (input: unknown) => Promise<unknown>>>;

/** Thrown by a task to end the execution as StopExecution does: no retry, no catch. */
export class ExecutionAbortedError extends Error {
  override readonly name = 'ExecutionAbortedError';
  /**
   * Goes on as RedriveExecution does: from the state that was stopped, with the variables and the input of then.
   * https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html
   */
  redrive: (tasks: Tasks, waits: Waits) => Promise<Ending> = async () => {
    throw new Error('it was not stopped yet');
  };
}

/** An error whose Cause is as it stands here: cut off, or of a service that writes no JSON. */
export class TaskError extends Error {
  override readonly name: string;
  readonly causeText: string | null | undefined;

  constructor(name: string, causeText: string | null | undefined) {
    super(causeText ?? '');
    this.name = name;
    this.causeText = causeText;
  }
}

/** An error as Step Functions gets it from Lambda. */
interface ErrorOutput {
  readonly Error: string;
  readonly Cause?: string | null;
}

/** What has to happen while a machine waits. Without it nothing does: the machine's clock only jumps. */
export interface Waits {
  /** While a Wait state lasts. */
  readonly wait?: ((state: string, seconds: number) => Promise<void>) | undefined;
  /** Before a step is tried again. */
  readonly pause?: ((seconds: number) => Promise<void>) | undefined;
  /** Milliseconds since some moment. */
  readonly now?: (() => number) | undefined;
}

const START_TIME = '2026-11-28T09:30:00.000Z';

/** Runs a definition as Step Functions does. */
export class StateMachine {
  readonly #definition: Definition;
  readonly #tasks: Tasks;
  readonly #waits: Waits;

  constructor(definition: Definition, tasks: Tasks, waits: Waits = {}) {
    this.#definition = definition;
    this.#tasks = tasks;
    this.#waits = waits;
  }

  /** @throws ExecutionAbortedError when a task aborts the execution */
  async run(executionArn: string, input: unknown): Promise<Ending> {
    const execution = new Execution(this.#definition, this.#tasks, this.#waits, executionArn, input);
    return await execution.run();
  }
}

class Execution {
  readonly #definition: Definition;
  #tasks: Tasks;
  #waits: Waits;
  readonly #arn: string;
  readonly #path: string[] = [];
  readonly #inputs: unknown[] = [];
  readonly #performed: Performed[] = [];
  readonly #trail: unknown[] = [];
  #variables: Record<string, unknown> = {};
  #input: unknown;
  #now = 0;
  /** The state that the execution is in. */
  #state = '';
  /** How often the state's task was called again. */
  #retries = 0;
  readonly #recorder = new PathRecorder();
  readonly #begun: unknown;

  constructor(definition: Definition, tasks: Tasks, waits: Waits, arn: string, input: unknown) {
    this.#definition = definition;
    this.#tasks = tasks;
    this.#waits = waits;
    this.#arn = arn;
    this.#input = input;
    this.#begun = input;
  }

  async run(from = this.#definition.StartAt): Promise<Ending> {
    let next: string | undefined = from;
    while (next !== undefined) {
      const name: string = next;
      this.#path.push(name);
      this.#inputs.push(this.#input);
      this.#state = name;
      noteReached(this.#definition, stateNamed(name));
      if (this.#path.length > 1000) throw new Error(`the machine goes round in circles at ${name}`);
      const state: State | undefined = this.#definition.States[name];
      if (state === undefined) throw new Error(`there is no state ${name}`);
      if (state.Type === 'Fail') return this.#end(await this.#failure(state));
      if (state.Type === 'Succeed') return this.#end({ status: 'SUCCEEDED', output: this.#input });
      next = await this.#enter(name, state).catch((error: unknown) => this.#stop(name, error));
    }
    throw new Error('the machine came to no end');
  }

  #stop(name: string, error: unknown): never {
    if (error instanceof ExecutionAbortedError) {
      error.redrive = async (tasks, waits) => {
        this.#recorder.redriven();
        this.#tasks = tasks;
        this.#waits = waits;
        return await this.run(name);
      };
    }
    throw error;
  }

  #end(ending: End): Ending {
    this.#recorder.ended({
      definition: this.#definition,
      arn: this.#arn,
      startTime: START_TIME,
      input: this.#begun,
      ending: { ...ending, path: this.#path },
    });
    const trail = [...this.#trail, ...this.#inputs, ending, this.#variables];
    return { ...ending, path: this.#path, inputs: this.#inputs, performed: this.#performed, trail };
  }

  async #failure({ Error: error, Cause: cause }: State): Promise<End> {
    return {
      status: 'FAILED',
      error: String(await this.#fill(error)),
      cause: String(await this.#fill(cause)),
    };
  }

  async #enter(name: string, state: State): Promise<string | undefined> {
    switch (state.Type) {
      case 'Choice':
        return await this.#choose(name, state);
      case 'Task':
        return await this.#perform(name, state);
      case 'Wait':
        return await this.#wait(name, state);
      case 'Pass':
        return await this.#leave(state, {});
      default:
        throw new Error(`this machine knows no state of type ${state.Type}`);
    }
  }

  async #wait(name: string, state: State): Promise<string | undefined> {
    const seconds = Number(await this.#fill(state.Seconds));
    this.#now += seconds * 1000;
    await this.#waits.wait?.(name, seconds);
    return await this.#leave(state, {});
  }

  async #choose(name: string, state: State): Promise<string | undefined> {
    const { Choices = [], Default } = state;
    for (const choice of Choices) {
      const answer = await this.#fill(choice.Condition);
      if (typeof answer !== 'boolean') throw new Error(`no true or false: ${choice.Condition}`);
      if (!answer) continue;
      noteReached(this.#definition, choiceOf(name, choice, Choices));
      return choice.Next;
    }
    noteReached(this.#definition, defaultOf(name, state));
    return Default;
  }

  async #perform(name: string, state: State): Promise<string | undefined> {
    const argument = await this.#fill(state.Arguments);
    this.#trail.push(argument);
    const attempts = new Map<Retrier, number>();
    this.#retries = 0;
    for (;;) {
      try {
        const result = await this.#call(state.Resource, argument);
        this.#recorder.replied({ state: name, arguments: argument, result });
        this.#trail.push(result);
        const [input, variables, context] = [this.#input, this.#variables, this.#context()];
        this.#performed.push({ state: name, input, variables, context, arguments: argument, result });
        return await this.#leave(state, { result });
      } catch (error) {
        if (error instanceof ExecutionAbortedError) throw error;
        const output = errorOutput(error);
        this.#recorder.replied({ state: name, arguments: argument, error: output });
        this.#trail.push(output);
        const retrier = retrierFor(state, output.Error, attempts);
        if (retrier === undefined) return await this.#catch(name, state, output);
        this.#retries += 1;
        noteReached(this.#definition, retrierOf(name, retrier));
        await this.#waits.pause?.(pauseBefore(retrier, attempts.get(retrier) ?? 1));
      }
    }
  }

  async #call(resource: string | undefined, argument: unknown): Promise<unknown> {
    const task = this.#tasks[resource ?? ''];
    if (task === undefined) throw new Error(`there is no task for ${resource}`);
    return plain(await task(plain(argument)));
  }

  async #catch(name: string, state: State, errorOutput: ErrorOutput): Promise<string> {
    const catcher = state.Catch?.find(({ ErrorEquals }) => matches(ErrorEquals, errorOutput.Error));
    if (catcher === undefined) throw new Error(`no state catches ${errorOutput.Error}: ${errorOutput.Cause}`);
    noteReached(this.#definition, catcherOf(name, catcher));
    await this.#leave(catcher, { errorOutput });
    return catcher.Next;
  }

  /** Assign and Output see the same variables: those from before. */
  async #leave(
    { Assign, Output, Next }: Pick<State, 'Assign' | 'Output' | 'Next'>,
    states: Record<string, unknown>,
  ): Promise<string | undefined> {
    const assigned = await this.#fill(Assign ?? {}, states);
    const output = Output === undefined ? (states.result ?? this.#input) : await this.#fill(Output, states);
    this.#variables = { ...this.#variables, ...(assigned as Record<string, unknown>) };
    this.#input = output;
    this.#trail.push(output);
    return Next;
  }

  #fill(template: unknown, states: Record<string, unknown> = {}): unknown {
    // Most of it is there at once, and to wait for that takes longer than to fill it in.
    return filled(template, {
      ...this.#variables,
      states: { input: this.#input, context: this.#context(), ...states },
      millis: () => this.#recorder.timed(this.#waits.now?.() ?? this.#now),
    });
  }

  #context(): unknown {
    return {
      Execution: { Id: this.#arn, StartTime: START_TIME },
      State: { Name: this.#state, RetryCount: this.#retries },
    };
  }
}

/** Lambda tells the lines of the trace. To write these takes longer than many a step, and no test reads them. */
const SOMEWHERE = '    at file:///var/task/index.mjs';

const errorOutput = (error: unknown): ErrorOutput => {
  if (!(error instanceof Error)) return { Error: 'Error', Cause: String(error) };
  if (error instanceof TaskError) {
    const { name, causeText } = error;
    return { Error: name, ...(causeText === undefined ? {} : { Cause: causeText }) };
  }
  const { name, message } = error;
  return {
    Error: name,
    Cause: JSON.stringify({
      errorType: name,
      errorMessage: message,
      trace: [`${name}: ${message}`, SOMEWHERE],
    }),
  };
};

/** @returns undefined when no retrier is for this error, or it has made all its attempts */
const retrierFor = (
  { Retry = [] }: State,
  error: string,
  attempts: Map<Retrier, number>,
): Retrier | undefined => {
  const retrier = Retry.find(({ ErrorEquals }) => matches(ErrorEquals, error));
  if (retrier === undefined) return undefined;
  const attempt = (attempts.get(retrier) ?? 0) + 1;
  attempts.set(retrier, attempt);
  return attempt <= (retrier.MaxAttempts ?? 3) ? retrier : undefined;
};

/** @returns seconds; with jitter it may be anything up to them */
const pauseBefore = (
  { IntervalSeconds = 1, BackoffRate = 2, MaxDelaySeconds = Number.POSITIVE_INFINITY }: Retrier,
  attempt: number,
): number => Math.min(MaxDelaySeconds, IntervalSeconds * BackoffRate ** (attempt - 1));

const matches = (names: readonly string[], error: string): boolean =>
  names.includes(error) ||
  names.includes('States.ALL') ||
  (names.includes('States.TaskFailed') && error !== 'States.Timeout');
