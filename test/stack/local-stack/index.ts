export type { Credential, DatabaseRole } from './database-admin.ts';
export type { DatabaseSecret, MakeSecretOptions } from './demo-secrets.ts';
export { Executions } from './executions.ts';
export { type LocalStack, type LocalStackOptions, startLocalStack } from './local-stack.ts';
export { Undo } from './undo.ts';
