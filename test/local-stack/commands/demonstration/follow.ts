import { setTimeout as sleep } from 'node:timers/promises';
import type { HistoryEvent } from '@aws-sdk/client-sfn';
import type { Executions } from '../../deployment/index.ts';
import type { Terminal } from '../terminal.ts';

const POLL_MS = 150;
const LONGEST_MS = 90_000;

/** How an execution went. */
export interface Course {
  readonly status: string;
  readonly error?: string;
  readonly cause?: string;
  readonly seconds: number;
  readonly states: readonly string[];
  /** As JSON, if it succeeded. */
  readonly output?: string;
}

/** Shows each state of an execution as it is entered and left, until the execution ends. */
export const follow = async (executions: Executions, arn: string, terminal: Terminal): Promise<Course> => {
  const view = new StateView(terminal);
  const deadline = Date.now() + LONGEST_MS;
  for (;;) {
    // Asked before the history is read: what is read afterwards is complete.
    const { status = '', error, cause, output, startDate, stopDate } = await executions.describe(arn);
    view.show(await executions.history(arn));
    if (status !== 'RUNNING') {
      const seconds = ((stopDate ?? new Date()).getTime() - (startDate ?? new Date()).getTime()) / 1000;
      view.close();
      return {
        status,
        ...(error ? { error } : {}),
        ...(cause ? { cause } : {}),
        ...(output ? { output } : {}),
        seconds,
        states: view.states,
      };
    }
    if (Date.now() > deadline)
      throw new Error(`the execution ${arn} still runs after ${LONGEST_MS / 1000} s`);
    await sleep(POLL_MS);
  }
};

class StateView {
  readonly states: string[] = [];
  private readonly terminal: Terminal;
  private seen = 0;
  private enteredAt = 0;
  private open: string | undefined;
  /** Of the task's last attempt. */
  private error: string | undefined;

  constructor(terminal: Terminal) {
    this.terminal = terminal;
  }

  show(events: readonly HistoryEvent[]): void {
    for (const event of events.slice(this.seen)) this.showOne(event);
    this.seen = events.length;
  }

  /** A state that was never left is where the execution ended. */
  close(): void {
    this.terminal.end();
    if (this.open) this.terminal.line(`  ${this.terminal.style('yellow', '■')} ${this.open}`);
    this.open = undefined;
  }

  private showOne(event: HistoryEvent): void {
    const { stateEnteredEventDetails: entered, stateExitedEventDetails: left } = event;
    const at = event.timestamp?.getTime() ?? 0;
    if (entered?.name) this.enter(entered.name, at);
    if (event.taskFailedEventDetails) this.error = event.taskFailedEventDetails.error;
    if (event.taskSucceededEventDetails) this.error = undefined;
    if (left?.name) this.leave(left.name, at);
  }

  private enter(name: string, at: number): void {
    this.open = name;
    this.enteredAt = at;
    this.error = undefined;
    this.states.push(name);
    this.terminal.begin(name);
  }

  private leave(name: string, at: number): void {
    const mark = this.error ? this.terminal.style('red', '✗') : this.terminal.style('green', '✓');
    const time = this.terminal.style('dim', `${((at - this.enteredAt) / 1000).toFixed(2)} s`);
    this.terminal.end();
    this.terminal.line(`  ${mark} ${name} ${time}${this.error ? ` ${this.error}` : ''}`);
    this.open = undefined;
  }
}
