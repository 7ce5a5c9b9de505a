import { Random } from '../soak/random.ts';
import type { Decisions } from './decisions.ts';
import { type Cast, endProblems, type Found, isAtRest, momentProblems, nextOf, stageOf } from './explore.ts';

/** More steps than any story has. */
const MOST_STEPS = 400;

/** One order after another, each at random. */
export const wander = (
  cast: Cast,
  decisions: Decisions,
  { runs, seed }: { readonly runs: number; readonly seed: number },
): Found['violation'] => {
  const random = new Random(seed);
  for (let run = 0; run < runs; run++) {
    const violation = wanderOnce(cast, decisions, random);
    if (violation !== undefined) return violation;
  }
  return undefined;
};

const wanderOnce = (cast: Cast, decisions: Decisions, random: Random): Found['violation'] => {
  let stage = stageOf(cast);
  const story: string[] = [];
  for (let step = 0; step < MOST_STEPS; step++) {
    const nexts = nextOf(stage, decisions);
    const next = nexts[random.below(nexts.length)];
    if (next === undefined) break;
    story.push(next.name);
    const [problem] = [...next.problems, ...momentProblems(next.stage)];
    if (problem !== undefined) return { problem, story };
    stage = next.stage;
    if (stage.isCutShort) return undefined;
  }
  const [problem] = isAtRest(stage) ? endProblems(stage) : [];
  return problem === undefined ? undefined : { problem, story };
};
