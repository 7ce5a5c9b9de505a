export type { AccessDecision, Principal, Refusal } from './access-control.ts';
export { AccessControl } from './access-control.ts';
export type { ContextKeys } from './evaluate.ts';
export type { Statement } from './policy.ts';
export { RolePolicies } from './role-policies.ts';
