import type { LocalStack } from '../local-stack/deployment/index.ts';
import type { CommandAfter } from '../local-stack/document-db/command-event.ts';
import type { Counts } from './counts.ts';
import type { Rotated } from './rotate.ts';

/** What the driver calls itself in the functions. */
const APP_NAME = 'docdb-rotation';

/** A function signs with temporary credentials of its role; everything else here as the emulator's root user. */
const ROOT_KEY = 'test';

/** Counts what reaches the stand-ins between its making and its end: one rotation at a time. */
export class WireCounts {
  readonly #stack: LocalStack;
  readonly #requestsBefore: number;

  constructor(stack: LocalStack) {
    this.#stack = stack;
    this.#requestsBefore = stack.secretsManagerStandIn.requests.length;
    stack.documentDb.observed.splice(0);
  }

  async of({ execution, triggerCalls }: Rotated): Promise<Counts> {
    const requests = this.#stack.secretsManagerStandIn.requests.slice(this.#requestsBefore);
    const commands = this.#stack.documentDb.observed.filter(({ appName }) => appName === APP_NAME);
    const events = await this.#stack.executions.history(execution);
    const tasks = events.flatMap(
      ({ taskScheduledEventDetails }) => taskScheduledEventDetails?.resource ?? [],
    );
    return {
      states: events.filter(({ stateEnteredEventDetails }) => stateEnteredEventDetails !== undefined).length,
      lambdaCalls: tasks.filter((resource) => resource.includes(':function:')).length + triggerCalls,
      secretsManagerCalls: requests.filter(({ accessKeyId }) => accessKeyId !== ROOT_KEY).length,
      logins: commands.filter(({ command }) => command === 'saslStart').length,
      databaseCommands: commandsOf(commands),
    };
  }
}

/** The driver pings by itself right after a login that was accepted; that is none of the functions' commands. */
const commandsOf = (observed: readonly CommandAfter[]): number => {
  const asked = observed.filter(({ loggedIn, command }) => loggedIn && isCommand(command));
  const loggedIn = new Set(asked.map(({ connection }) => connection));
  return asked.length - loggedIn.size;
};

const isCommand = (command: string): boolean => !command.startsWith('sasl') && command !== 'endSessions';
