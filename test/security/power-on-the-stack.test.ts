import { UpdateFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { expectSettled } from '../e2e/rotations/outside-judge.ts';
import { type LocalStack, startLocalStack } from '../local-stack/deployment/index.ts';
import { untilUpdated } from '../local-stack/deployment/run-locally.ts';
import { ATTACKS } from './power/attacks.ts';
import { Auditor } from './power/auditor.ts';
import { type Deal, dealt } from './power/deal.ts';
import { EvilServer } from './power/evil-server.ts';
import { LEFT_OUT } from './power/left-out.ts';
import { ROWS } from './power/rows.ts';
import { type Grounds, StackArena } from './power/stack-arena.ts';
import { makeWorld, type StackWorld, textOf } from './power/stack-world.ts';
import { StartedRecoveries } from './power/started-recoveries.ts';
import { theirsOf } from './power/theirs.ts';

/**
 * The attacks of the matrix on the deployed stack: done with the clients of AWS, judged by a client of the database. power.unit.test.ts
 * has each attack in every world; here the worlds take turns.
 */
const DEALS = dealt(ATTACKS.filter(({ name }) => !(name in LEFT_OUT)));

/** Several at once, some of which follow four executions after each other. */
const LONGEST_MS = 240_000;

let grounds: Grounds;
/** What was started, the last first. */
const ends: (() => Promise<void>)[] = [];
/** Worlds in which the deployment allows a reset: their secrets are there when it is made. */
const resettable = new Map<Deal, StackWorld>();

/** Where someone else has the lock, the trigger waits for it as long as Lambda lets it: fifteen minutes, as it is deployed. */
const shortenTrigger = async ({ lambda, triggerFunctionName: FunctionName }: LocalStack): Promise<void> => {
  await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Timeout: 60 }));
  await untilUpdated(lambda, FunctionName);
};

beforeAll(async () => {
  const stack = await startLocalStack({
    propagationTimeoutSeconds: 10,
    drainSeconds: 2,
    waitScale: 0.05,
  });
  ends.unshift(() => stack.stop());
  await shortenTrigger(stack);
  const evil = await EvilServer.start(stack);
  ends.unshift(() => evil.stop());
  const auditor = await Auditor.open(stack);
  ends.unshift(() => auditor.close());
  grounds = { stack, evil, auditor, recoveries: new StartedRecoveries(stack.recoveries) };
  for (const deal of [...ROWS.map(({ deal }) => deal), ...DEALS].filter(({ attack }) => attack.resets))
    resettable.set(deal, await makeWorld(stack, deal.world));
  await stack.allowResetThroughAdmin(...[...resettable.values()].map(({ secret }) => secret));
});

afterAll(async () => {
  for (const end of ends) await end();
});

const enter = async (deal: Deal): Promise<StackArena> => {
  const world = resettable.get(deal) ?? (await makeWorld(grounds.stack, deal.world));
  return await StackArena.enter(grounds, deal.attack.needs, world);
};

/** An error that the project gives a name, and no accident. */
const NAMED = /^(RolledBack|\w+Failed|\w+Error)$/;

describe.concurrent('no one gains power on the stack by', { timeout: LONGEST_MS }, () => {
  it.each(DEALS)('$name', async (deal) => {
    const { attack, moment } = deal;
    const arena = await enter(deal);
    await attack.run(arena, moment);

    const theirs = theirsOf(attack.needs).flatMap(({ gives }) => gives);
    const gained = await arena.gained();
    expect(gained.filter((want) => !theirs.includes(want))).toEqual([]);
    expect(arena.wasReached, 'the moment came').toBe(deal.comes);
    for (const { status, error } of arena.ends) if (status === 'FAILED') expect(error).toMatch(NAMED);
    await grounds.stack.removeSecret(arena.world.secret.arn);
  });
});

/** The owner of the secret writes what was there again. */
const writeBack = async ({ world: { secret } }: StackArena): Promise<void> => {
  const { username, password } = secret;
  await grounds.stack.secretsManager.send(
    new PutSecretValueCommand({
      SecretId: secret.arn,
      SecretString: textOf(grounds.stack, { username, password }),
    }),
  );
};

describe.concurrent('it ends with a clear name, and with nothing changed:', () => {
  it.each(ROWS)('$name', async ({ deal, endsWith, isRotated }) => {
    const arena = await enter(deal);
    const { secret } = arena.world;

    await deal.attack.run(arena, deal.moment);

    const [first] = arena.ends;
    expect(first?.status).toBe('FAILED');
    expect(`${first?.error}: ${first?.cause}`).toMatch(endsWith);
    expect(arena.wasReached, 'the moment came').toBe(deal.comes);
    const gained = await arena.gained();
    expect(gained.filter((want) => want !== 'outage')).toEqual([]);
    if (!isRotated) expect(await grounds.stack.logsIn(secret), 'the user’s own password logs in').toBe(true);
    // Theirs anyway: who may write the value can write one that does not log in.
    if (gained.includes('outage')) await writeBack(arena);
    expect(await arena.honest.recover()).toMatchObject({ status: 'SUCCEEDED' });
    await expectSettled(grounds.stack, secret.arn);
    expect(await arena.gained()).toEqual([]);
  });
});

test('each attack runs on the stack, or is left out for a reason', () => {
  const names = ATTACKS.map(({ name }) => name);
  expect(new Set(names).size, 'names tell attacks apart').toBe(names.length);
  const ran = new Set(DEALS.map(({ attack }) => attack.name));
  expect([...ran, ...Object.keys(LEFT_OUT)].sort()).toEqual([...names].sort());
});
