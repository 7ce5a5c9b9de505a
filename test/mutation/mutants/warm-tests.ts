import { join } from 'node:path';
import { createVitest, type Reporter, type TestModule, type Vitest } from 'vitest/node';
import { LastingProcess } from './lasting-process.ts';

export interface Verdict {
  readonly verdict: 'passed' | 'failed' | 'did not run';
  /** The names of the tests that failed; the run stops at the first. */
  readonly failed: readonly string[];
}

/** What one run came to, from what it tells as it goes: vitest itself also remembers the runs before. */
class Tally implements Reporter {
  passed = 0;
  readonly failed: string[] = [];
  /** Not if a file of tests could not be loaded. */
  success = true;

  onTestCaseResult(test: Parameters<NonNullable<Reporter['onTestCaseResult']>>[0]): void {
    const { state } = test.result();
    if (state === 'passed') this.passed += 1;
    if (state === 'failed') this.failed.push(test.fullName);
  }

  onTestModuleEnd(module: TestModule): void {
    if (module.state() === 'failed') this.success = false;
  }

  onTestRunEnd(_modules: unknown, errors: readonly unknown[]): void {
    if (errors.length > 0) this.success = false;
  }

  get verdict(): Verdict {
    const { failed, success, passed } = this;
    if (failed.length > 0) return { verdict: 'failed', failed };
    return { verdict: success && passed > 0 ? 'passed' : 'did not run', failed };
  }
}

/**
 * Tests of a copy of the repository, run again and again. A vitest of its own for each run would spend more than half of its
 * time on reading and translating files that have not changed, and a process of its own half of the rest.
 */
export class WarmTests {
  readonly #vitest: Vitest;
  readonly #directory: string;
  readonly #told: { tally: Tally };
  readonly #process: LastingProcess;

  private constructor(
    vitest: Vitest,
    directory: string,
    told: { tally: Tally },
    lastingProcess: LastingProcess,
  ) {
    this.#vitest = vitest;
    this.#directory = directory;
    this.#told = told;
    this.#process = lastingProcess;
  }

  static async open(directory: string): Promise<WarmTests> {
    const told = { tally: new Tally() };
    const reporter: Reporter = {
      onTestCaseResult: (test) => told.tally.onTestCaseResult(test),
      onTestModuleEnd: (module) => told.tally.onTestModuleEnd(module),
      onTestRunEnd: (modules, errors) => told.tally.onTestRunEnd(modules, errors),
    };
    const lasting = new LastingProcess();
    const vitest = await createVitest('test', {
      root: directory,
      config: join(import.meta.dirname, 'vitest.config.ts'),
      watch: false,
      reporters: [reporter],
      pool: { name: 'lasting', createPoolWorker: (options) => lasting.lend(options) },
      // The other core is another worker's.
      maxWorkers: 1,
    });
    return new WarmTests(vitest, directory, told, lasting);
  }

  /** To be told after each write to a file of the copy: it is run as it was otherwise. */
  fileChanged(path: string): void {
    this.#vitest.invalidateFile(path);
    this.#process.fileChanged(path);
  }

  /**
   * How these files of `test/` ended. A run that can't even begin has tested nothing.
   *
   * @param names only the tests with such names; all of them where it is left out
   */
  async run(tests: readonly string[], names?: RegExp): Promise<Verdict> {
    this.#told.tally = new Tally();
    if (names === undefined) this.#vitest.resetGlobalTestNamePattern();
    else this.#vitest.setGlobalTestNamePattern(names);
    const paths = tests.map((test) => join(this.#directory, 'test', test));
    const found = await this.#vitest.globTestSpecifications(paths);
    if (found.length !== tests.length) return { verdict: 'did not run', failed: [] };
    await this.#vitest.runTestSpecifications(found);
    return this.#told.tally.verdict;
  }

  async close(): Promise<void> {
    await this.#vitest.close();
    this.#process.end();
  }
}
