import { App, Duration, Stack } from 'aws-cdk-lib';
import { DatabaseCluster, DatabaseSecret } from 'aws-cdk-lib/aws-docdb';
import { InstanceType, Port, SecurityGroup, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Schedule } from 'aws-cdk-lib/aws-events';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { DocDbRotation, Predecessor, Strategy } from 'docdb-rotation';

/** What somebody writes who has installed the package. */
const app = new App();
const stack = new Stack(app, 'Shop');
const vpc = new Vpc(stack, 'Vpc');
const cluster = new DatabaseCluster(stack, 'Cluster', {
  vpc,
  masterUser: { username: 'dbadmin' },
  instanceType: new InstanceType('r6g.large'),
});
const adminSecret = new DatabaseSecret(stack, 'Admin', { username: 'admin2' });
const appSecret = new DatabaseSecret(stack, 'App', { username: 'app', masterSecret: adminSecret });
const attached = appSecret.attach(cluster);

const rotation = new DocDbRotation(stack, 'Rotation', { vpc, cluster });
rotation.manage(adminSecret, {
  strategy: Strategy.adminClone(),
  schedule: Schedule.rate(Duration.days(30)),
  predecessor: Predecessor.DELETE,
});
rotation.manage(attached, { strategy: Strategy.alternatingUsers(adminSecret), predecessor: 'keep' });

// A cluster that is known only by its security group, and a secret by its ARN.
const elsewhere = new DocDbRotation(stack, 'Elsewhere', { vpc });
elsewhere.connections.allowTo(
  SecurityGroup.fromSecurityGroupId(stack, 'Other', 'sg-12345678'),
  Port.tcp(27017),
);
elsewhere.manage(
  Secret.fromSecretCompleteArn(
    stack,
    'Imported',
    'arn:aws:secretsmanager:eu-central-1:111122223333:secret:other-AbCdEf',
  ),
);
app.synth();
