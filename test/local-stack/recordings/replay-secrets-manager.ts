import { randomUUID } from 'node:crypto';
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  ListSecretVersionIdsCommand,
  PutSecretValueCommand,
  RotateSecretCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateSecretCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import type { SecretsManagerOptions } from '../secrets-manager/index.ts';
import {
  FUNCTION_ARN,
  newValue,
  OK,
  startTestStandIn,
  type TestStandIn,
} from '../secrets-manager/test-stand-in.ts';
import { type Replay, refusal } from './recording.ts';

type Asking = (stack: TestStandIn) => Promise<unknown>;

/** Runs with a stand-in of its own. */
const on =
  (ask: Asking, options: Partial<SecretsManagerOptions> = {}): Replay =>
  async () => {
    const stack = await startTestStandIn(options);
    try {
      return await ask(stack);
    } finally {
      await stack.stop();
    }
  };

/** A secret with its first version, v1, and more under labels. */
const withVersions = async (stack: TestStandIn, ...labels: (string[] | undefined)[]) => {
  const { arn, name, versionId } = await stack.createSecret();
  const ids = [versionId];
  for (const each of labels) ids.push((await stack.putVersion(arn, each)).versionId);
  const told = async () => {
    const found = await stack.labelsOf(arn);
    return Object.fromEntries(ids.flatMap((id, index) => (found[id] ? [[`v${index + 1}`, found[id]]] : [])));
  };
  const move = (VersionStage: string, { from, to }: { from?: number; to?: number }) =>
    stack.client.send(
      new UpdateSecretVersionStageCommand({
        SecretId: arn,
        VersionStage,
        ...(from === undefined ? {} : { RemoveFromVersionId: ids[from - 1] }),
        ...(to === undefined ? {} : { MoveToVersionId: ids[to - 1] }),
      }),
    );
  return { arn, name, ids, told, move };
};

const rotate = (stack: TestStandIn, SecretId: string, input: object = {}) =>
  stack.client.send(new RotateSecretCommand({ SecretId, RotationLambdaARN: FUNCTION_ARN, ...input }));

/** Rotates with a function that does what is right, and leaves AWSPENDING where it is. */
const rotateWhole = async (stack: TestStandIn) => {
  const { arn, versionId } = await stack.createSecret();
  stack.onRotation(async ({ Step, ClientRequestToken, RotationToken }) => {
    if (Step === 'createSecret')
      await stack.client.send(
        new PutSecretValueCommand({
          SecretId: arn,
          ClientRequestToken,
          RotationToken,
          SecretString: newValue(),
          VersionStages: ['AWSPENDING'],
        }),
      );
    if (Step === 'finishSecret')
      await stack.client.send(
        new UpdateSecretVersionStageCommand({
          SecretId: arn,
          VersionStage: 'AWSCURRENT',
          RemoveFromVersionId: versionId,
          MoveToVersionId: ClientRequestToken,
        }),
      );
    return OK;
  });
  const { VersionId = '' } = await rotate(stack, arn);
  await stack.standIn.rotations.settled();
  return (await stack.labelsOf(arn))[VersionId];
};

/** What a function sees at its first call. */
const firstCall = async (
  stack: TestStandIn,
  secretId: string,
  see: (token: string) => Promise<unknown>,
  input: object = {},
) => {
  let seen: unknown;
  stack.onRotation(async ({ ClientRequestToken }) => {
    seen ??= await see(ClientRequestToken);
    return OK;
  });
  await rotate(stack, secretId, input);
  await stack.standIn.rotations.settled();
  return seen;
};

