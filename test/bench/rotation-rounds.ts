import type { LocalStack, Undo } from '../local-stack/deployment/index.ts';
import { makeCold } from './cold.ts';
import type { Counts } from './counts.ts';
import { WAYS, type Way } from './entry-points.ts';
import { Floor, makeOtherUser } from './floor.ts';
import type { FloorCounts } from './floor-contract.ts';
import { measuredFrom, type Sample, whileWatched } from './measure.ts';
import type { FloorResult, Measured, Rated, RotationResult } from './results.ts';
import { rotate, untilRetired } from './rotate.ts';
import { STRATEGY_NAMES, type StrategyName } from './strategies.ts';
import { makeSubject, type Subject } from './subject.ts';
import { WireCounts } from './wire-counts.ts';

/** A strategy on one way in, with a secret of its own that is rotated in every round. */
class Cell {
  readonly warm: Sample[] = [];
  readonly cold: Sample[] = [];
  counts: Counts | undefined;
  readonly strategy: StrategyName;
  readonly way: Way;
  readonly #stack: LocalStack;
  readonly #subject: Subject;

  constructor(stack: LocalStack, strategy: StrategyName, way: Way, subject: Subject) {
    this.#stack = stack;
    this.strategy = strategy;
    this.way = way;
    this.#subject = subject;
  }

  async rotate(isWarm: boolean): Promise<Sample> {
    const { arn } = this.#subject.secret;
    const counting = new WireCounts(this.#stack);
    const sample = await whileWatched(this.#stack, arn, () => rotate(this.#stack, arn, this.way));
    // A cold trigger may tell of the end so late that the retirement has begun: what counts was seen before.
    if (isWarm) this.counts = await counting.of(sample.acted);
    await untilRetired(this.#stack, sample.acted.execution);
    return sample;
  }
}

class FloorCell {
  readonly samples: Sample[] = [];
  /** In the rounds of the cold ones: what disturbs the machine then disturbs these too. */
  readonly besideCold: Sample[] = [];
  counts: FloorCounts | undefined;
  readonly strategy: StrategyName;
  readonly #stack: LocalStack;
  readonly #floor: Floor;
  readonly #subject: Subject;

  constructor(stack: LocalStack, floor: Floor, strategy: StrategyName, subject: Subject) {
    this.#stack = stack;
    this.#floor = floor;
    this.strategy = strategy;
    this.#subject = subject;
  }

  async rotate(): Promise<Sample> {
    const act = () => this.#floor.rotate(this.#subject);
    const sample = await whileWatched(this.#stack, this.#subject.secret.arn, act);
    this.counts = sample.acted.counts;
    return sample;
  }
}

/** All strategies on both ways in, and the floor of each, in rounds: what disturbs the machine disturbs all of them. */
export class RotationRounds {
  readonly #stack: LocalStack;
  readonly #cells: readonly Cell[];
  readonly #floors: readonly FloorCell[];

  private constructor(stack: LocalStack, cells: readonly Cell[], floors: readonly FloorCell[]) {
    this.#stack = stack;
    this.#cells = cells;
    this.#floors = floors;
  }

  static async prepare(stack: LocalStack, undo: Undo): Promise<RotationRounds> {
    const floor = new Floor(stack, undo);
    const cells: Cell[] = [];
    const floors: FloorCell[] = [];
    for (const strategy of STRATEGY_NAMES) {
      for (const way of WAYS) cells.push(new Cell(stack, strategy, way, await makeSubject(stack, strategy)));
      const subject = await makeSubject(stack, strategy);
      await makeOtherUser(stack, subject);
      floors.push(new FloorCell(stack, floor, strategy, subject));
    }
    return new RotationRounds(stack, cells, floors);
  }

  /** Starts every process, makes every pair, and fills what is filled only once. Nothing of it counts. */
  async warmUp(): Promise<void> {
    for (const floor of this.#floors) await floor.rotate();
    for (const cell of this.#cells) await cell.rotate(false);
  }

  async warm(): Promise<void> {
    for (const floor of this.#floors) floor.samples.push(await floor.rotate());
    for (const cell of this.#cells) cell.warm.push(await cell.rotate(true));
  }

  async cold(): Promise<void> {
    for (const floor of this.#floors) floor.besideCold.push(await floor.rotate());
    for (const cell of this.#cells) {
      await makeCold(this.#stack);
      cell.cold.push(await cell.rotate(false));
    }
  }

  floorResults(): FloorResult[] {
    return this.#floors.map(({ strategy, samples, counts }) => ({
      strategy,
      ...measuredFrom(samples),
      counts: counts ?? { secretsManagerCalls: 0, logins: 0, databaseCommands: 0 },
    }));
  }

  results(): RotationResult[] {
    return this.#cells.flatMap(({ strategy, way, warm, cold, counts }) => {
      const floor = this.#floors.find((one) => one.strategy === strategy);
      if (floor === undefined || counts === undefined) return [];
      const ratedWarm = rated(measuredFrom(warm), measuredFrom(floor.samples));
      const ratedCold = rated(measuredFrom(cold), measuredFrom(floor.besideCold));
      return [{ strategy, way, warm: ratedWarm, cold: ratedCold, counts }];
    });
  }
}

const rated = (measured: Measured, floor: Measured): Rated => ({
  ...measured,
  timesFloor: measured.seconds.median / floor.seconds.median,
  outageTimesFloor:
    floor.outageMs.median === 0 ? undefined : measured.outageMs.median / floor.outageMs.median,
});
