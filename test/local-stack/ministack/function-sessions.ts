import { createHash } from 'node:crypto';
import { type LambdaClient, paginateListFunctions } from '@aws-sdk/client-lambda';
import type { Principal } from '../iam/index.ts';

/** The keys of the account's root user, with which the tests and people come. */
const ROOT = 'test';

/**
 * Whose access key ministack has given out: with AUTH each function signs with temporary credentials of its role.
 * No operation of its API tells whose they are, but the key's id is a digest of function and role (ministack's
 * `core/lambda_runtime.py`). If a newer ministack makes it otherwise, no function is known any more, and all fails.
 */
export class FunctionSessions {
  private readonly lambda: LambdaClient;
  private readonly known = new Map<string, Principal>([[ROOT, { kind: 'root' }]]);

  constructor(lambda: LambdaClient) {
    this.lambda = lambda;
  }

  async principalOf(accessKeyId: string): Promise<Principal | undefined> {
    // A function that was deployed since.
    if (!this.known.has(accessKeyId)) await this.learn();
    return this.known.get(accessKeyId);
  }

  private async learn(): Promise<void> {
    for await (const { Functions = [] } of paginateListFunctions({ client: this.lambda }, {})) {
      for (const { FunctionArn = '', FunctionName = '', Role = '' } of Functions) {
        const roleName = Role.split('/').at(-1) ?? '';
        const account = Role.split(':')[4] ?? '';
        const sessionArn = `arn:aws:sts::${account}:assumed-role/${roleName}/${FunctionName}`;
        this.known.set(keyIdOf(FunctionArn, Role), { kind: 'role', roleName, sessionArn });
      }
    }
  }
}

const keyIdOf = (functionArn: string, roleArn: string): string => {
  const digest = createHash('sha256').update(`${functionArn}:${roleArn}`).digest('hex');
  return `ASIA${digest.slice(0, 16).toUpperCase()}`;
};
