import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
  PutSecretValueCommand,
  RotateSecretCommand,
  SecretsManagerClient,
  TagResourceCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FakeClock } from '../../support/fake-clock.ts';
import { FUNCTION_ARN, newValue, REGION, startTestStandIn, type TestStandIn } from './test-stand-in.ts';

let stack: TestStandIn;
beforeEach(async () => {
  stack = await startTestStandIn();
});
afterEach(() => stack.stop());

const oldest = () => 0;
const newest = () => 0.999;

const tag = (SecretId: string, Value: string) =>
  stack.client.send(new TagResourceCommand({ SecretId, Tags: [{ Key: 'tag', Value }] }));

const tagOf = async (SecretId: string, client = stack.client) =>
  (await client.send(new DescribeSecretCommand({ SecretId }))).Tags?.[0]?.Value;

describe('a read', () => {
  // "Any change that you make in Secrets Manager [...] takes time to become visible from all possible endpoints": https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html
  test('may show what was there before a change: labels, tags, values, versions', async () => {
    const first = await stack.createSecret();
    const SecretId = first.arn;
    stack.standIn.staleReads = { monotonic: false, reads: 5, random: oldest };
    const second = await stack.putVersion(SecretId);
    await tag(SecretId, 'new');
    const read = (VersionId?: string) =>
      stack.client.send(new GetSecretValueCommand({ SecretId, ...(VersionId ? { VersionId } : {}) }));

    expect(await stack.labelsOf(SecretId)).toEqual({ [first.versionId]: ['AWSCURRENT'] });
    expect(await tagOf(SecretId)).toBeUndefined();
    expect(await read()).toMatchObject({ VersionId: first.versionId, SecretString: first.value });
    await expect(read(second.versionId)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    const listing = new ListSecretVersionIdsCommand({ SecretId, IncludeDeprecated: true });
    expect((await stack.client.send(listing)).Versions).toHaveLength(1);

    expect(await read()).toMatchObject({ VersionId: second.versionId, SecretString: second.value });
    expect(await tagOf(SecretId)).toBe('new');
  });

  test('shows a change after so long', async () => {
    const { arn } = await stack.createSecret();
    const clock = new FakeClock();
    stack.standIn.staleReads = { monotonic: false, milliseconds: 1000, now: clock.now, random: oldest };
    await tag(arn, 'new');
    clock.advance(999);
    expect(await tagOf(arn)).toBeUndefined();
    clock.advance(1);
    expect(await tagOf(arn)).toBe('new');
  });

  test('shows it at once, if chance will have it, or no one asks for old answers', async () => {
    const { arn } = await stack.createSecret();
    stack.standIn.staleReads = { monotonic: false, reads: 9, random: newest };
    await tag(arn, 'new');
    expect(await tagOf(arn)).toBe('new');
    stack.standIn.staleReads = undefined;
    await tag(arn, 'newer');
    expect(await tagOf(arn)).toBe('newer');
  });

  test.each([false, true])('goes back to older states unless it is monotonic (%s)', async (monotonic) => {
    const { arn } = await stack.createSecret();
    const other = new SecretsManagerClient({
      endpoint: stack.standIn.url,
      region: REGION,
      credentials: { accessKeyId: 'other', secretAccessKey: 'other' },
    });
    const choices = [0.999, 0, 0];
    stack.standIn.staleReads = { monotonic, reads: 9, random: () => choices.shift() ?? 0 };
    await tag(arn, 'new');
    expect(await tagOf(arn)).toBe('new');
    expect(await tagOf(arn)).toBe(monotonic ? 'new' : undefined);
    expect(await tagOf(arn, other)).toBeUndefined();
    other.destroy();
  });

  test('may miss what Secrets Manager does itself: that it takes AWSPENDING off in the end', async () => {
    const { arn: SecretId, versionId } = await stack.createSecret();
    const clock = new FakeClock();
    stack.onRotation(async ({ Step, ClientRequestToken, RotationToken }) => {
      const version = { SecretId, ClientRequestToken, RotationToken, VersionStages: ['AWSPENDING'] };
      if (Step === 'createSecret')
        await stack.client.send(new PutSecretValueCommand({ ...version, SecretString: newValue() }));
      const move = { MoveToVersionId: ClientRequestToken, RemoveFromVersionId: versionId };
      if (Step === 'finishSecret') {
        const moving = { SecretId, VersionStage: 'AWSCURRENT', ...move };
        await stack.client.send(new UpdateSecretVersionStageCommand(moving));
        clock.advance(1000);
      }
      return { payload: 'null' };
    });
    stack.standIn.staleReads = { monotonic: false, milliseconds: 1000, now: clock.now, random: oldest };
    const rotate = new RotateSecretCommand({ SecretId, RotationLambdaARN: FUNCTION_ARN });
    const { VersionId = '' } = await stack.client.send(rotate);
    await stack.standIn.rotations.settled();
    const labels = { [versionId]: ['AWSPREVIOUS'] };
    expect(await stack.labelsOf(SecretId)).toEqual({ ...labels, [VersionId]: ['AWSCURRENT', 'AWSPENDING'] });
    clock.advance(1000);
    expect(await stack.labelsOf(SecretId)).toEqual({ ...labels, [VersionId]: ['AWSCURRENT'] });
  });
});

// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html
test('a write acts on the truth, however old the reads are', async () => {
  const { arn: SecretId, versionId } = await stack.createSecret();
  const second = await stack.putVersion(SecretId, ['mine']);
  stack.standIn.staleReads = { monotonic: true, reads: 9, random: oldest };
  const move = (MoveToVersionId: string) =>
    stack.client.send(
      new UpdateSecretVersionStageCommand({ SecretId, VersionStage: 'owner', MoveToVersionId }),
    );
  await move(versionId);
  expect(await stack.labelsOf(SecretId)).toEqual({
    [versionId]: ['AWSCURRENT'],
    [second.versionId]: ['mine'],
  });
  await expect(move(second.versionId)).rejects.toMatchObject({ name: 'InvalidParameterException' });
});
