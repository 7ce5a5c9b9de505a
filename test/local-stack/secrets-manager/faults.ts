/** A request as faults and hooks see it: no secret value, no rotation token. */
export interface SeenRequest {
  readonly operation: string;
  /** As the client wrote it: a name or an ARN. */
  readonly secretId?: string;
  readonly input: Readonly<Record<string, unknown>>;
}

interface FaultTarget {
  readonly operation: string;
  /** @default - any secret. A name or an ARN; both are compared with the secret that the request names. */
  readonly secretId?: string;
  /** @default - every request */
  readonly when?: (request: SeenRequest) => boolean;
  /** @default - until removed */
  readonly times?: number;
}

export type Fault = FaultTarget &
  (
    | {
        readonly kind: 'error-before';
        readonly type: string;
        readonly status?: number;
        readonly message?: string;
      }
    | { readonly kind: 'reply-lost' }
    | { readonly kind: 'connection-cut-before' }
    | { readonly kind: 'delay'; readonly milliseconds: number }
  );

export interface FaultHandle {
  remove(): void;
  /** How often it has struck. */
  readonly hits: number;
  /** Resolves when it strikes for the first time. */
  readonly hit: Promise<SeenRequest>;
}

interface Entry {
  readonly fault: Fault;
  hits: number;
  readonly resolveHit: (request: SeenRequest) => void;
}

/** Faults on demand: each strikes the requests that it names. */
export class Faults {
  private readonly entries = new Set<Entry>();
  private readonly sameSecret: (one: string, other: string) => boolean;

  constructor(sameSecret: (one: string, other: string) => boolean) {
    this.sameSecret = sameSecret;
  }

  add(fault: Fault): FaultHandle {
    const { promise, resolve } = Promise.withResolvers<SeenRequest>();
    const entry: Entry = { fault, hits: 0, resolveHit: resolve };
    this.entries.add(entry);
    return {
      remove: () => this.entries.delete(entry),
      get hits() {
        return entry.hits;
      },
      hit: promise,
    };
  }

  removeAll(): void {
    this.entries.clear();
  }

  /** The faults that strike a request, in the order they were added. Each counts as a hit. */
  strike(request: SeenRequest): Fault[] {
    const struck = [...this.entries].filter(({ fault }) => this.matches(fault, request));
    for (const entry of struck) {
      entry.hits++;
      entry.resolveHit(request);
      if (entry.hits === entry.fault.times) this.entries.delete(entry);
    }
    return struck.map(({ fault }) => fault);
  }

  private matches(fault: Fault, request: SeenRequest): boolean {
    if (fault.operation !== request.operation) return false;
    if (fault.secretId !== undefined) {
      if (!request.secretId || !this.sameSecret(fault.secretId, request.secretId)) return false;
    }
    return fault.when?.(request) ?? true;
  }
}
