import type { LocalStack } from '../../deployment/index.ts';
import type { Terminal } from '../terminal.ts';
import type { Verdict } from './rotation-record.ts';

/** One of the rotations that `npm start` shows. */
export interface Scenario {
  readonly title: string;
  run(stack: LocalStack, terminal: Terminal): Promise<Verdict>;
}
