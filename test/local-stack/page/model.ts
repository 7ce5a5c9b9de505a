/** What the server of the page tells its client. No value of a secret is in any of it. */

export const MACHINES = ['rotation', 'recovery', 'retirement'] as const;
export type MachineName = (typeof MACHINES)[number];

export const MOMENTS = ['before', 'after'] as const;
export type Moment = (typeof MOMENTS)[number];

/** A state of a definition. */
export interface StateView {
  readonly type: string;
  readonly comment: string;
  /** Whether it calls a function of this project, and so can be held. */
  readonly hasFunction: boolean;
}

export interface MachineView {
  readonly name: MachineName;
  /** The picture of the project's own documents. */
  readonly svg: string;
  readonly states: Readonly<Record<string, StateView>>;
}

/** How a state of an execution stands. */
export type Mark = 'running' | 'retrying' | 'done' | 'failed' | 'stopped';

/** One call of a state's task. */
export interface Attempt {
  readonly begunAt: number;
  readonly endedAt?: number;
  readonly output?: unknown;
  readonly error?: string;
  readonly cause?: string;
}

/** A state that an execution has entered. */
export interface Visit {
  readonly state: string;
  readonly mark: Mark;
  readonly enteredAt: number;
  readonly leftAt?: number;
  readonly input?: unknown;
  readonly output?: unknown;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly attempts: readonly Attempt[];
  readonly error?: string;
  readonly cause?: string;
}

export interface ExecutionView {
  readonly arn: string;
  readonly name: string;
  readonly machine: MachineName;
  readonly secret: string;
  readonly mode: string;
  readonly status: string;
  readonly startedAt: number;
}

/** An execution with all that it went through. */
export interface Course extends ExecutionView {
  readonly endedAt?: number;
  readonly error?: string;
  readonly cause?: string;
  readonly output?: unknown;
  readonly visits: readonly Visit[];
}

export interface Breakpoint {
  readonly machine: MachineName;
  readonly state: string;
  readonly moment: Moment;
}

/** An execution that waits at a breakpoint. */
export interface Hold extends Breakpoint {
  readonly id: number;
  readonly arn: string;
  readonly since: number;
  /** Before the function: what goes in. After it: what comes out, be it a result or an error. */
  readonly data: unknown;
}

/** How an execution goes on from a breakpoint. */
export type Decision =
  | { readonly action: 'continue' }
  /** To the next moment of this execution at which it can be held. */
  | { readonly action: 'step' }
  | { readonly action: 'fail'; readonly error: string; readonly cause: string }
  | { readonly action: 'lose-reply' }
  | { readonly action: 'stop' };

export const FAULT_SETTINGS = ['off', 'once', 'always'] as const;
export type FaultSetting = (typeof FAULT_SETTINGS)[number];

export interface FaultView {
  readonly name: string;
  readonly what: string;
  readonly settings: readonly FaultSetting[];
  readonly setting: FaultSetting;
  readonly hits: number;
}

export interface VersionView {
  readonly id: string;
  readonly labels: readonly string[];
  readonly user?: string;
  /** One for each instance; none for a version that holds no credential. */
  readonly logsIn: readonly boolean[];
}

export interface SecretView {
  readonly name: string;
  readonly arn: string;
}

/** Of the secret that is watched. */
export interface WatchedSecret extends SecretView {
  readonly versions: readonly VersionView[];
}

/** Everything but the courses and the logins, as it is now. */
export interface Overview {
  readonly executions: readonly ExecutionView[];
  readonly secrets: readonly SecretView[];
  readonly watched: WatchedSecret | undefined;
  readonly breakpoints: readonly Breakpoint[];
  readonly holds: readonly Hold[];
  readonly faults: readonly FaultView[];
}

/** A login of a client that logs in all the time with AWSCURRENT. */
export interface Login {
  readonly at: number;
  readonly accepted: boolean;
  readonly milliseconds: number;
}

/** What comes by the stream of events. */
export type Told =
  | { readonly kind: 'overview'; readonly overview: Overview }
  | { readonly kind: 'course'; readonly course: Course }
  | { readonly kind: 'logins'; readonly secret: string; readonly logins: readonly Login[] };
