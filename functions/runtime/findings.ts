import { RotationError } from '../contract/errors.ts';
import type { Answer, Finding, Problem, Topic } from '../contract/findings.ts';
import { problemOf } from '../contract/problem-of.ts';
import type { Clock } from './clock.ts';

/** What may pass by itself: a fail-over, a reader that lags, an admin's own rotation. */
const PASSES = [
  'AdminSecretUnavailableError',
  'CredentialNotPropagatedError',
  'DatabaseUnavailableError',
  'RolesDifferError',
  'SecretsManagerUnavailableError',
];

/** What who has the lock may change: the host, the tags and the permissions stay as they are. */
const CHANGED_BY_OTHERS: readonly Topic[] = ['credential', 'labels', 'other-user', 'power', 'roles', 'value'];

/** For all of one function's looks together: what lasts longer would fail a rotation too, or no one waits for it. */
const PATIENCE_MS = 15_000;

const PAUSE_MS = 3000;

/** What one function finds as it looks at one thing after the other. */
export class Findings {
  readonly #step: string;
  readonly #clock: Clock;
  readonly #giveUpAt: number;
  readonly #list: Finding[] = [];
  /** Whether another execution acts on the secret: what it may change is no certain problem. */
  mayChange = false;

  constructor(step: string, clock: Clock) {
    this.#step = step;
    this.#clock = clock;
    this.#giveUpAt = clock.now() + PATIENCE_MS;
  }

  get answer(): Answer {
    return { step: this.#step, findings: this.#list };
  }

  ready(topic: Topic, what: string): void {
    this.#list.push({ verdict: 'ready', topic, step: this.#step, what });
  }

  /** The same thing is told once. */
  problem(problem: Omit<Problem, 'step'>): void {
    if (this.#list.some(({ what }) => what === problem.what)) return;
    const verdict =
      this.mayChange && CHANGED_BY_OTHERS.includes(problem.topic) ? 'uncertain' : problem.verdict;
    this.#list.push({ ...problem, verdict, step: this.#step });
  }

  /**
   * @param topic what is looked at, where an error does not say itself what it is about
   * @param known what to say of an error in place of what it says itself
   * @returns undefined where the look met an error of this project, which is a finding then
   */
  async look<T>(
    topic: Topic,
    act: () => T | Promise<T>,
    known: (error: RotationError) => Partial<Problem> = () => ({}),
  ): Promise<{ readonly value: T } | undefined> {
    for (;;) {
      try {
        return { value: await act() };
      } catch (error) {
        if (!(error instanceof RotationError)) throw error;
        if (PASSES.includes(error.name) && this.#clock.now() < this.#giveUpAt) {
          await this.#clock.sleep(PAUSE_MS);
          continue;
        }
        this.problem({ ...problemOf(this.#step, topic, error), ...known(error) });
        return undefined;
      }
    }
  }
}
