import {
  DeleteRolePolicyCommand,
  type IAMClient,
  PutRolePolicyCommand,
  paginateGetAccountAuthorizationDetails,
} from '@aws-sdk/client-iam';
import { PolicyDocument, type Statement } from './policy.ts';

/** How long what was read may be used. IAM itself promises no more than that a change arrives sometime. */
const LIFETIME_MS = 3000;

/** The documents in one role, by the names of the policies. */
export type InlinePolicies = ReadonlyMap<string, PolicyDocument>;

interface Reading {
  readonly at: number;
  readonly roles: Promise<ReadonlyMap<string, InlinePolicies>>;
}

/**
 * The policies of the roles as they are deployed. A change made here is seen by the next request, one made by
 * others three seconds later; on AWS it may take longer:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_general.html#troubleshoot_general_eventual-consistency
 */
export class RolePolicies {
  private readonly client: IAMClient;
  private reading: Reading | undefined;

  constructor(client: IAMClient) {
    this.client = client;
  }

  async statementsOf(roleName: string): Promise<readonly Statement[]> {
    const policies = (await this.all()).get(roleName) ?? new Map<string, PolicyDocument>();
    return [...policies.values()].flatMap(({ Statement }) => Statement);
  }

  /** Every role's policies, by its name. */
  all(): Promise<ReadonlyMap<string, InlinePolicies>> {
    if (this.reading === undefined || performance.now() - this.reading.at > LIFETIME_MS) {
      this.reading = { at: performance.now(), roles: read(this.client) };
    }
    return this.reading.roles;
  }

  /** Without statements there is no policy: IAM takes no empty one. */
  async put(roleName: string, policyName: string, statements: readonly Statement[]): Promise<void> {
    const policy = { RoleName: roleName, PolicyName: policyName };
    const document = { Version: '2012-10-17', Statement: statements };
    if (statements.length === 0) await this.client.send(new DeleteRolePolicyCommand(policy));
    else {
      const text = JSON.stringify(document);
      await this.client.send(new PutRolePolicyCommand({ ...policy, PolicyDocument: text }));
    }
    if (this.reading === undefined) return;
    // To read all policies of a hundred secrets anew takes eighty milliseconds of CPU, for each secret that is made.
    const { at, roles } = this.reading;
    const put = statements.length === 0 ? undefined : PolicyDocument.parse(document);
    const changed = roles.then((read) => withPolicy(read, roleName, policyName, put));
    // Why they could not be read is told to the next one who asks.
    changed.catch(() => {});
    this.reading = { at, roles: changed };
  }
}

/** The same, with one policy as it is now; without it if it is undefined. */
const withPolicy = (
  roles: ReadonlyMap<string, InlinePolicies>,
  roleName: string,
  policyName: string,
  document: PolicyDocument | undefined,
): ReadonlyMap<string, InlinePolicies> => {
  const policies = new Map(roles.get(roleName));
  if (document === undefined) policies.delete(policyName);
  else policies.set(policyName, document);
  return new Map(roles).set(roleName, policies);
};

/** The documents by their texts: all are read again and again, and most are as they were. */
const DOCUMENTS = new Map<string, PolicyDocument>();

/** They come percent-encoded: https://docs.aws.amazon.com/IAM/latest/APIReference/API_PolicyDetail.html */
const documentIn = (text = ''): PolicyDocument => {
  const known = DOCUMENTS.get(text) ?? PolicyDocument.parse(JSON.parse(decodeURIComponent(text)));
  DOCUMENTS.set(text, known);
  return known;
};

const read = async (client: IAMClient): Promise<Map<string, InlinePolicies>> => {
  const roles = new Map<string, InlinePolicies>();
  for await (const page of paginateGetAccountAuthorizationDetails({ client }, { Filter: ['Role'] })) {
    for (const { RoleName = '', RolePolicyList = [], AttachedManagedPolicies = [] } of page.RoleDetailList ??
      []) {
      if (AttachedManagedPolicies.length > 0)
        throw new Error(`${RoleName}: only inline policies are known here`);
      roles.set(
        RoleName,
        new Map(RolePolicyList.map((policy) => [policy.PolicyName ?? '', documentIn(policy.PolicyDocument)])),
      );
    }
  }
  return roles;
};
