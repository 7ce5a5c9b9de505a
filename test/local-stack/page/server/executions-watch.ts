import { type ExecutionListItem, ListExecutionsCommand } from '@aws-sdk/client-sfn';
import { z } from 'zod';
import type { Executions, LocalStack } from '../../deployment/index.ts';
import { type Course, type ExecutionView, MACHINES, type MachineName } from '../model.ts';
import type { Place } from './breakpoints.ts';
import { given, parsed, visitsOf } from './course.ts';

const EVERY_MS = 250;
/** More than a page shows at a time. */
const NEWEST = 100;

const Input = z.looseObject({
  secretId: z.string().optional(),
  secretArn: z.string().optional(),
  executionArn: z.string().optional(),
  mode: z.string().optional(),
});

export interface ExecutionListener {
  /** One that runs has come further, or one has begun or ended. */
  moved(course: Course): void;
  listed(executions: readonly ExecutionView[]): void;
  ended(executionArn: string): void;
}

/** Sees the executions of all machines begin, move and end. */
export class ExecutionsWatch {
  readonly #stack: LocalStack;
  readonly #machines: Readonly<Record<MachineName, Executions>>;
  readonly #subjects = new Map<string, Pick<ExecutionView, 'secret' | 'mode'>>();
  /** How many events of a history were told, by the executions that have not been told to the end. */
  readonly #told = new Map<string, number>();
  readonly #ended = new Set<string>();
  executions: readonly ExecutionView[] = [];

  constructor(stack: LocalStack) {
    this.#stack = stack;
    this.#machines = {
      rotation: stack.executions,
      recovery: stack.recoveries,
      retirement: stack.retirements,
    };
  }

  of(machine: MachineName): Executions {
    return this.#machines[machine];
  }

  arnOf(machine: MachineName, name: string): string {
    return `${this.of(machine).stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
  }

  machineOf(arn: string): MachineName | undefined {
    return MACHINES.find((machine) => arn.startsWith(this.arnOf(machine, '')));
  }

  /** The state that an execution is in; none if someone has called a function by hand, for an execution that never was. */
  placeOf = async (arn: string): Promise<Place | undefined> => {
    const machine = this.machineOf(arn);
    if (!machine) return undefined;
    const states = await this.of(machine)
      .states(arn)
      .catch(() => []);
    const state = states.at(-1);
    return state === undefined ? undefined : { machine, state };
  };

  async courseOf(machine: MachineName, arn: string): Promise<Course> {
    // Asked before the history is read: what is read afterwards is complete.
    const described = await this.of(machine).describe(arn);
    const events = await this.of(machine).history(arn);
    return {
      arn,
      name: described.name ?? '',
      machine,
      ...(await this.#subjectOf(machine, arn)),
      status: described.status ?? '',
      startedAt: described.startDate?.getTime() ?? 0,
      visits: visitsOf(events),
      ...given({
        endedAt: described.stopDate?.getTime(),
        error: described.error,
        cause: described.cause,
        output: parsed(described.output),
      }),
    };
  }

  /** @returns how to stop it */
  start(listener: ExecutionListener): () => Promise<void> {
    const stopping = new AbortController();
    const watched = this.#watch(listener, stopping.signal);
    // The stack ends before the page does, if it breaks.
    watched.catch(() => {});
    return async () => {
      stopping.abort();
      await watched.catch(() => {});
    };
  }

  async #watch(listener: ExecutionListener, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#look(listener);
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  }

  async #look(listener: ExecutionListener): Promise<void> {
    const lists = await Promise.all(MACHINES.map((machine) => this.#list(machine)));
    const executions = lists.flat().sort((one, other) => other.startedAt - one.startedAt);
    const isChanged = JSON.stringify(executions) !== JSON.stringify(this.executions);
    this.executions = executions;
    if (isChanged) listener.listed(executions);
    for (const execution of executions) await this.#follow(execution, listener);
  }

  async #follow({ arn, machine, status }: ExecutionView, listener: ExecutionListener): Promise<void> {
    if (this.#ended.has(arn)) return;
    const events = (await this.of(machine).history(arn)).length;
    if (status !== 'RUNNING') {
      this.#ended.add(arn);
      if (status === 'ABORTED' || status === 'TIMED_OUT') listener.ended(arn);
    } else if (this.#told.get(arn) === events) return;
    this.#told.set(arn, events);
    listener.moved(await this.courseOf(machine, arn));
  }

  async #list(machine: MachineName): Promise<ExecutionView[]> {
    const { executions = [] } = await this.#stack.stepFunctions.send(
      new ListExecutionsCommand({ stateMachineArn: this.of(machine).stateMachineArn, maxResults: NEWEST }),
    );
    return await Promise.all(executions.map((item) => this.#viewOf(machine, item)));
  }

  async #viewOf(machine: MachineName, item: ExecutionListItem): Promise<ExecutionView> {
    const arn = item.executionArn ?? '';
    return {
      arn,
      name: item.name ?? '',
      machine,
      ...(await this.#subjectOf(machine, arn)),
      status: item.status ?? '',
      startedAt: item.startDate?.getTime() ?? 0,
    };
  }

  async #subjectOf(machine: MachineName, arn: string): Promise<Pick<ExecutionView, 'secret' | 'mode'>> {
    const known = this.#subjects.get(arn);
    if (known) return known;
    const { input } = await this.of(machine).describe(arn);
    const { data } = Input.safeParse(parsed(input));
    const subject = { secret: await this.#secretIn(data), mode: data?.mode ?? '' };
    this.#subjects.set(arn, subject);
    return subject;
  }

  /** A recovery that the rule started names the execution after which it comes. */
  async #secretIn(input: z.infer<typeof Input> | undefined): Promise<string> {
    const id = input?.secretId ?? input?.secretArn;
    if (id !== undefined) return nameIn(id);
    const machine = this.machineOf(input?.executionArn ?? '');
    return machine && input?.executionArn
      ? (await this.#subjectOf(machine, input.executionArn)).secret
      : 'unknown';
  }
}

/** The name in an ARN, whose last six characters are Secrets Manager's own. */
const nameIn = (id: string): string =>
  id
    .split(':secret:')
    .at(-1)
    ?.replace(id.startsWith('arn:') ? /-\w{6}$/ : '', '') ?? id;
