import { randomUUID } from 'node:crypto';
import { CreateSecretCommand, RotateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { beforeAll, describe, expect, test } from 'vitest';
import { CheckReport } from '../../../functions/contract/findings.ts';
import { type LocalStack, newPassword } from '../../local-stack/deployment/index.ts';
import { useStack } from '../../local-stack/deployment/use-stack.ts';
import { PLANTED_ON_THE_STACK, type PlantedOnTheStack } from '../../unit/check/planted-on-the-stack.ts';
import { type DeployedNames, deployedNames } from '../permissions/deployed-names.ts';
import { takeAway } from '../permissions/least-privilege.ts';
import type { FunctionName } from '../permissions/permission-table.ts';
import { type Ended, expectNoPasswordAnywhere, labelsOf, run } from './outside-judge.ts';

/* What a check finds that takes real certificates, names, sockets and roles. */

let stack: LocalStack;
let names: Map<FunctionName, DeployedNames>;
useStack({ propagationTimeoutSeconds: 6, drainSeconds: 1 }, (started) => {
  stack = started;
});
beforeAll(async () => {
  names = await deployedNames(stack);
});

/** The last output of the state Check: also where it was refused. */
const reportOf = async ({ arn }: Ended): Promise<CheckReport> => {
  const events = await stack.executions.history(arn);
  const outputs = events.flatMap(({ stateExitedEventDetails: exited }) =>
    exited?.name === 'Check' ? [exited.output ?? ''] : [],
  );
  return CheckReport.parse(JSON.parse(outputs.at(-1) ?? 'null'));
};

const world = async (secretId: string) => ({
  labels: await labelsOf(stack, secretId),
  users: JSON.stringify(await stack.documentDb.admin.users()),
});

/** A secret with something wrong: from the start, or for as long as something acts on it. */
interface Harmed {
  readonly secretId: string;
  /** @returns puts it right again */
  readonly harm?: () => Promise<() => unknown>;
}

const atFront = async (
  certificate: 'other-authority' | 'other-name' | 'expired' | 'none',
): Promise<Harmed> => {
  const { port } = await stack.documentDb.openFront({ certificate });
  return { secretId: (await stack.makeSecret({ value: { port, ssl: undefined } })).arn };
};

const without = async (
  functions: readonly FunctionName[],
  action: string,
  resource: string,
): Promise<() => Promise<unknown>> => {
  const putBack = await Promise.all(
    functions.map((name) =>
      takeAway(stack.rolePolicies, names.get(name)?.roleName ?? '', `secretsmanager:${action}`, resource),
    ),
  );
  return () => Promise.all(putBack.map((each) => each()));
};

const unknownAdminSecret = async (): Promise<string> => {
  const { ARN = '' } = await stack.secretsManager.send(
    new CreateSecretCommand({
      Name: `admin/${randomUUID()}`,
      SecretString: JSON.stringify({
        engine: 'mongo',
        host: stack.documentDb.host,
        port: stack.documentDb.port,
        username: 'unknown_admin',
        password: newPassword(),
      }),
    }),
  );
  return ARN;
};

const PLANT: Readonly<Record<PlantedOnTheStack, () => Promise<Harmed>>> = {
  'the server’s certificate is of an authority that the functions do not know': () =>
    atFront('other-authority'),
  'the server’s certificate is for another name: `host` is an alias': () => atFront('other-name'),
  'the server’s certificate has expired': () => atFront('expired'),
  'the server speaks no TLS, and the secret does not say `"ssl": false`': () => atFront('none'),
  '`host` has no address': async () => ({
    secretId: (await stack.makeSecret({ value: { host: 'cluster.invalid' } })).arn,
  }),
  'the deployment does not manage the secret': async () => {
    const { arn } = await stack.makeSecret();
    return { secretId: arn, harm: () => without(['CreateSecret', 'TestSecret'], 'DescribeSecret', arn) };
  },
  'the deployment does not know the admin secret': async () => {
    const admin = await unknownAdminSecret();
    const { arn } = await stack.makeSecret({
      tags: { 'docdb-rotation:strategy': 'alternating-users', 'docdb-rotation:admin-secret': admin },
    });
    const readers: FunctionName[] = ['TestSecret', 'SetSecret', 'RestoreCredential'];
    return { secretId: arn, harm: () => without(readers, 'GetSecretValue', admin) };
  },
  'the role of FinishSecret lost a permission': async () => {
    const { arn } = await stack.makeSecret();
    return { secretId: arn, harm: () => without(['FinishSecret'], 'UpdateSecretVersionStage', arn) };
  },
  'the role of CreateSecret lost the permission to tag': async () => {
    const { arn } = await stack.makeSecret({ tags: { 'docdb-rotation:strategy': 'alternating-users' } });
    return { secretId: arn, harm: () => without(['CreateSecret'], 'TagResource', arn) };
  },
  'no way to Secrets Manager': async () => {
    const { arn: secretId } = await stack.makeSecret();
    const cut = { kind: 'connection-cut-before', operation: 'DescribeSecret', secretId } as const;
    return {
      secretId,
      harm: async () => {
        const fault = stack.secretsManagerStandIn.faults.add(cut);
        return () => fault.remove();
      },
    };
  },
};

/** These are retried for minutes where they are met by a rotation; other tests have it. */
const ROTATED_ELSEWHERE = ['DatabaseUnavailableError', 'SecretsManagerUnavailableError'];

describe.each(Object.entries(PLANTED_ON_THE_STACK))('where %s', (what, { topic, verdict, section, ends }) => {
  test('a check finds that, names the remedy, and changes nothing; a rotation fails by it', async () => {
    const { secretId, harm } = await PLANT[what as PlantedOnTheStack]();
    const harmed = async (act: () => Promise<Ended>): Promise<Ended> => {
      const putBack = await harm?.();
      return await act().finally(() => putBack?.());
    };
    const before = await world(secretId);
    const ending = await harmed(() => run(stack, { secretId, mode: 'check' }));
    expect(ending).toMatchObject({ status: 'FAILED', error: 'NotReadyError' });
    expect(ending.cause).toMatch(/^Check failed with NotReadyError: .*Nothing was changed.*#notreadyerror$/);
    const { findings } = await reportOf(ending);
    expect(findings).toContainEqual(expect.objectContaining({ topic, verdict, section }));
    expect(await world(secretId)).toEqual(before);
    if (ROTATED_ELSEWHERE.includes(ends)) return;
    expect(await harmed(() => run(stack, { secretId }))).toMatchObject({ status: 'FAILED', error: ends });
  });
});

describe('a secret that is ready', () => {
  test.each([
    ['a single user', {}],
    ['a pair', { 'docdb-rotation:strategy': 'alternating-users' }],
  ])('is called so, with the roles as they are deployed: %s', async (_what, tags) => {
    const secret = await stack.makeSecret({ tags });
    const before = await world(secret.arn);
    const ending = await run(stack, { secretId: secret.arn, mode: 'check' });
    expect(ending, ending.cause).toMatchObject({ status: 'SUCCEEDED' });
    expect(ending.states.at(-1)).toBe('Checked');
    const { findings } = CheckReport.parse(ending.output);
    // The stand-in's authority lasts a week, as its certificates say.
    const [doubt, ...others] = findings.filter((finding) => finding.verdict !== 'ready');
    expect(doubt).toMatchObject({ topic: 'certificate', verdict: 'uncertain' });
    expect(doubt?.what).toMatch(/expires in [56] days$/);
    expect(others).toEqual([]);
    expect(await world(secret.arn)).toEqual(before);
    expect(await run(stack, { secretId: secret.arn })).toMatchObject({ status: 'SUCCEEDED' });
  });
});

test('a deployment that does not rotate at once hears what a rotation would fail by', async () => {
  const secret = await stack.makeSecret({ masterarn: false });
  await stack.secretsManager.send(
    new RotateSecretCommand({
      SecretId: secret.arn,
      RotationLambdaARN: stack.triggerFunctionArn,
      RotateImmediately: false,
      RotationRules: { AutomaticallyAfterDays: 30 },
    }),
  );
  const rotation = await stack.secretsManagerStandIn.rotations.latest(secret.arn)?.ended;
  expect(rotation).toMatchObject({ status: 'failed', failures: [{ step: 'testSecret' }] });
  expect(JSON.stringify(rotation)).toMatch(
    /NotReadyError.*admin-secret: the user .* may not change its own password/,
  );
});

test('no password is in any history, log, output or cause of all this', async () => {
  await expectNoPasswordAnywhere(stack);
});
