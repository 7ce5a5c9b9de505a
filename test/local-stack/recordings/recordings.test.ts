import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { definitionOf } from '../../support/definitions.ts';
import { type DocumentDbStandIn, startDocumentDb } from '../document-db/index.ts';
import { newCredential } from '../document-db/test-client.ts';
import { type Ministack, startMinistack } from '../ministack/ministack.ts';
import { ensurePython } from '../python/index.ts';
import { RECORDINGS } from './recording.ts';
import { ofDocumentDb } from './replay-document-db.ts';
import { OF_SECRETS_MANAGER } from './replay-secrets-manager.ts';
import { Machines, ofStepFunctions } from './replay-step-functions.ts';

/* What AWS answered, asked of the stand-ins. */

const REGION = 'eu-central-1';
const PROJECT = join(import.meta.dirname, '..', '..', '..');
const primaryUser = newCredential('docdbadmin');
let directory: string;
let documentDb: DocumentDbStandIn;
let ministack: Ministack;
let machines: Machines;

beforeAll(async () => {
  const { python } = await ensurePython();
  directory = await mkdtemp(join(tmpdir(), 'recordings-'));
  documentDb = await startDocumentDb({ primaryUser });
  ministack = await startMinistack({ python, directory, region: REGION });
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  machines = new Machines({ endpoint: ministack.url, region: REGION, credentials });
  await machines.begin();
}, 180_000);

afterAll(async () => {
  machines?.end();
  await Promise.all([ministack?.stop(), documentDb?.stop()]);
  await rm(directory, { recursive: true, force: true });
});

const REPLAYS = {
  ...OF_SECRETS_MANAGER,
  ...ofStepFunctions(() => machines),
  ...ofDocumentDb(() => documentDb, primaryUser),
};

const replayed = RECORDINGS.filter(({ answer }) => answer !== undefined);

describe.each(['secrets-manager', 'step-functions', 'document-db'])('%s', (service) => {
  test.each(replayed.filter((each) => each.service === service))('$id: $rule', async ({ id, answer }) => {
    expect(await REPLAYS[id]?.()).toEqual(answer);
  });
});

test('each recording is replayed, or has a reason why not', () => {
  const ids = RECORDINGS.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(Object.keys(REPLAYS).sort()).toEqual(replayed.map(({ id }) => id).sort());
  expect(RECORDINGS.filter(({ answer, differs }) => answer === undefined && differs === undefined)).toEqual(
    [],
  );
});

test('what is held elsewhere is held by a test that is there', () => {
  const files = RECORDINGS.flatMap(({ heldBy }) => heldBy ?? []);
  expect(files.filter((file) => !existsSync(join(PROJECT, file)))).toEqual([]);
});

test.each(['rotation', 'recovery', 'retirement'] as const)(
  'each Fail state of the %s has an error and a cause: what is missing is told otherwise',
  (name) => {
    const states = Object.values(definitionOf(name).States);
    const fails = states.filter(({ Type }) => Type === 'Fail');
    expect(fails).not.toEqual([]);
    expect(fails.filter(({ Error: error, Cause }) => !error || !Cause)).toEqual([]);
  },
);

test('the README tells how many there are, and how many agree', () => {
  const wholly = replayed.filter(({ differs }) => differs === undefined).length;
  const partly = replayed.length - wholly;
  const readme = readFileSync(join(PROJECT, 'test', 'README.md'), 'utf8');
  expect(readme).toContain(
    `Of ${RECORDINGS.length} rules ${wholly} agree, ${partly} agree in what anything here reads, and ${RECORDINGS.length - replayed.length} are not replayed`,
  );
});
