import { parseArgs } from 'node:util';
import { isFound, raid, shrink } from './random-attacker.ts';

/** node test/security/random-attacker/command.ts --raids 10000 --seed 1 [--gains] [--first] */
const { values } = parseArgs({
  options: {
    raids: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
    /** Only what got in. */
    gains: { type: 'boolean', default: false },
    /** Ends with the first find. */
    first: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '600' },
  },
});

const [raids, first, most] = [values.raids, values.seed, values.seconds].map(Number) as [
  number,
  number,
  number,
];
const begun = performance.now();
const finds = new Map<string, number>();
const ends = new Map<string, number>();
let done = 0;
for (let seed = first; seed < first + raids; seed++) {
  if (performance.now() - begun > most * 1000) break;
  const found = await raid(seed);
  done += 1;
  for (const end of found.ends) {
    const key = end.replace(/^(\w+):\S+/, '$1');
    ends.set(key, (ends.get(key) ?? 0) + 1);
  }
  if (!isFound(found) || (values.gains && found.gains.length === 0)) continue;
  const what = `${found.gains.length > 0 ? 'IN: ' : 'stuck: '}${[...found.gains, ...found.stuck].join(', ')} | ${found.rights.join(' + ')} | ${found.world}`;
  const before = finds.get(what) ?? 0;
  finds.set(what, before + 1);
  if (before === 0) {
    const small = await shrink(found);
    console.info([`\n${what}`, ...small.story, ...small.ends.map((end) => `    ${end}`)].join('\n  '));
  }
  if (values.first && found.gains.length > 0) break;
}
console.info(`\n${done} raids in ${Math.round((performance.now() - begun) / 1000)} s`);
for (const [what, count] of [...finds].sort((one, other) => other[1] - one[1]))
  console.info(`  ${count} × ${what}`);
console.info(
  [...ends]
    .sort((one, other) => other[1] - one[1])
    .map(([end, count]) => `${count} × ${end}`)
    .join('; '),
);
