import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Undo } from '../local-stack/deployment/undo.ts';
import { ENGINES, type EngineVersion } from '../local-stack/document-db/index.ts';
import { answersTable, summaryLines } from './answers-table.ts';
import { readKitConfig } from './config.ts';
import { Kit } from './kit.ts';
import { DEFAULT_NAME } from './names.ts';
import { AwsPlace } from './place/aws-place.ts';
import { readLocalGround, startLocalGround } from './place/local-ground.ts';
import { LocalPlace } from './place/local-place.ts';
import type { Place } from './place/place.ts';
import { planLines } from './plan.ts';
import { GROUPS } from './questions/all.ts';
import { takeDown } from './take-down.ts';

const USAGE = `npm run conformance [-- options]

Deploys a small DocumentDB cluster and the rotation beside it to your AWS account, asks what only AWS can
answer, writes the answers, and takes everything down. test/account/README.md says more.

  --plan               say what it will create and cost, and create nothing
  --down               take down what a killed run has left behind
  --local              the local stack instead of an account; says nothing about AWS
  --region R           (default: AWS_REGION or AWS_DEFAULT_REGION)
  --engine-version V   3.6.0, 4.0.0, 5.0.0 or 8.0.0 (default: 5.0.0)
  --name NAME          what the stacks' names begin with (default: ${DEFAULT_NAME})
  --only GROUP         ask only this group: ${GROUPS.map(({ name }) => name).join(', ')}; may be given again
  --out FILE           (default: answers.json)
  --ground FILE        with --local: stand-ins that run already
  --help
`;

const OPTIONS = {
  plan: { type: 'boolean', default: false },
  down: { type: 'boolean', default: false },
  local: { type: 'boolean', default: false },
  region: { type: 'string' },
  'engine-version': { type: 'string', default: '5.0.0' },
  name: { type: 'string', default: DEFAULT_NAME },
  only: { type: 'string', multiple: true },
  out: { type: 'string', default: 'answers.json' },
  ground: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

const optionsGiven = () => {
  try {
    return parseArgs({ options: OPTIONS }).values;
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    process.exit(2);
  }
};
const { only = [], ...values } = optionsGiven();

const tell = (what: string): void => console.error(`${new Date().toISOString().slice(11, 19)} ${what}`);

const regionOf = (): string => {
  const region = values.region ?? process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION;
  if (!region) throw new Error('no Region: give --region, or set AWS_REGION');
  return region;
};

const engineHere = (): EngineVersion => {
  const asked = values['engine-version'].replace(/\.0$/, '');
  const version = (Object.keys(ENGINES) as EngineVersion[]).find((known) => known === asked);
  if (version === undefined) throw new Error(`the local stack has no engine version ${asked}`);
  return version;
};

const groupsOf = () => {
  const unknown = only.filter((name) => !GROUPS.some((group) => group.name === name));
  if (unknown.length > 0) throw new Error(`there is no group ${unknown.join(', ')}`);
  return GROUPS.filter(({ name }) => only.length === 0 || only.includes(name));
};

const placeOf = async (undo: Undo): Promise<Place> => {
  if (!values.local) return new AwsPlace(regionOf());
  if (values.ground) return new LocalPlace(readLocalGround(values.ground));
  tell('starting the local stack');
  return new LocalPlace(await startLocalGround(engineHere(), undo, tell));
};

/** The first signal begins the way down, the second one leaves it. */
const stopping = new AbortController();
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
let down = false;
for (const [signal, status] of Object.entries(SIGNALS))
  process.on(signal, () => {
    if (stopping.signal.aborted) process.exit(status);
    process.exitCode = status;
    tell(
      down
        ? 'it is being taken down already; once more, and it is left: --down goes on'
        : 'stopped: everything is taken down now; once more, and it is left: --down goes on',
    );
    stopping.abort(new Error(`stopped by ${signal}`));
  });

const runKit = async (place: Place): Promise<void> => {
  const config = readKitConfig({ name: values.name, engineVersion: values['engine-version'] });
  const options = {
    config,
    groups: groupsOf(),
    file: join(process.cwd(), values.out),
    signal: stopping.signal,
  };
  const told = (what: string): void => {
    down ||= what === 'taking everything down';
    tell(what);
  };
  const answers = await new Kit(place, { ...options, tell: told }).run();
  for (const line of ['', ...answersTable(answers), '', ...summaryLines(answers)]) console.log(line);
  console.log(`the answers are in ${values.out}`);
  const failed = answers.answers.some(({ outcome }) => outcome === 'failed');
  const left = answers.takenDown?.left.length !== 0;
  if (left || failed || (!answers.complete && process.exitCode === undefined)) process.exitCode ??= 1;
};

const runDown = async (place: Place): Promise<void> => {
  down = true;
  await place.endDeployment();
  const { left } = await takeDown(place, values.name, tell);
  console.log(left.length === 0 ? 'nothing is left' : `STILL THERE: ${left.join(', ')}`);
  if (left.length > 0) process.exitCode = 1;
};

const main = async (): Promise<void> => {
  if (values.help) return console.log(USAGE);
  if (values.plan) {
    const region = values.local ? 'the local stack' : regionOf();
    for (const line of planLines(values.name, region, values['engine-version'])) console.log(line);
    return;
  }
  if (values.local && values.down && !values.ground)
    return console.log('nothing is left: the local stack ends with the process that has started it');
  const undo = new Undo();
  try {
    await (values.down ? runDown : runKit)(await placeOf(undo));
  } finally {
    await undo.all();
  }
};

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  if (down) console.error('not everything was taken down: --down goes on');
  process.exitCode ??= 1;
}
