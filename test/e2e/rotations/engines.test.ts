import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LocalStack, startLocalStack } from '../../local-stack/deployment/index.ts';
import { ENGINES, type EngineVersion } from '../../local-stack/document-db/index.ts';
import { expectSettled, run } from './outside-judge.ts';

/** The driver in the bundles speaks to every engine in service, by the wire version that each reports. */
let stack: LocalStack;
beforeAll(async () => {
  stack = await startLocalStack({ instances: 2, engineVersion: '3.6' });
});
afterAll(async () => {
  await stack?.stop();
});

test.each(Object.keys(ENGINES) as EngineVersion[])('DocumentDB %s', async (version) => {
  stack.documentDb.setEngineVersion(version);
  const secret = await stack.makeSecret();

  const execution = await run(stack, { secretId: secret.arn });

  expect(execution, execution.cause).toMatchObject({
    status: 'SUCCEEDED',
    output: { outcome: 'rotated', instances: 2 },
  });
  await expectSettled(stack, secret.arn);
});
