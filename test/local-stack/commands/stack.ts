import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type LocalStack, type LocalStackOptions, startLocalStack, Undo } from '../deployment/index.ts';
import { ENGINES, type EngineVersion } from '../document-db/index.ts';
import { preparePage } from '../page/index.ts';
import { tellExecutions } from './activity.ts';
import { scheduleRotations } from './schedule.ts';
import { assertFree, removeStackFile, writeStackFile } from './stack-file.ts';
import { stopOnSignal } from './stop-on-signal.ts';

const USAGE = `npm run stack [-- options]

Starts AWS (ministack), Secrets Manager and DocumentDB on this machine, deploys the rotation to them, and
stays up until Ctrl-C. All of it listens on 127.0.0.1 only. Prints the address of a page on which executions can be
watched, held and stepped through; the time limits of tasks and functions are a day with it.

  --port N                   port of the AWS endpoint (default: a free one)
  --secrets-manager-port N   port of Secrets Manager (default: a free one)
  --document-db-port N       port of DocumentDB (default: a free one)
  --instances N              instances of the database cluster (default: 1)
  --engine-version V         version of DocumentDB: ${Object.keys(ENGINES).join(', ')} (default: 5.0)
  --extra-secrets N          secrets of applications beside demo/app (default: 0)
  --propagation-timeout N    seconds that a new credential may take to reach every instance (default: 15)
  --drain N                  seconds that a recovery waits for a step in flight (default: 5)
  --no-page                  no page, and the time limits that are deployed
  --file PATH                where the description goes (default: .local/stack.json)
  --help
`;

const FILE = join(import.meta.dirname, '..', '..', '..', '.local', 'stack.json');

const readArguments = () =>
  parseArgs({
    options: {
      port: { type: 'string' },
      'secrets-manager-port': { type: 'string' },
      'document-db-port': { type: 'string' },
      instances: { type: 'string' },
      'engine-version': { type: 'string' },
      'extra-secrets': { type: 'string' },
      'propagation-timeout': { type: 'string' },
      drain: { type: 'string' },
      'no-page': { type: 'boolean', default: false },
      file: { type: 'string', default: FILE },
      help: { type: 'boolean', default: false },
    },
  }).values;

type Arguments = ReturnType<typeof readArguments>;
type NumberOption = Exclude<keyof Arguments, 'help' | 'file' | 'engine-version' | 'no-page'>;

const numberOf = (values: Arguments, name: NumberOption): number | undefined => {
  const text = values[name];
  if (text === undefined) return undefined;
  if (!/^\d{1,5}$/.test(text)) throw new Error(`--${name} takes a whole number, not "${text}"`);
  return Number(text);
};

const engineVersionOf = (text: string): EngineVersion => {
  const version = (Object.keys(ENGINES) as EngineVersion[]).find((known) => known === text);
  if (version) return version;
  throw new Error(`--engine-version takes one of ${Object.keys(ENGINES).join(', ')}, not "${text}"`);
};

/** Leaves out what was not given, so that defaults apply. */
const given = <T extends object>(values: T) =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };

const optionsFrom = (values: Arguments): LocalStackOptions =>
  given({
    ports: given({
      aws: numberOf(values, 'port'),
      secretsManager: numberOf(values, 'secrets-manager-port'),
      documentDb: numberOf(values, 'document-db-port'),
    }),
    instances: numberOf(values, 'instances'),
    engineVersion:
      values['engine-version'] === undefined ? undefined : engineVersionOf(values['engine-version']),
    extraSecrets: numberOf(values, 'extra-secrets'),
    propagationTimeoutSeconds: numberOf(values, 'propagation-timeout'),
    drainSeconds: numberOf(values, 'drain'),
  });

const instructions = (stack: LocalStack, page: string | undefined): string =>
  [
    `export AWS_ENDPOINT_URL=${stack.awsEndpointUrl}`,
    `export AWS_ENDPOINT_URL_SECRETS_MANAGER=${stack.secretsManagerEndpointUrl}`,
    `export AWS_REGION=${stack.region}`,
    // Version 1 of the AWS CLI, and boto3, read only this one.
    `export AWS_DEFAULT_REGION=${stack.region}`,
    'export AWS_ACCESS_KEY_ID=test',
    'export AWS_SECRET_ACCESS_KEY=test',
    '',
    '# for example, in another terminal, after these exports:',
    '#   aws secretsmanager rotate-secret --secret-id demo/app',
    `#   aws stepfunctions start-execution --state-machine-arn ${stack.stateMachineArn} --input '{"secretId": "demo/app", "mode": "verify"}'`,
    '# each execution is told below; Ctrl-C stops all',
    ...(page === undefined
      ? []
      : ['', '# watch, break and step through them, in a browser:', `page ${page}`]),
    '',
    'ready',
  ].join('\n');

const undo = new Undo();
let ready = false;
// Ctrl-C is how this command ends; only before it is ready has something been cut short.
const isStopping = stopOnSignal(undo, (ofSignal) => (ready ? 0 : ofSignal));

const run = async (values: Arguments): Promise<void> => {
  await assertFree(values.file);
  const tell = (what: string): void => console.error(`… ${what}`);
  const prepared = values['no-page'] ? undefined : await preparePage(undo);
  const options = { ...optionsFrom(values), declared: true, ...prepared?.options };
  const stack = await startLocalStack(options, tell, undo);
  tell('testing the secrets, as their schedules do');
  await scheduleRotations(stack);
  const page = await prepared?.open(stack);
  undo.add(() => removeStackFile(values.file));
  await writeStackFile(values.file, stack);
  ready = true;
  console.log(instructions(stack, page?.url));
  await tellExecutions(stack, console.log);
};

try {
  const values = readArguments();
  if (values.help) console.log(USAGE);
  else await run(values);
} catch (error) {
  // The one who stopped it ends the process, once everything is stopped.
  if (!isStopping()) {
    const what = ready ? 'the local stack broke' : 'the local stack did not start';
    console.error(`${what}: ${error instanceof Error ? error.message : error}`);
    await undo.all().catch(() => {});
    process.exit(1);
  }
}
