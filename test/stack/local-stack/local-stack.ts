import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
import { z } from 'zod';
import { bundleFunctions } from '../../../infra/bundle.ts';
import { type EngineVersion, startDocumentDb } from '../document-db/index.ts';
import { ACCOUNT_ID, startMinistack } from '../ministack/ministack.ts';
import { ensurePython } from '../python/index.ts';
import { type RotationBehaviour, startSecretsManager } from '../secrets-manager/index.ts';
import { clientConfig } from './client-config.ts';
import { type Credential, logsIn, runCommand } from './database-admin.ts';
import { type DatabaseSecret, DemoSecrets, type MakeSecretOptions, newPassword } from './demo-secrets.ts';
import { deploy } from './deploy.ts';
import { Executions } from './executions.ts';
import { invokeRotationFunction, type RotationFunctionResult } from './rotation-function.ts';
import { makeRunDirectory } from './run-directory.ts';
import { runFunctionsLocally } from './run-locally.ts';
import { synthesize } from './synthesize.ts';
import { Undo } from './undo.ts';

const STACK_NAME = 'docdb-rotation';

/** CloudFormation types that ministack does not know, though the app may use them. */
const UNKNOWN_TO_MINISTACK = ['AWS::SecretsManager::RotationSchedule'];

const LoginValue = z.object({ username: z.string(), password: z.string() });

export interface LocalStackOptions {
  /** @default 'eu-central-1' */
  readonly region?: string;
  /** @default - free ports */
  readonly ports?: { readonly aws?: number; readonly secretsManager?: number; readonly documentDb?: number };
  /**
   * Multiplies the delays of Wait states and retries; 0 leaves none.
   *
   * @default 1
   */
  readonly waitScale?: number;
  /** @default 15 */
  readonly forwardBudgetSeconds?: number;
  /** @default 5 */
  readonly stragglerSeconds?: number;
  /**
   * Instances of the database cluster.
   *
   * @default 1
   */
  readonly instances?: number;
  /** @default '5.0' */
  readonly engineVersion?: EngineVersion;
  /** @default - Secrets Manager does not retry, and takes AWSPENDING off after a success */
  readonly rotationBehaviour?: RotationBehaviour;
  /**
   * Secrets of applications to make beside the demo ones.
   *
   * @default 0
   */
  readonly extraSecrets?: number;
}

/** Told what is being started, for whoever waits. */
export type OnProgress = (what: string) => void;

export type LocalStack = Awaited<ReturnType<typeof startLocalStack>>;

/**
 * Starts everything that a rotation needs, on loopback: AWS (ministack), Secrets Manager and DocumentDB
 * (stand-ins), and the project's own CDK app deployed to them. Nothing is left if it fails.
 *
 * @param undo learns how to stop what runs, for whoever can't wait for the start to end
 */
export const startLocalStack = async (
  options: LocalStackOptions = {},
  onProgress: OnProgress = () => {},
  undo: Undo = new Undo(),
) => {
  try {
    return await start(options, onProgress, undo);
  } catch (error) {
    await undo.all();
    throw error;
  }
};

