import { setTimeout as sleep } from 'node:timers/promises';
import type { Undo } from '../deployment/index.ts';

const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
const LONGEST_STOP_MS = 15_000;

/**
 * Ends the process on a signal, after all that was started has been stopped. A second signal ends it at once:
 * the children then end by themselves.
 *
 * @param status the exit status, given what a shell expects of a command that a signal ended
 * @returns whether a signal has come: what fails from then on fails because of it
 */
export const stopOnSignal = (undo: Undo, status: (ofSignal: number) => number): (() => boolean) => {
  let stopping = false;
  for (const [signal, ofSignal] of Object.entries(SIGNALS)) {
    process.on(signal, async () => {
      if (stopping) process.exit(ofSignal);
      stopping = true;
      const exitStatus = status(ofSignal);
      await Promise.race([undo.all().catch(() => {}), sleep(LONGEST_STOP_MS)]);
      process.exit(exitStatus);
    });
  }
  return () => stopping;
};
