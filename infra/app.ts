import { App, Errors } from 'aws-cdk-lib';
import { leaveOut } from './build/leave-out.ts';
import { readConfig } from './options/config.ts';
import { ConfigurationError } from './options/configuration-error.ts';
import { RotationStack } from './rotation-stack.ts';

const synthesize = (): void => {
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
};

try {
  synthesize();
} catch (error) {
  // CDK's own, too, say what is wrong with what it was given.
  if (!(error instanceof ConfigurationError) && !Errors.isConstructError(error)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
