import { writeFileSync } from 'node:fs';
import packageFile from '../../package.json' with { type: 'json' };
import { type Answer, AnswersFile } from './answers.ts';
import type { KitConfig } from './config.ts';
import { harmless, harmlessText } from './harmless.ts';
import { makeUsers } from './make-users.ts';
import { stacksOf } from './names.ts';
import type { Place } from './place/place.ts';
import { estimateUsd } from './plan.ts';
import { makePorts, type Ports } from './ports.ts';
import type { Afterwards, Group, Question } from './question.ts';
import { outputsOf } from './stacks.ts';
import { leftovers, type TakenDown, takeDown } from './take-down.ts';

export interface KitOptions {
  readonly config: KitConfig;
  readonly groups: readonly Group[];
  /** Where the answers go, after each of them. */
  readonly file: string;
  readonly tell: (what: string) => void;
  /** Stops whatever goes on; the way down begins. */
  readonly signal: AbortSignal;
}

/** One run of the kit: up, questions, down. */
export class Kit {
  readonly #place: Place;
  readonly #options: KitOptions;
  readonly #started = new Date();
  readonly #answers = new Map<string, Answer>();
  /** Ends the questions too that go on beside the rest, when the way down begins without a signal. */
  readonly #over = new AbortController();
  readonly #signal: AbortSignal;
  #made: Promise<void> = Promise.resolve();
  #stoppedBy: string | null = null;
  #complete = false;
  #takenDown: AnswersFile['takenDown'] = null;

  constructor(place: Place, options: KitOptions) {
    this.#place = place;
    this.#options = options;
    this.#signal = AbortSignal.any([options.signal, this.#over.signal]);
  }

