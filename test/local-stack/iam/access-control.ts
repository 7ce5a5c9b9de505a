import { type ContextKeys, evaluate } from './evaluate.ts';
import type { Statement } from './policy.ts';

/** Who has signed a request with an access key. */
export type Principal =
  | { readonly kind: 'root' }
  | { readonly kind: 'role'; readonly roleName: string; readonly sessionArn: string };

export interface AccessControlPorts {
  /** @returns undefined for a key that the account did not give out */
  principalOf(accessKeyId: string): Promise<Principal | undefined>;
  policiesOf(roleName: string): Promise<readonly Statement[]>;
}

/** What a role asked for, and whether it got it. */
export interface AccessDecision {
  readonly role: string;
  readonly action: string;
  readonly resource: string;
  readonly allowed: boolean;
}

/** What a service answers to the one who may not do a thing. */
export interface Refusal {
  readonly type: 'AccessDeniedException' | 'UnrecognizedClientException';
  readonly message: string;
}

/** Decides by the policies of the caller's role as they are deployed, and remembers what was asked. */
export class AccessControl {
  /** Every decision about a role so far. */
  readonly decisions: AccessDecision[] = [];
  private readonly ports: AccessControlPorts;

  constructor(ports: AccessControlPorts) {
    this.ports = ports;
  }

  /**
   * The wording is that of AWS: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html,
   * for an unknown key https://docs.aws.amazon.com/secretsmanager/latest/apireference/CommonErrors.html
   *
   * @returns nothing if the caller may; the account's root user may do everything
   */
  async refusalOf(
    accessKeyId: string | undefined,
    action: string,
    resource: string,
    keys: ContextKeys = {},
  ): Promise<Refusal | undefined> {
    const principal = accessKeyId === undefined ? undefined : await this.ports.principalOf(accessKeyId);
    if (principal === undefined) {
      const message = 'The security token included in the request is invalid.';
      return { type: 'UnrecognizedClientException', message };
    }
    if (principal.kind === 'root') return undefined;
    const verdict = evaluate(await this.ports.policiesOf(principal.roleName), { action, resource, keys });
    this.decisions.push({ role: principal.roleName, action, resource, allowed: verdict === 'allowed' });
    if (verdict === 'allowed') return undefined;
    const why =
      verdict === 'explicitly denied'
        ? 'with an explicit deny in an identity-based policy'
        : `because no identity-based policy allows the ${action} action`;
    return {
      type: 'AccessDeniedException',
      message: `User: ${principal.sessionArn} is not authorized to perform: ${action} on resource: ${resource} ${why}`,
    };
  }
}
