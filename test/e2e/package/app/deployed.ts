import { App, CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { Port, SecurityGroup, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { DocDbRotation, Strategy } from 'docdb-rotation';

/** A cluster that exists, known by its security group, and three secrets for three users of it. */
const app = new App();
const { adminSecretArn, appSecretArn, reportsSecretArn, certificateAuthorityFile } =
  app.node.getContext('shop');
const stack = new Stack(app, 'Shop', {
  env: { account: process.env.CDK_DEFAULT_ACCOUNT, region: process.env.CDK_DEFAULT_REGION },
});
const vpc = new Vpc(stack, 'Vpc', {
  availabilityZones: [`${stack.region}a`, `${stack.region}b`],
  natGateways: 0,
  subnetConfiguration: [{ name: 'Isolated', subnetType: SubnetType.PRIVATE_ISOLATED }],
});
const secret = (id: string, arn: string) => Secret.fromSecretCompleteArn(stack, id, arn);
const adminSecret = secret('Admin', adminSecretArn);

const rotation = new DocDbRotation(stack, 'Rotation', {
  vpc,
  vpcSubnets: { subnetType: SubnetType.PRIVATE_ISOLATED },
  vpcEndpoints: true,
  certificateAuthorityFile,
  propagationTimeout: Duration.seconds(30),
  drain: Duration.seconds(5),
});
rotation.connections.allowTo(
  SecurityGroup.fromSecurityGroupId(stack, 'Cluster', 'sg-0123456789abcdef0'),
  Port.tcp(27017),
);
rotation.manage(adminSecret, { strategy: Strategy.adminClone(), retirementPolicy: 'keep' });
rotation.manage(secret('App', appSecretArn), { strategy: Strategy.alternatingUsers(adminSecret) });
rotation.manage(secret('Reports', reportsSecretArn), { strategy: Strategy.singleUser({ adminSecret }) });

new CfnOutput(stack, 'StateMachineArn', { value: rotation.stateMachine.stateMachineArn });
new CfnOutput(stack, 'RecoveryStateMachineArn', { value: rotation.recovery.stateMachineArn });
new CfnOutput(stack, 'RetirementStateMachineArn', { value: rotation.retirement.stateMachineArn });
new CfnOutput(stack, 'TriggerFunctionName', { value: rotation.trigger.functionName });
new CfnOutput(stack, 'TriggerFunctionArn', { value: rotation.trigger.functionArn });
new CfnOutput(stack, 'OperatorsTopicArn', { value: rotation.operatorsTopic.topicArn });
app.synth();
