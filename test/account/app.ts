import { App } from 'aws-cdk-lib';
import { leaveOut } from '../../infra/build/leave-out.ts';
import { KIT_CONTEXT, readKitConfig } from './config.ts';
import { GroundStack } from './ground-stack.ts';
import { stacksOf } from './names.ts';
import { KitRotationStack } from './rotation-stack.ts';

const app = new App();
const config = readKitConfig(app.node.getContext(KIT_CONTEXT));
const names = stacksOf(config.name);
// Without an account, so that CDK looks up no zones, and keeps nothing of the account in this folder.
const env = process.env.CDK_DEFAULT_REGION ? { region: process.env.CDK_DEFAULT_REGION } : {};
const ground = new GroundStack(app, names.ground, { env, config });
new KitRotationStack(app, names.rotation, { env, config, ground });
leaveOut(app, config.leaveOut);
app.synth();
