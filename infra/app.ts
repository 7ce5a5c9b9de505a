import { App } from 'aws-cdk-lib';
import { leaveOut } from './build/leave-out.ts';
import { readConfig } from './options/config.ts';
import { RotationStack } from './rotation-stack.ts';

const app = new App();
const config = readConfig(app.node.getAllContext());

new RotationStack(app, config.stackName, {
  config,
  description: 'Rotates Amazon DocumentDB credentials kept in AWS Secrets Manager',
  env: {
    ...(process.env.CDK_DEFAULT_ACCOUNT ? { account: process.env.CDK_DEFAULT_ACCOUNT } : {}),
    ...(process.env.CDK_DEFAULT_REGION ? { region: process.env.CDK_DEFAULT_REGION } : {}),
  },
});
leaveOut(app, config.leaveOut);
app.synth();
