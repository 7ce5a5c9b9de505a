import type { SeenRequest } from './faults.ts';

/** A request as `requests` keeps it: what was asked of which version, never a value. */
export interface LoggedRequest extends SeenRequest {
  readonly accessKeyId?: string;
  /** `running` until it is answered, then `succeeded`, or what went wrong: an error's type or a fault's kind. */
  outcome: string;
}

/** What a hook is told: once before the operation, once after it and before the answer is sent. */
export interface RequestMoment extends SeenRequest {
  readonly moment: 'before' | 'after';
  /** The SDK's, with what the client added: which of several clients it is. */
  readonly userAgent?: string;
  /** The error's type, after an operation that was refused. */
  readonly error?: string;
}

/** Called before and after each operation; the request waits for it. */
export type RequestHook = (moment: RequestMoment) => void | Promise<void>;
