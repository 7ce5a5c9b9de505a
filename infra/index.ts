/** What people use in their own CDK app. Names that are missing here are this project's own affair. */
export type { Outcome } from '../functions/contract/metrics.ts';
export { DocDbRotation, type DocDbRotationProps } from './docdb-rotation.ts';
export type { ServiceEndpointsOptions } from './network/service-endpoints.ts';
export type { ManageOptions } from './options/manage-options.ts';
export { RetirementPolicy } from './options/retirement-policy.ts';
export { type SingleUserOptions, Strategy } from './options/strategy.ts';