  /**
   * @returns what was found, also of a run that was stopped
   * @throws Error if something of this name is there already: nothing of another run is touched
   */
  async run(): Promise<AnswersFile> {
    const { config, tell } = this.#options;
    const there = await leftovers(this.#place, config.name);
    if (there.length > 0)
      throw new Error(
        `${there.join(', ')} is there already: take it down by --down, or choose another --name`,
      );
    try {
      await this.#unlessStopped(this.#upAndAsk());
      this.#complete = true;
    } catch (error) {
      this.#stoppedBy = harmlessText(error instanceof Error ? error.message : String(error));
      tell(this.#stoppedBy);
    }
    await this.#down();
    return this.#write();
  }

  async #upAndAsk(): Promise<void> {
    const { config, groups, tell } = this.#options;
    const signal = this.#signal;
    const { ground, rotation } = stacksOf(config.name);
    tell('bundling the functions, synthesizing the app');
    await this.#making(this.#place.prepare(config, signal));
    tell(`deploying the stack ${ground}`);
    await this.#making(this.#place.deploy(ground, signal));
    const groundPorts = await this.#ports([ground]);
    const all = groups.flatMap((group) => group.questions.map((question) => ({ group, question })));
    const beside = all
      .filter(({ question }) => isBeside(question))
      .map(({ group, question }) => this.#ask(group, question, groundPorts));
    // If the deployment fails first, no one waits for them.
    for (const each of beside) each.catch(() => {});
    tell('making the users of the secrets');
    await makeUsers(groundPorts);
    tell(`deploying the stack ${rotation}`);
    await this.#making(this.#place.deploy(rotation, signal));
    const ports = await this.#ports([ground, rotation]);
    for (const { group, question } of all.filter((each) => !isBeside(each.question))) {
      signal.throwIfAborted();
      tell(`asking: ${question.question}`);
      await this.#ask(group, question, ports);
    }
    if (beside.length > 0) tell('waiting for the questions that take long');
    await Promise.all(beside);
  }

  /** What is being made must have ended before it is taken down: nothing may come after it. */
  #making(work: Promise<void>): Promise<void> {
    this.#made = work;
    return work;
  }

  async #ports(stacks: readonly string[]): Promise<Ports> {
    const outputs = await Promise.all(stacks.map((stack) => outputsOf(this.#place, stack)));
    return makePorts(this.#place, this.#options.config.name, Object.assign({}, ...outputs), this.#signal);
  }

  /** A question that fails is told as failed; the others are asked all the same. */
  async #ask(group: Group, question: Question, ports: Ports): Promise<void> {
    const started = performance.now();
    const common = () => ({
      id: question.id,
      group: group.name,
      question: question.question,
      seconds: Number(((performance.now() - started) / 1000).toFixed(1)),
    });
    const answer = await this.#answerOf(question, ports, common);
    if (this.#signal.aborted) return;
    this.#answers.set(question.id, harmless(answer));
    this.#write();
  }

  async #answerOf(
    question: Question,
    ports: Ports,
    common: () => Pick<Answer, 'id' | 'group' | 'question' | 'seconds'>,
  ): Promise<Answer> {
    const why = this.#whyNot(question);
    if (why !== undefined) return { ...common(), outcome: 'not asked here', why };
    if (!('ask' in question)) throw new Error(`${question.id} asks nothing`);
    try {
      const { seen, facts } = await question.ask(ports);
      return { ...common(), outcome: 'answered', seen, facts: { ...facts } };
    } catch (error) {
      const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      return { ...common(), outcome: 'failed', error: text };
    }
  }

  #whyNot(question: Question | Afterwards): string | undefined {
    if ('notAnywhere' in question) return question.notAnywhere;
    return this.#place.kind === 'local' ? question.notHere : undefined;
  }

  /** What goes on when the kit is stopped is left alone: the way down ends it. */
  async #unlessStopped(work: Promise<void>): Promise<void> {
    const { signal } = this.#options;
    work.catch(() => {});
    const stopped = Promise.withResolvers<never>();
    const stop = () => stopped.reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    try {
      await Promise.race([work, stopped.promise]);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  async #down(): Promise<void> {
    const { config, tell } = this.#options;
    tell('taking everything down');
    this.#write();
    this.#over.abort(new Error('the way down has begun'));
    await this.#made.catch(() => {});
    const taken = await takeDown(this.#place, config.name, tell);
    this.#takenDown = harmless({ ...taken, slowest: [...taken.slowest], left: [...taken.left] });
    for (const group of this.#options.groups)
      for (const question of group.afterwards ?? []) this.#answerAfterwards(group, question, taken);
  }

  #answerAfterwards(group: Group, question: Afterwards, taken: TakenDown): void {
    // What a run shows that was stopped is no answer.
    if (!this.#complete) return;
    const { id } = question;
    const common = { id, group: group.name, question: question.question, seconds: taken.seconds };
    const why = this.#whyNot(question);
    const { seen, facts } = question.from(taken);
    const answer: Answer =
      why === undefined
        ? { ...common, outcome: 'answered', seen, facts: { ...facts } }
        : { ...common, outcome: 'not asked here', why };
    this.#answers.set(id, harmless(answer));
  }

  #write(): AnswersFile {
    const { config, file, groups } = this.#options;
    const ended = new Date();
    const minutes = (Number(ended) - Number(this.#started)) / 60_000;
    const order = groups.flatMap(({ questions, afterwards = [] }) =>
      [...questions, ...afterwards].map(({ id }) => id),
    );
    const engine = this.#answers.get('engine');
    const told = engine?.outcome === 'answered' ? engine.facts.version : undefined;
    const answers = AnswersFile.parse({
      shape: 1,
      project: packageFile.version,
      place: this.#place.kind,
      region: this.#place.region,
      engine: { asked: config.engineVersion, told: typeof told === 'string' ? told : null },
      started: this.#started.toISOString(),
      ended: ended.toISOString(),
      minutes: Number(minutes.toFixed(1)),
      estimatedUsd: this.#place.kind === 'aws' ? estimateUsd(minutes) : 0,
      complete: this.#complete,
      stoppedBy: this.#stoppedBy,
      takenDown: this.#takenDown,
      answers: order.flatMap((id) => this.#answers.get(id) ?? []),
    });
    writeFileSync(file, `${JSON.stringify(answers, null, 2)}\n`);
    return answers;
  }
}

const isBeside = (question: Question): boolean => 'beside' in question && question.beside === true;
