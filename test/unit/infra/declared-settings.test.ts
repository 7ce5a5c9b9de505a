import { App, Duration, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { describe, expect, it } from 'vitest';
import { DocDbRotation } from '../../../infra/docdb-rotation.ts';
import type { ManageOptions } from '../../../infra/options/manage-options.ts';
import { RetirementPolicy } from '../../../infra/options/retirement-policy.ts';
import { Strategy } from '../../../infra/options/strategy.ts';
import { PortCalls } from '../../support/port-calls.ts';
import { executionArn, RotationMachine } from '../../support/rotation-machine.ts';
import { begunByService } from '../../support/rotation-steps.ts';
import { ADMIN_SECRET, RotationWorld, SECRET } from '../../support/rotation-world.ts';
import type { Ending } from '../../support/state-machine.ts';
import { ACCOUNT, makeStack, newSecret, REGION } from './synthesized.ts';

/*
 * What an app deploys, from its synthesis to an execution: CDK can't tag an imported secret, and the one who does it by hand may
 * forget it. The machine is that of the template, the secret and the database are in memory.
 */

const arnOf = (name: string): string => `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:${name}-AbCdEf`;

interface Imported {
  readonly secret: ISecret;
  readonly admin: ISecret;
}

/** Where an app of `cdk init` looks for warnings: in a report that leaves messages out. */
const makeApp = (): Stack => {
  const context = {
    'aws:cdk:disable-asset-staging': true,
    '@aws-cdk/core:annotationsInValidationReport': true,
  };
  return new Stack(new App({ context }), 'Test', { env: { account: ACCOUNT, region: REGION } });
};

const byWholeArn = (stack: Stack, arn: string): Imported => ({
  secret: Secret.fromSecretCompleteArn(stack, 'App', arn),
  admin: Secret.fromSecretNameV2(stack, 'Admin', ADMIN_SECRET),
});

const byName = (stack: Stack): Imported => ({
  secret: Secret.fromSecretNameV2(stack, 'App', SECRET),
  admin: Secret.fromSecretNameV2(stack, 'Admin', ADMIN_SECRET),
});

const rotationMachine = (stack: Stack) =>
  Object.values(Template.fromStack(stack).findResources('AWS::StepFunctions::StateMachine')).find(
    ({ Properties }) => 'Declared' in Properties.DefinitionSubstitutions,
  )?.Properties;

/** As CloudFormation fills it in: all that is not literal here is the partition. */
const declaredIn = (stack: Stack): string => {
  const { Declared } = rotationMachine(stack)?.DefinitionSubstitutions ?? {};
  const parts = typeof Declared === 'string' ? [Declared] : Declared['Fn::Join'][1];
  return parts.map((part: unknown) => (typeof part === 'string' ? part : 'aws')).join('');
};

/** Deploys a secret of the world with other secrets around it, and gives what the deployment says of all. */
const deployed = (
  options: (admin: ISecret) => ManageOptions,
  imported: (stack: Stack) => Imported,
  others = 0,
): string => {
  const stack = makeApp();
  const rotation = new DocDbRotation(stack, 'Rotation');
  const { secret, admin } = imported(stack);
  for (let index = 0; index < others; index++) {
    const other = Secret.fromSecretCompleteArn(stack, `Other${index}`, arnOf(`shop/app-${index}`));
    rotation.manage(other, { strategy: Strategy.singleUser({ adminSecret: admin }) });
  }
  rotation.manage(secret, options(admin));
  return declaredIn(stack);
};

const rotate = async (
  world: RotationWorld,
  Declared: string,
  input: Record<string, unknown> = {},
): Promise<Ending> => {
  const machine = new RotationMachine(world, { calls: new PortCalls(), filled: { Declared } });
  return await machine.run(executionArn('declared'), { secretId: SECRET, ...input });
};

const alternating = (admin: ISecret): ManageOptions => ({ strategy: Strategy.alternatingUsers(admin) });

/** Its tags were forgotten. */
const untagged = (): RotationWorld => new RotationWorld({ roles: [{ role: 'root', db: 'admin' }] });

const tagged = (): RotationWorld => new RotationWorld({ strategy: 'alternating-users', admin: true });

describe('An imported secret whose tags were forgotten', () => {
  it.each([
    ['by its whole ARN', (world: RotationWorld) => (stack: Stack) => byWholeArn(stack, world.secretArn)],
    ['by its name', () => byName],
  ])('%s is refused by the first rotation, and no one gets an outage', async (_how, imported) => {
    const world = untagged();

    const ending = await rotate(world, deployed(alternating, imported(world)));

    expect(ending).toMatchObject({ status: 'FAILED', error: 'InvalidSecretError' });
    expect(ending.cause).toContain(
      'docdb-rotation:strategy comes to "single-user", and the deployment says "alternating-users"',
    );
    expect(ending.cause).toContain(
      `aws secretsmanager tag-resource --secret-id ${SECRET} --tags Key=docdb-rotation:strategy,Value=alternating-users`,
    );
    expect(ending.cause).toContain('Nothing was changed');
    expect(world.snapshot()).toEqual(world.before);
  });

  it.each([
    ['its name', () => SECRET],
    ['its ARN', (world: RotationWorld) => world.secretArn],
  ])('is refused too where the execution is started with %s', async (_what, idOf) => {
    for (const imported of [byName, byWholeArn]) {
      const world = untagged();
      const declared = deployed(alternating, (stack) => imported(stack, world.secretArn));
      const ending = await rotate(world, declared, { secretId: idOf(world) });
      expect(ending.error).toBe('InvalidSecretError');
    }
  });

  it('is refused among two hundred others, of which a step gets only those that it may be', async () => {
    const world = untagged();
    const declared = deployed(alternating, byName, 200);
    // The definition takes 1 MB, the input of a task 256 KiB:
    // https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
    expect(declared.length).toBeLessThan(100_000);
    const seen: unknown[] = [];
    const machine = new RotationMachine(world, {
      calls: new PortCalls(),
      filled: { Declared: declared },
      tasks: {
        CreateSecretFunctionArn: async (input) => {
          seen.push(input);
          throw new Error('enough');
        },
      },
    });
    await machine.run(executionArn('many'), { secretId: world.secretArn });
    expect(seen).toMatchObject([{ declared: [{ strategy: 'alternating-users' }] }]);

    expect((await rotate(world, declared)).error).toBe('InvalidSecretError');
  });

  it('is found by a check, before the first rotation', async () => {
    const ending = await rotate(untagged(), deployed(alternating, byName), { mode: 'check' });
    expect(ending).toMatchObject({ status: 'FAILED', error: 'NotReadyError' });
    expect(ending.cause).toContain('the deployment says "alternating-users"');
  });

  it('is refused in the rotation that Secrets Manager begins, which leaves no label behind', async () => {
    const world = untagged();
    const execution = executionArn('by-service-1');
    const token = await begunByService(world, execution);
    const machine = new RotationMachine(world, {
      calls: new PortCalls(),
      filled: { Declared: deployed(alternating, byName) },
    });

    const ending = await machine.run(execution, { secretId: world.secretArn, token });

    expect(ending.error).toBe('InvalidSecretError');
    expect(world.endProblems()).toEqual([]);
  });
});

describe('A secret whose tags agree with the deployment', () => {
  it.each([
    ['by its whole ARN', (world: RotationWorld) => (stack: Stack) => byWholeArn(stack, world.secretArn)],
    ['by its name', () => byName],
  ])('%s is rotated', async (_how, imported) => {
    const world = tagged();
    const ending = await rotate(world, deployed(alternating, imported(world)));
    expect(ending.output).toMatchObject({ outcome: 'rotated', strategy: 'alternating-users' });
  });

  it('is rotated where a tag says what the deployment leaves open', async () => {
    const world = new RotationWorld({ strategy: 'alternating-users', admin: true, retirementPolicy: 'lock' });
    expect((await rotate(world, deployed(alternating, byName))).status).toBe('SUCCEEDED');
  });
});

describe('Whatever else the deployment says of a secret', () => {
  it.each([
    [
      'another admin secret',
      (_admin: ISecret) => ({
        strategy: Strategy.alternatingUsers(
          Secret.fromSecretCompleteArn(makeStack(), 'Other', arnOf('other/admin')),
        ),
      }),
      /docdb-rotation:admin-secret comes to "shop\/admin", and the deployment says "arn:.+:secret:other\/admin/,
    ],
    [
      'another retirement policy',
      (admin: ISecret) => ({ ...alternating(admin), retirementPolicy: RetirementPolicy.DELETE }),
      /docdb-rotation:retirement-policy comes to "keep", and the deployment says "delete"/,
    ],
    [
      'another grace',
      (admin: ISecret) => ({ ...alternating(admin), grace: Duration.hours(2) }),
      /docdb-rotation:grace comes to "3600", and the deployment says "7200"/,
    ],
  ])('is held too: %s', async (_what, options, message) => {
    const ending = await rotate(tagged(), deployed(options, byName));
    expect(ending).toMatchObject({ status: 'FAILED', error: 'InvalidSecretError' });
    expect(ending.cause).toMatch(message);
  });

  it('stands in no one’s way who goes back to the credential before', async () => {
    const world = new RotationWorld({
      roles: [{ role: 'root', db: 'admin' }],
      previous: { username: 'app', state: 'logs in' },
    });
    const ending = await rotate(world, deployed(alternating, byName), { mode: 'revert' });
    expect(ending.status).toBe('SUCCEEDED');
  });
});

it('A secret that the app makes is declared as well: its tag may be taken off later', () => {
  const stack = makeStack();
  new DocDbRotation(stack, 'Rotation').manage(newSecret(stack, 'App'));
  expect(JSON.stringify(rotationMachine(stack)?.DefinitionSubstitutions.Declared)).toMatch(
    /\{'secret': '",\{"Ref":"App\w+"\},"', 'strategy': 'single-user'\}/,
  );
});
