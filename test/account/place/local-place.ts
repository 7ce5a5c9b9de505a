import { join } from 'node:path';
import { CreateSecretCommand, GetRandomPasswordCommand } from '@aws-sdk/client-secrets-manager';
import { ADMIN_SECRET_TAG, GRACE_TAG, STRATEGY_TAG } from '../../../functions/contract/tags.ts';
import { clientConfig } from '../../local-stack/deployment/client-config.ts';
import { deploy } from '../../local-stack/deployment/deploy.ts';
import { runFunctionsLocally } from '../../local-stack/deployment/run-locally.ts';
import { readAssembly, synthesizeApp } from '../../local-stack/deployment/synthesize.ts';
import { withoutTypes } from '../../local-stack/deployment/without-types.ts';
import { ACCOUNT_ID } from '../../local-stack/ministack/ministack.ts';
import { bundleKit } from '../bundle.ts';
import { type Clients, clientsHere } from '../clients.ts';
import { KIT_CONTEXT, type KitConfig } from '../config.ts';
import { GRACE_SECONDS, SECRETS, stacksOf } from '../names.ts';
import { type LocalGround, secretValue } from './local-ground.ts';
import type { Place } from './place.ts';

const APP = join(import.meta.dirname, '..', 'app.ts');

/** CloudFormation types that ministack does not know. */
const UNKNOWN_TO_MINISTACK = ['AWS::SecretsManager::RotationSchedule', 'AWS::EC2::SecurityGroupIngress'];

/** The local stack in the place of an account: the cluster is there, the rest is deployed as on AWS. */
export class LocalPlace implements Place {
  readonly kind = 'local';
  readonly region: string;
  readonly clients: Clients;
  readonly pollMilliseconds = 100;
  readonly #ground: LocalGround;
  readonly #assembly: string;

  constructor(ground: LocalGround) {
    this.#ground = ground;
    this.region = ground.region;
    this.clients = clientsHere(ground.region, ground);
    this.#assembly = join(ground.directory, `cdk-${process.pid}`);
  }

  async prepare(config: KitConfig, signal: AbortSignal): Promise<void> {
    const [secretArns] = await Promise.all([this.#makeSecrets(config.name), bundleKit()]);
    signal.throwIfAborted();
    const { adminSecretArn, caFile: certificateAuthorityFile } = this.#ground;
    const local = {
      ...config,
      existing: { adminSecretArn, secretArns, certificateAuthorityFile },
      propagationTimeoutSeconds: 8,
      drainSeconds: 3,
      leaveOut: UNKNOWN_TO_MINISTACK,
    };
    await synthesizeApp(
      APP,
      { [KIT_CONTEXT]: local, '@aws-cdk/core:target-partitions': ['aws'] },
      { ...this.#stack(stacksOf(config.name).ground), config: {}, signal },
    );
  }

  async deploy(stackName: string): Promise<void> {
    const { aws, region, secretsManager, documentDbApi, directory } = this.#ground;
    const assembly = readAssembly(this.#stack(stackName));
    const template = withoutTypes(assembly.template, UNKNOWN_TO_MINISTACK);
    await deploy({ ...assembly, template }, stackName, clientConfig(aws, region));
    await runFunctionsLocally(this.clients.lambda, {
      AWS_ENDPOINT_URL_SECRETS_MANAGER: secretsManager,
      AWS_ENDPOINT_URL_DOCDB: documentDbApi,
      FUNCTION_LOG_FILE: join(directory, 'functions.log'),
    });
  }

  /** It is made by the kit's own process. */
  async endDeployment(): Promise<void> {}

  #stack(stackName: string) {
    return { stackName, account: ACCOUNT_ID, region: this.region, directory: this.#assembly };
  }

  /** On AWS the stack makes them, with passwords that only Secrets Manager has seen. */
  async #makeSecrets(name: string): Promise<Record<string, string>> {
    const arns: Record<string, string> = {};
    for (const { id, user, strategy } of SECRETS) {
      const { RandomPassword = '' } = await this.clients.secretsManager.send(
        new GetRandomPasswordCommand({ ExcludePunctuation: true }),
      );
      const tags = {
        [STRATEGY_TAG]: strategy,
        [GRACE_TAG]: String(GRACE_SECONDS),
        ...(strategy === 'admin-clone' ? {} : { [ADMIN_SECRET_TAG]: this.#ground.adminSecretArn }),
      };
      const value = secretValue(this.#ground, { username: user, password: RandomPassword });
      const { ARN = '' } = await this.clients.secretsManager.send(
        new CreateSecretCommand({
          Name: `${name}/${id}`,
          SecretString: JSON.stringify(value),
          Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
        }),
      );
      arns[id] = ARN;
    }
    return arns;
  }
}
