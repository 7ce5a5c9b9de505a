import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundleCommand } from '../../../infra/build/bundle-command.ts';
import { executionName } from '../../../statemachine/commands/execution/execution-name.ts';
import { type LocalStack, startLocalStack } from '../../local-stack/deployment/index.ts';
import { CommandLine } from './command-process.ts';

const MANY = 500;

let stack: LocalStack;
beforeAll(async () => {
  await bundleCommand();
  stack = await startLocalStack();
});
afterAll(async () => {
  await stack?.stop();
});

/** Secrets that Secrets Manager never rotated, the dearest kind: for each of them the date of its version has to be asked for. */
const makeMany = async (): Promise<void> => {
  for (let number = 1; number <= MANY; number += 1) {
    const name = `many/${String(number).padStart(3, '0')}`;
    const tags = { 'docdb-rotation:strategy': 'alternating-users' };
    const arn = stack.secretsManagerStandIn.seedReplica({
      name,
      secretString: '{}',
      tags,
      primaryRegion: 'us-east-1',
    });
    // Refused at once: it has come to its end without a function, and failed, so that its error has to be asked for.
    await stack.executions.start(
      { secretId: arn, mode: 'no such' },
      executionName(arn, 'rotate', new Date(), 'abcd'),
    );
  }
};

it('lists hundreds of secrets with few calls: of the list of secrets and of executions a page each', async () => {
  await makeMany();
  const calls = new Map<string, number>();
  const stop = stack.secretsManagerStandIn.onRequest(({ moment, operation }) => {
    if (moment === 'before') calls.set(operation, (calls.get(operation) ?? 0) + 1);
  });
  const started = performance.now();
  const { stdout, status } = await new CommandLine(stack).run('list', '--json');
  console.log(`${MANY} secrets listed in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  stop();

  expect(status).toBe(0);
  const rows: { secret: string; last: string }[] = JSON.parse(stdout);
  const many = rows.filter(({ secret }) => secret.startsWith('many/'));
  expect(many).toHaveLength(MANY);
  expect(many.filter(({ last }) => last === '-')).toEqual([]);
  expect(many.some(({ last }) => last === 'Refused')).toBe(true);
  expect(Object.fromEntries(calls)).toEqual({
    ListSecrets: Math.ceil(rows.length / 100),
    ListSecretVersionIds: rows.length,
  });
});
