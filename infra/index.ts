/** What people use in their own CDK app. Names that are missing here are this project's own affair. */
export { DocDbRotation, type DocDbRotationProps } from './docdb-rotation.ts';
export type { ManageOptions } from './manage-options.ts';
export { Predecessor } from './predecessor.ts';
export type { ServiceEndpointsOptions } from './service-endpoints.ts';
export { type SingleUserOptions, Strategy } from './strategy.ts';
