export type { Credential, DatabaseRole } from './database-admin.ts';
export { type DatabaseSecret, type MakeSecretOptions, newPassword } from './demo-secrets.ts';
export { Executions } from './executions.ts';
export { startLocalStack } from './local-stack.ts';
export type { LocalStackOptions, OnProgress } from './options.ts';
export { LocalStack } from './running-stack.ts';
export { type Assembly, type SynthesizeOptions, synthesizeApp } from './synthesize.ts';
export { Undo } from './undo.ts';