const start = async (options: LocalStackOptions, onProgress: OnProgress, undo: Undo) => {
  const region = options.region ?? 'eu-central-1';
  const primaryUser = { username: 'dbadmin', password: newPassword() };
  const directory = makeRunDirectory();
  undo.add(() => directory.remove());
  const stopping = new AbortController();
  undo.add(() => stopping.abort());

  onProgress('preparing Python with ministack and SecantusDB');
  const { python } = await ensurePython({ onProgress });

  onProgress('bundling the functions, starting AWS and DocumentDB');
  const bundled = bundleFunctions();
  const [documentDb, ministack] = await undo.started([
    startDocumentDb({
      python,
      directory: join(directory.path, 'document-db'),
      primaryUser: { name: primaryUser.username, password: primaryUser.password },
      ...(options.instances ? { instances: options.instances } : {}),
      ...(options.engineVersion ? { engineVersion: options.engineVersion } : {}),
      ...(options.ports?.documentDb ? { port: options.ports.documentDb } : {}),
    }),
    startMinistack({
      python,
      directory: directory.path,
      region,
      ...(options.ports?.aws ? { port: options.ports.aws } : {}),
      ...(options.waitScale === undefined ? {} : { waitScale: options.waitScale }),
    }),
  ]);
  const aws = clientConfig(ministack.url, region);
  const lambda = new LambdaClient(aws);
  const [secretsManagerStandIn] = await undo.started([
    startSecretsManager({
      ...options.rotationBehaviour,
      region,
      accountId: ACCOUNT_ID,
      invokeRotationFunction: (functionArn: string, event: unknown) =>
        invokeRotationFunction(lambda, functionArn, event),
      ...(options.ports?.secretsManager ? { port: options.ports.secretsManager } : {}),
    }),
  ]);

  onProgress('making the demo secrets');
  const secretsManager = new SecretsManagerClient(clientConfig(secretsManagerStandIn.url, region));
  const operator = { username: 'stack_operator', password: newPassword() };
  await documentDb.admin.putUser(operator.username, operator.password, ['root']);
  const demo = new DemoSecrets(secretsManager, documentDb, operator);
  const adminSecret = await demo.makeAdmin('demo/admin', primaryUser);
  const appSecret = await demo.make(adminSecret, { name: 'demo/app', username: 'app' });
  const extraSecrets: DatabaseSecret[] = [];
  for (let index = 1; index <= (options.extraSecrets ?? 0); index++) {
    extraSecrets.push(await demo.make(adminSecret, { name: `demo/app-${index}`, username: `app_${index}` }));
  }

  onProgress('synthesizing the CDK app');
  await bundled;
  const assembly = await synthesize({
    stackName: STACK_NAME,
    account: ACCOUNT_ID,
    region,
    directory: join(directory.path, 'cdk.out'),
    signal: stopping.signal,
    config: {
      leaveOut: UNKNOWN_TO_MINISTACK,
      certificateAuthorityFile: documentDb.caFile,
      forwardBudgetSeconds: options.forwardBudgetSeconds ?? 15,
      stragglerSeconds: options.stragglerSeconds ?? 5,
      secrets: [appSecret, ...extraSecrets].map(({ arn }) => ({ arn, adminSecretArn: adminSecret.arn })),
    },
  });

  onProgress('deploying');
  const outputs = await deploy(assembly, STACK_NAME, aws);
  await runFunctionsLocally(lambda, {
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secretsManagerStandIn.url,
    FUNCTION_LOG_FILE: join(directory.path, 'functions.log'),
  });
  const stepFunctions = new SFNClient(aws);
  const triggerFunctionArn = outputs.TriggerFunctionArn ?? '';

  /** The credential that a labelled version of a secret holds. */
  const credentialOf = async (secretId: string, VersionStage = 'AWSCURRENT'): Promise<Credential> => {
    const { SecretString } = await secretsManager.send(
      new GetSecretValueCommand({ SecretId: secretId, VersionStage }),
    );
    return LoginValue.parse(JSON.parse(SecretString ?? ''));
  };

  return {
    region,
    awsEndpointUrl: ministack.url,
    secretsManagerEndpointUrl: secretsManagerStandIn.url,
    /** Everything that the stack wrote: logs, among other things. */
    directory: directory.path,
    /** The clients, made for this stack. */
    secretsManager,
    stepFunctions,
    lambda,
    /** The stand-ins, with the faults that they can be given. */
    secretsManagerStandIn,
    documentDb,
    primaryUser,
    /** Runs a command of the database as an admin whose password nothing rotates. */
    runCommand: (command: Readonly<Record<string, unknown>>) => runCommand(documentDb, operator, command),
    triggerFunctionArn,
    triggerFunctionName: outputs.TriggerFunctionName ?? '',
    operatorsTopicArn: outputs.OperatorsTopicArn ?? '',
    stateMachineArn: outputs.StateMachineArn ?? '',
    executions: new Executions(stepFunctions, outputs.StateMachineArn ?? ''),
    /** The executions that retire the users whom rotations have replaced. */
    retirements: new Executions(stepFunctions, outputs.RetirementStateMachineArn ?? ''),
    adminSecret,
    appSecret,
    extraSecrets,
    makeSecret: (secretOptions: MakeSecretOptions = {}): Promise<DatabaseSecret> =>
      demo.make(adminSecret, secretOptions),
    credentialOf,
    /** Whether the database accepts a credential, at the cluster's endpoint or on one instance. */
    logsIn: (
      credential: Credential,
      instance: { host: string; port: number } = documentDb,
    ): Promise<boolean> =>
      logsIn({ host: instance.host, port: instance.port, caFile: documentDb.caFile }, credential),
    /** Calls the trigger as Secrets Manager does. */
    invokeTrigger: (event: unknown): Promise<RotationFunctionResult> =>
      invokeRotationFunction(lambda, triggerFunctionArn, event),
    /** All that functions and emulator have logged so far. */
    logs: (): string => logsOf(directory.path),
    stop: () => undo.all(),
  };
};

const logsOf = (directory: string): string =>
  readdirSync(directory)
    .filter((name) => name.endsWith('.log'))
    .map((name) => readFileSync(join(directory, name), 'utf8'))
    .join('\n');
