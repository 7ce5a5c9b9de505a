import { DescribeSecretCommand } from '@aws-sdk/client-secrets-manager';
import type { Credential, LocalStack } from '../../deployment/index.ts';

type Labels = Readonly<Record<string, string>>;

const LABELS = ['AWSCURRENT', 'AWSPENDING', 'AWSPREVIOUS'];

/** A secret as it was before a rotation, to be compared with what it is afterwards. */
export class ObservedSecret {
  private readonly stack: LocalStack;
  private readonly arn: string;
  private readonly before: { readonly labels: Labels; readonly credential: Credential };

  private constructor(stack: LocalStack, arn: string, before: ObservedSecret['before']) {
    this.stack = stack;
    this.arn = arn;
    this.before = before;
  }

  static async look(stack: LocalStack, arn: string): Promise<ObservedSecret> {
    const [labels, credential] = await Promise.all([labelsOf(stack, arn), stack.credentialOf(arn)]);
    return new ObservedSecret(stack, arn, { labels, credential });
  }

  /** What an application and an operator would find now. */
  async now() {
    const labels = await labelsOf(this.stack, this.arn);
    const pending = labels.AWSPENDING;
    return {
      currentLogsIn: await this.logsInEverywhere('AWSCURRENT'),
      previousLogsIn: labels.AWSPREVIOUS !== undefined && (await this.logsInEverywhere('AWSPREVIOUS')),
      labelsAsBefore: LABELS.every((label) => labels[label] === this.before.labels[label]),
      pendingDangles: pending !== undefined && pending !== labels.AWSCURRENT,
      lockHeld: labels['docdb-rotation-owner'] !== undefined,
      passwordChanged: (await this.stack.credentialOf(this.arn)).password !== this.before.credential.password,
      oldLogsIn: await this.stack.logsIn(this.before.credential),
    };
  }

  private async logsInEverywhere(label: string): Promise<boolean> {
    const credential = await this.stack.credentialOf(this.arn, label);
    const answers = await Promise.all(
      this.stack.documentDb.instances.map((instance) => this.stack.logsIn(credential, instance)),
    );
    return answers.every(Boolean);
  }
}

export type Observation = Awaited<ReturnType<ObservedSecret['now']>>;

const labelsOf = async (stack: LocalStack, arn: string): Promise<Labels> => {
  const { VersionIdsToStages } = await stack.secretsManager.send(
    new DescribeSecretCommand({ SecretId: arn }),
  );
  return Object.fromEntries(
    Object.entries(VersionIdsToStages ?? {}).flatMap(([version, labels]) =>
      labels.map((label) => [label, version]),
    ),
  );
};
