import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import {
  DeleteSecretCommand,
  GetSecretValueCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
import { z } from 'zod';
import type { DocumentDbStandIn, Endpoint } from '../document-db/index.ts';
import type { DocumentDbApiStandIn } from '../document-db-api/index.ts';
import type { AccessControl, AccessDecision, RolePolicies } from '../iam/index.ts';
import type { Ministack } from '../ministack/ministack.ts';
import type { SecretsManagerStandIn } from '../secrets-manager/index.ts';
import { allowResetThroughAdmin } from './allow-reset.ts';
import { type Credential, type DatabaseAddress, logsIn, runCommand } from './database-admin.ts';
import type { DatabaseSecret, DemoSecrets, DemoSet, MakeSecretOptions } from './demo-secrets.ts';
import type { Deployed } from './deploy-rotation.ts';
import { Executions } from './executions.ts';
import type { ManagedSecrets } from './manage-new-secrets.ts';
import type { PlainEndpoints } from './plain-endpoints.ts';
import { invokeRotationFunction, type RotationFunctionResult } from './rotation-function.ts';
import type { StandIns } from './stand-ins.ts';

const LoginValue = z.object({ username: z.string(), password: z.string() });

export interface LocalStackParts {
  readonly region: string;
  readonly directory: string;
  readonly standIns: StandIns;
  readonly deployed: Deployed;
  readonly secrets: DemoSecrets;
  readonly demo: DemoSet;
  readonly primaryUser: Credential;
  /** An admin whose password nothing rotates. */
  readonly operator: Credential;
  /** Where the tests' own logins go, without TLS. */
  readonly plainEndpoints: PlainEndpoints;
  readonly secretsManager: SecretsManagerClient;
  readonly managedSecrets: ManagedSecrets;
  readonly stop: () => Promise<void>;
}

/** A local stack that is up, and what can be done with it. */
export class LocalStack {
  readonly region: string;
  readonly awsEndpointUrl: string;
  readonly secretsManagerEndpointUrl: string;
  /** Everything that the stack wrote: logs, among other things. */
  readonly directory: string;
  readonly secretsManager: SecretsManagerClient;
  readonly stepFunctions: SFNClient;
  readonly lambda: LambdaClient;
  /** The stand-ins, with the faults that they can be given. */
  readonly secretsManagerStandIn: SecretsManagerStandIn;
  readonly documentDb: DocumentDbStandIn;
  readonly documentDbApi: DocumentDbApiStandIn;
  readonly primaryUser: Credential;
  readonly stateMachineArn: string;
  readonly triggerFunctionArn: string;
  readonly triggerFunctionName: string;
  readonly operatorsTopicArn: string;
  /** The executions of the rotation machine. */
  readonly executions: Executions;
  /** The executions that put right what was cut off. */
  readonly recoveryStateMachineArn: string;
  readonly recoveries: Executions;
  /** The executions that retire the users whom rotations have replaced. */
  readonly retirementStateMachineArn: string;
  readonly retirements: Executions;
  readonly adminSecret: DatabaseSecret;
  readonly appSecret: DatabaseSecret;
  readonly extraSecrets: readonly DatabaseSecret[];
  /** Has a secret managed that was not made by CreateSecret: every other one is. */
  readonly manage: ManagedSecrets['manage'];
  readonly stop: () => Promise<void>;
  /** The policies of the functions' roles, as they are deployed. */
  readonly rolePolicies: RolePolicies;
  private readonly managedSecrets: ManagedSecrets;
  private readonly accessControl: AccessControl;
  private readonly ministack: Ministack;
  private readonly secrets: DemoSecrets;
  private readonly operator: Credential;
  private readonly plainEndpoints: PlainEndpoints;

  constructor(parts: LocalStackParts) {
    const { standIns, deployed, demo } = parts;
    this.region = parts.region;
    this.awsEndpointUrl = standIns.ministack.url;
    this.secretsManagerEndpointUrl = standIns.secretsManager.url;
    this.directory = parts.directory;
    this.secretsManager = parts.secretsManager;
    this.stepFunctions = new SFNClient(standIns.aws);
    this.lambda = standIns.lambda;
    this.secretsManagerStandIn = standIns.secretsManager;
    this.documentDb = standIns.documentDb;
    this.documentDbApi = standIns.documentDbApi;
    this.primaryUser = parts.primaryUser;
    this.stateMachineArn = deployed.stateMachineArn;
    this.triggerFunctionArn = deployed.triggerFunctionArn;
    this.triggerFunctionName = deployed.triggerFunctionName;
    this.operatorsTopicArn = deployed.operatorsTopicArn;
    this.executions = new Executions(this.stepFunctions, deployed.stateMachineArn);
    this.recoveryStateMachineArn = deployed.recoveryStateMachineArn;
    this.recoveries = new Executions(this.stepFunctions, deployed.recoveryStateMachineArn);
    this.retirementStateMachineArn = deployed.retirementStateMachineArn;
    this.retirements = new Executions(this.stepFunctions, deployed.retirementStateMachineArn);
    this.adminSecret = demo.adminSecret;
    this.appSecret = demo.appSecret;
    this.extraSecrets = demo.extraSecrets;
    this.managedSecrets = parts.managedSecrets;
    this.manage = parts.managedSecrets.manage;
    this.stop = parts.stop;
    this.rolePolicies = standIns.rolePolicies;
    this.accessControl = standIns.accessControl;
    this.ministack = standIns.ministack;
    this.secrets = parts.secrets;
    this.operator = parts.operator;
    this.plainEndpoints = parts.plainEndpoints;
  }

  /** Makes the secret of one more application, and its user. */
  makeSecret(options: MakeSecretOptions = {}): Promise<DatabaseSecret> {
    return this.secrets.make(this.adminSecret, options);
  }

  /** Names secrets and their users as a deployment does that lets a recovery reset them through their admin secret. */
  allowResetThroughAdmin(...secrets: readonly DatabaseSecret[]): Promise<void> {
    const users = Object.fromEntries(secrets.map(({ arn, username }) => [arn, username]));
    return allowResetThroughAdmin(this.lambda, users);
  }

  /** Removes a secret, and what the functions may do with it: every grant that stays makes each decision take longer. */
  async removeSecret(secretArn: string): Promise<void> {
    await this.secretsManager.send(
      new DeleteSecretCommand({ SecretId: secretArn, ForceDeleteWithoutRecovery: true }),
    );
    await this.managedSecrets.release(secretArn);
  }

  /** What the functions' roles have asked for so far, at Secrets Manager and elsewhere, and whether they got it. */
  accessDecisions(): AccessDecision[] {
    return [...this.accessControl.decisions, ...this.ministack.decisions()];
  }

  /** The credential that a labelled version of a secret holds. */
  async credentialOf(secretId: string, label = 'AWSCURRENT'): Promise<Credential> {
    const { SecretString } = await this.secretsManager.send(
      new GetSecretValueCommand({ SecretId: secretId, VersionStage: label }),
    );
    return LoginValue.parse(JSON.parse(SecretString ?? ''));
  }

  /** Whether the database accepts a credential, at the cluster's endpoint or on one instance. */
  logsIn(credential: Credential, at: Endpoint = this.documentDb): Promise<boolean> {
    return logsIn(this.addressOf(at), credential);
  }

  /** Runs a command of the database as an admin whose password nothing rotates. */
  runCommand(command: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
    return runCommand(this.addressOf(this.documentDb), this.operator, command);
  }

  private addressOf(endpoint: Endpoint): DatabaseAddress {
    const { host, port } = endpoint;
    return this.plainEndpoints.get(endpoint) ?? { host, port, caFile: this.documentDb.caFile };
  }

  /** Calls the trigger as Secrets Manager does. */
  invokeTrigger(event: unknown): Promise<RotationFunctionResult> {
    return invokeRotationFunction(this.lambda, this.triggerFunctionArn, event);
  }

  /** All that functions, emulator and database have logged so far. */
  logs(): string {
    return ['.', 'document-db']
      .flatMap((folder) => readdirSync(join(this.directory, folder)).map((name) => join(folder, name)))
      .filter((name) => name.endsWith('.log'))
      .map((name) => readFileSync(join(this.directory, name), 'utf8'))
      .join('\n');
  }
}