const raw = async (stack: TestStandIn, operation: string, body: object) => {
  const response = await fetch(stack.standIn.url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `secretsmanager.${operation}` },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

const isConfigured = async ({ client }: TestStandIn, SecretId: string): Promise<boolean> =>
  (await client.send(new DescribeSecretCommand({ SecretId }))).RotationLambdaARN !== undefined;

const finds = async (
  { client }: TestStandIn,
  Key: 'description' | 'all',
  value: string,
): Promise<boolean> => {
  const answer = await client.send(new ListSecretsCommand({ Filters: [{ Key, Values: [value] }] }));
  return answer.SecretList?.length === 1;
};

const never = { mayInvoke: async () => false };

export const OF_SECRETS_MANAGER: Readonly<Record<string, Replay>> = {
  'put-takes-pending': on(async (stack) => {
    const { told, move, arn, ids } = await withVersions(stack, ['AWSPENDING']);
    await move('AWSCURRENT', { from: 1, to: 2 });
    ids.push((await stack.putVersion(arn)).versionId);
    return told();
  }),
  'promotion-keeps-pending': on(async (stack) => {
    const { told, move } = await withVersions(stack, ['AWSPENDING']);
    await move('AWSCURRENT', { from: 1, to: 2 });
    return told();
  }),
  'own-labels-stay': on(async (stack) => {
    const { told, move } = await withVersions(stack, ['AWSCURRENT', 'AWSSOMETHING', 'PUT1'], ['later']);
    await move('AWSCURRENT', { from: 2, to: 3 });
    return (await told()).v2;
  }),
  'previous-moves-on': on(async (stack) => {
    const { told, move } = await withVersions(stack, ['AWSCURRENT', 'PUT0'], ['one'], ['two']);
    await move('AWSCURRENT', { from: 2, to: 3 });
    await move('AWSCURRENT', { from: 3, to: 4 });
    return (await told()).v2;
  }),
  'put-takes-labels': on(async (stack) => {
    const { told } = await withVersions(stack, ['one', 'two', 'three'], ['one', 'two', 'four']);
    return told();
  }),
  'one-label-off': on(async (stack) => {
    const { told, move } = await withVersions(stack, ['AWSCURRENT', 'PENDING']);
    await move('PENDING', { from: 2 });
    return told();
  }),
  'move-names-the-holder': on(async (stack) => {
    const { move } = await withVersions(stack, undefined, ['later']);
    return refusal(move('AWSCURRENT', { to: 3 }));
  }),
  'current-is-never-off': on(async (stack) => {
    const { move } = await withVersions(stack);
    return refusal(move('AWSCURRENT', { from: 1 }));
  }),
  'back-to-previous': on(async (stack) => {
    const { told, move } = await withVersions(stack, undefined);
    await move('AWSCURRENT', { from: 2, to: 1 });
    return told();
  }),
  'rotate-while-pending': on(async (stack) => {
    const { arn } = await withVersions(stack, ['AWSPENDING']);
    return refusal(rotate(stack, arn));
  }),
  'rotate-without-function': on(async (stack) => {
    const { arn } = await withVersions(stack);
    const code = await refusal(rotate(stack, arn, { RotationLambdaARN: undefined }));
    return { code, configured: await isConfigured(stack, arn) };
  }),
  'rotate-not-permitted': on(async (stack) => {
    const { arn, told } = await withVersions(stack);
    const code = await refusal(rotate(stack, arn));
    const pending = Object.values(await told()).some((labels) => labels?.includes('AWSPENDING'));
    return { code, configured: await isConfigured(stack, arn), pending };
  }, never),
  'pending-without-value': on(async (stack) => {
    const { arn } = await withVersions(stack);
    return firstCall(stack, arn, async (VersionId) => ({
      labels: (await stack.labelsOf(arn))[VersionId],
      enabled: (await stack.client.send(new DescribeSecretCommand({ SecretId: arn }))).RotationEnabled,
      value: await refusal(
        stack.client.send(
          new GetSecretValueCommand({ SecretId: arn, VersionId, VersionStage: 'AWSPENDING' }),
        ),
      ),
    }));
  }),
  'test-only': on(async (stack) => {
    const { arn, value } = await stack.createSecret();
    const see = async (VersionId: string) => {
      const answer = await stack.client.send(new GetSecretValueCommand({ SecretId: arn, VersionId }));
      return { labels: answer.VersionStages, isCopy: answer.SecretString === value };
    };
    const seen = await firstCall(stack, arn, see, { RotateImmediately: false });
    return { ...(seen as object), steps: stack.standIn.rotations.latest(arn)?.steps };
  }),
  'pending-parked': on(rotateWhole, { pendingAfterSuccess: 'keep' }),
  'pending-cleaned-up': async () => ({
    keep: await on(rotateWhole, { pendingAfterSuccess: 'keep' })(),
    remove: await on(rotateWhole, { pendingAfterSuccess: 'remove' })(),
  }),
  'create-token-used': on(async (stack) => {
    const { name, ids } = await withVersions(stack);
    const [ClientRequestToken] = ids;
    return refusal(
      stack.client.send(
        new CreateSecretCommand({ Name: name, ClientRequestToken, SecretString: newValue() }),
      ),
    );
  }),
  'put-token-used': on(async (stack) => {
    const { arn, ids } = await withVersions(stack);
    return refusal(stack.putVersion(arn, undefined, ids[0]));
  }),
  'update-token-used': on(async (stack) => {
    const { arn, ids } = await withVersions(stack);
    const [ClientRequestToken] = ids;
    return refusal(
      stack.client.send(
        new UpdateSecretCommand({ SecretId: arn, ClientRequestToken, SecretString: newValue() }),
      ),
    );
  }),
  'same-token-and-value': on(async (stack) => {
    const { arn, name, versionId, value } = await stack.createSecret();
    const same = { ClientRequestToken: versionId, SecretString: value };
    const created = await stack.client.send(new CreateSecretCommand({ Name: name, ...same }));
    const put = await stack.client.send(new PutSecretValueCommand({ SecretId: arn, ...same }));
    const updated = await stack.client.send(new UpdateSecretCommand({ SecretId: arn, ...same }));
    return {
      create: created.VersionId === versionId,
      put: put.VersionStages,
      update: updated.VersionId === versionId,
    };
  }),
  'nothing-to-read': on(async (stack) => {
    const { arn: SecretId } = await stack.createSecret();
    const read = (what: object) =>
      refusal(stack.client.send(new GetSecretValueCommand({ SecretId, ...what })));
    return [await read({ VersionStage: 'AWSPENDING' }), await read({ VersionId: randomUUID() })];
  }),
  'label-of-another': on(async (stack) => {
    const { arn, ids } = await withVersions(stack, ['AWSPENDING']);
    return refusal(
      stack.client.send(
        new GetSecretValueCommand({ SecretId: arn, VersionId: ids[0], VersionStage: 'AWSPENDING' }),
      ),
    );
  }),
  'no-such-secret': on(async (stack) => {
    const { status, body } = await raw(stack, 'DescribeSecret', { SecretId: 'none' });
    return { code: body.__type, status };
  }),
  'error-body': on(async (stack) =>
    Object.keys((await raw(stack, 'GetSecretValue', { SecretId: 'none' })).body).sort(),
  ),
  'no-token': on(async (stack) => {
    const code = async (operation: string, body: object) => (await raw(stack, operation, body)).body.__type;
    const write = { SecretId: 'none', SecretString: newValue() };
    return {
      CreateSecret: await code('CreateSecret', { Name: 'none', SecretString: newValue() }),
      UpdateSecret: await code('UpdateSecret', write),
      PutSecretValue: await code('PutSecretValue', write),
      RotateSecret: await code('RotateSecret', { SecretId: 'none' }),
    };
  }),
  'odd-names': on(async (stack) => {
    const codes = await Promise.all(
      ['a b', 'a*', 'a?', 'a]'].flatMap((name) => [
        refusal(stack.client.send(new CreateSecretCommand({ Name: name }))),
        refusal(stack.client.send(new DescribeSecretCommand({ SecretId: name }))),
        refusal(stack.client.send(new GetSecretValueCommand({ SecretId: name }))),
        refusal(
          stack.client.send(new DeleteSecretCommand({ SecretId: name, ForceDeleteWithoutRecovery: true })),
        ),
      ]),
    );
    return [...new Set(codes)];
  }),
  'partial-arn': on(async (stack) => {
    const { arn } = await stack.createSecret('shop/app-a1b2c3');
    return refusal(stack.client.send(new DescribeSecretCommand({ SecretId: arn.slice(0, -7) })));
  }),
  tags: on(async (stack) => {
    const { arn: SecretId } = await stack.createSecret();
    const tags = async () => (await stack.client.send(new DescribeSecretCommand({ SecretId }))).Tags ?? null;
    const before = await tags();
    await stack.client.send(new TagResourceCommand({ SecretId, Tags: [{ Key: 'k', Value: 'v' }] }));
    await stack.client.send(new UntagResourceCommand({ SecretId, TagKeys: ['k'] }));
    return { never: before, lost: await tags() };
  }),
  'empty-description': on(async (stack) => {
    await stack.client.send(new CreateSecretCommand({ Name: 'bare', Description: '' }));
    return (await stack.client.send(new DescribeSecretCommand({ SecretId: 'bare' }))).Description ?? null;
  }),
  'key-of-a-version': on(async (stack) => {
    const { arn: SecretId } = await stack.createSecret();
    return (await stack.client.send(new ListSecretVersionIdsCommand({ SecretId }))).Versions?.[0]?.KmsKeyIds;
  }),
  'no-labels': on(async (stack) => {
    const { arn: SecretId, ids } = await withVersions(stack, ['once']);
    await stack.putVersion(SecretId, ['once']);
    const { Versions } = await stack.client.send(
      new ListSecretVersionIdsCommand({ SecretId, IncludeDeprecated: true }),
    );
    return Versions?.find(({ VersionId }) => VersionId === ids[1])?.VersionStages ?? null;
  }),
  'first-value': on(async (stack) => {
    await stack.client.send(new CreateSecretCommand({ Name: 'bare' }));
    const { versionId } = await stack.putVersion('bare');
    return (await stack.labelsOf('bare'))[versionId];
  }),
  'tag-of-deleted': on(async (stack) => {
    const { arn: SecretId } = await stack.createSecret();
    await stack.client.send(new DeleteSecretCommand({ SecretId }));
    return [
      await refusal(
        stack.client.send(new TagResourceCommand({ SecretId, Tags: [{ Key: 'k', Value: 'v' }] })),
      ),
      await refusal(stack.client.send(new UntagResourceCommand({ SecretId, TagKeys: ['k'] }))),
    ];
  }),
  'name-of-deleted': on(async (stack) => {
    const { arn: SecretId, name } = await stack.createSecret();
    await stack.client.send(new DeleteSecretCommand({ SecretId }));
    return refusal(stack.client.send(new CreateSecretCommand({ Name: name })));
  }),
  filters: on(async (stack) => {
    await stack.client.send(new CreateSecretCommand({ Name: 'shop', Description: 'one and two' }));
    return {
      'description o t': await finds(stack, 'description', 'o t'),
      'description T': await finds(stack, 'description', 'T'),
      'description ne': await finds(stack, 'description', 'ne'),
      'all o t': await finds(stack, 'all', 'o t'),
      'all o x': await finds(stack, 'all', 'o x'),
    };
  }),
  'delete-nothing': on(async (stack) =>
    Object.keys(
      (await raw(stack, 'DeleteSecret', { SecretId: 'none', ForceDeleteWithoutRecovery: true })).body,
    ).sort(),
  ),
};
