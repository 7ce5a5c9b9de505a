import { OPERATIONS } from '../../../chaos/faults/operations.ts';
import type { LocalStack } from '../../deployment/index.ts';
import type { FaultAction } from '../../document-db/index.ts';
import type { FaultSetting, FaultView } from '../model.ts';

/** What the driver calls itself in the functions: the page's own logins are left alone. */
const APP_NAME = 'docdb-rotation';
const WRITES = ['createUser', 'updateUser', 'dropUser'];

/** A fault that strikes now. */
interface Armed {
  readonly hits: () => number;
  remove(): void;
}

interface Kind {
  readonly name: string;
  readonly what: string;
  readonly settings: readonly FaultSetting[];
  arm(times: number): Armed;
}

interface Switched {
  setting: FaultSetting;
  armed?: Armed;
}

/** The faults of the stack as switches, by the controls that its stand-ins have. */
export class FaultSwitches {
  readonly #stack: LocalStack;
  readonly #kinds: readonly Kind[];
  readonly #states = new Map<string, Switched>();
  /** The requests of functions, which are known by what their SDK calls itself. */
  readonly #ofFunctions = new WeakSet<object>();

  constructor(stack: LocalStack) {
    this.#stack = stack;
    stack.secretsManagerStandIn.onRequest(({ moment, userAgent, input }) => {
      if (moment === 'before' && /app\/pid-\d+/.test(userAgent ?? '')) this.#ofFunctions.add(input);
    });
    this.#kinds = this.#makeKinds();
  }

  get all(): readonly FaultView[] {
    return this.#kinds.map(({ name, what, settings }) => {
      const { setting = 'off', armed } = this.#states.get(name) ?? {};
      const hits = armed?.hits() ?? 0;
      return { name, what, settings, setting: setting === 'once' && hits > 0 ? 'off' : setting, hits };
    });
  }

  /** @returns whether there is such a fault */
  set(name: string, setting: FaultSetting): boolean {
    const kind = this.#kinds.find((candidate) => candidate.name === name);
    if (!kind?.settings.includes(setting)) return false;
    this.#states.get(name)?.armed?.remove();
    const armed = setting === 'off' ? undefined : kind.arm(setting === 'once' ? 1 : Number.POSITIVE_INFINITY);
    this.#states.set(name, { setting, ...(armed ? { armed } : {}) });
    return true;
  }

  #makeKinds(): Kind[] {
    const all = ['off', 'once', 'always'] as const;
    return [
      {
        name: 'database-refuses',
        what: 'The database refuses a change of a user (BadValue)',
        settings: all,
        arm: (times) => this.#database({ kind: 'refuse', code: 2, codeName: 'BadValue' }, times),
      },
      {
        name: 'cut-before',
        what: 'The connection breaks before a change of a user is made',
        settings: all,
        arm: (times) => this.#database({ kind: 'cut-before' }, times),
      },
      {
        name: 'cut-after',
        what: 'The connection breaks after a change of a user was made: its reply is lost',
        settings: all,
        arm: (times) => this.#database({ kind: 'cut-after' }, times),
      },
      {
        name: 'lagging-instance',
        what: 'The last instance learns of no new password',
        settings: ['off', 'always'],
        arm: () => this.#lag(),
      },
      {
        name: 'throttled',
        what: 'Secrets Manager throttles the functions (ThrottlingException)',
        settings: ['off', 'always'],
        arm: () => this.#throttle(),
      },
      {
        name: 'label-write-lost',
        what: 'The write of a label is lost: the connection breaks before it is made',
        settings: all,
        arm: (times) => this.#labels('connection-cut-before', times),
      },
      {
        name: 'label-reply-lost',
        what: 'The write of a label is made, and its reply is lost',
        settings: all,
        arm: (times) => this.#labels('reply-lost', times),
      },
    ];
  }

  #database(action: FaultAction, times: number): Armed {
    const fault = this.#stack.documentDb.faults.add({ ...action, command: WRITES, appName: APP_NAME, times });
    return { hits: () => fault.hits, remove: () => fault.remove() };
  }

  #labels(kind: 'connection-cut-before' | 'reply-lost', times: number): Armed {
    const fault = this.#stack.secretsManagerStandIn.faults.add({
      kind,
      operation: 'UpdateSecretVersionStage',
      when: ({ input }) => this.#ofFunctions.has(input),
      times,
    });
    return { hits: () => fault.hits, remove: () => fault.remove() };
  }

  #throttle(): Armed {
    const faults = OPERATIONS.map((operation) =>
      this.#stack.secretsManagerStandIn.faults.add({
        kind: 'error-before',
        type: 'ThrottlingException',
        operation,
        when: ({ input }) => this.#ofFunctions.has(input),
      }),
    );
    return {
      hits: () => faults.reduce((sum, { hits }) => sum + hits, 0),
      remove: () => {
        for (const fault of faults) fault.remove();
      },
    };
  }

  #lag(): Armed {
    const { documentDb } = this.#stack;
    const last = documentDb.instances.length - 1;
    void documentDb.setPropagationDelay(last, Number.POSITIVE_INFINITY);
    return { hits: () => 0, remove: () => void documentDb.setPropagationDelay(last, 0) };
  }
}
