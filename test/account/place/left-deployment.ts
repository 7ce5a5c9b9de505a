import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

const Left = z.strictObject({ pid: z.number().int().positive() });

/** How long a deployment may take to end that was told to. */
const LONGEST_MS = 20_000;

/**
 * Remembers the process that deploys: it goes on when the kit itself is killed, and what it makes then would come after all has been
 * taken down.
 */
export class LeftDeployment {
  readonly #file: string;
  /** What is in its command line. A process of another kind may have the number by now. */
  readonly #program: string;

  constructor(file: string, program: string) {
    this.#file = file;
    this.#program = program;
  }

  begun(pid: number): void {
    mkdirSync(dirname(this.#file), { recursive: true });
    writeFileSync(this.#file, JSON.stringify({ pid }));
  }

  ended(): void {
    rmSync(this.#file, { force: true });
  }

  /** Ends it, if it still goes on, and returns once it has ended. */
  async end(): Promise<void> {
    if (!existsSync(this.#file)) return;
    const { pid } = Left.parse(JSON.parse(readFileSync(this.#file, 'utf8')));
    const deadline = Date.now() + LONGEST_MS;
    while (this.#isOurs(pid)) {
      // It was begun as the first of a group of its own.
      process.kill(-pid, Date.now() > deadline ? 'SIGKILL' : 'SIGTERM');
      await sleep(200);
    }
    this.ended();
  }

  #isOurs(pid: number): boolean {
    try {
      const command = execFileSync('ps', ['-p', String(pid), '-o', 'command='], { encoding: 'utf8' });
      return command.includes(this.#program);
    } catch {
      // ps ends with 1 where there is no such process.
      return false;
    }
  }
}
