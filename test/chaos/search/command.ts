import { parseArgs } from 'node:util';
import { meet } from './meeting.ts';

/** npm run search -- --random 2000 --actors 4 --seed 1 */
const { values } = parseArgs({
  options: {
    random: { type: 'string', default: '2000' },
    actors: { type: 'string', default: '4' },
    seed: { type: 'string', default: '1' },
  },
});

const [runs, actors, first] = [values.random, values.actors, values.seed].map(Number) as [
  number,
  number,
  number,
];
const begun = performance.now();
const ends = new Map<string, number>();
let violations = 0;
let loud = 0;
for (let seed = first; seed < first + runs; seed++) {
  const meeting = await meet(seed, actors);
  for (const end of meeting.ends) ends.set(end, (ends.get(end) ?? 0) + 1);
  if (meeting.isLoud) loud += 1;
  if (meeting.problems.length === 0) continue;
  violations += 1;
  console.info([`\nseed ${seed}:`, ...meeting.problems, ...meeting.story].join('\n  '));
}
const seconds = Math.round((performance.now() - begun) / 1000);
console.info(
  `\n${runs} meetings of ${actors} actors in ${seconds} s: ${violations} violations, ${loud} left to the operators`,
);
for (const [end, count] of [...ends].sort((one, other) => other[1] - one[1]))
  console.info(`  ${count} × ${end}`);
process.exitCode = violations === 0 ? 0 : 1;
