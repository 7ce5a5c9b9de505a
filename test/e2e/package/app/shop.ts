import { App, Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { type CfnDBCluster, DatabaseCluster, DatabaseSecret } from 'aws-cdk-lib/aws-docdb';
import { FlowLogDestination, InstanceType, Port, SecurityGroup, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Schedule } from 'aws-cdk-lib/aws-events';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { AwsSolutionsChecks } from 'cdk-nag';
import {
  DocDbRotation,
  type DocDbRotationProps,
  type ManageOptions,
  RetirementPolicy,
  Strategy,
} from 'docdb-rotation';

/** What someone writes who has installed the package: a cluster with all its secrets, and another that is only known. */
const app = new App();
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
const stack = new Stack(app, 'Shop');
const vpc = new Vpc(stack, 'Vpc', {
  flowLogs: { All: { destination: FlowLogDestination.toCloudWatchLogs() } },
});
const cluster = new DatabaseCluster(stack, 'Cluster', {
  vpc,
  masterUser: { username: 'dbadmin' },
  instanceType: new InstanceType('r6g.large'),
  port: 27117,
  backup: { retention: Duration.days(7) },
  exportAuditLogsToCloudWatch: true,
  removalPolicy: RemovalPolicy.SNAPSHOT,
});
Validations.of(cluster).acknowledge(
  {
    id: 'AwsSolutions-DOC3',
    reason: 'The rule can’t read a password that is a reference; this one is generated in Secrets Manager.',
  },
  ...['authenticate', 'createIndex', 'dropCollection'].map((event) => ({
    id: `AwsSolutions-DOC5[LogExport::${event}]`,
    reason:
      'DocumentDB exports one log named audit, in which these events are; the rule looks for logs of their names.',
  })),
);
(cluster.node.defaultChild as CfnDBCluster).masterUsername = 'dbadmin';
const primaryUser = cluster.secret;
if (!primaryUser) throw new Error('AWS keeps the password of this primary user itself');
const orders = new DatabaseSecret(stack, 'Orders', { username: 'orders', masterSecret: primaryUser });
// As addRotationMultiUser wants it.
const attachedOrders = orders.attach(cluster);
const reports = new DatabaseSecret(stack, 'Reports', { username: 'reports', masterSecret: primaryUser });

const rotation = new DocDbRotation(stack, 'Rotation', { vpc, cluster });
rotation.manage(primaryUser, {
  strategy: Strategy.adminClone(),
  schedule: Schedule.rate(Duration.days(30)),
  retirementPolicy: RetirementPolicy.LOCK,
});
rotation.manage(attachedOrders, {
  strategy: Strategy.alternatingUsers(primaryUser),
  retirementPolicy: 'keep',
});
rotation.manage(reports.attach(cluster), { strategy: Strategy.singleUser({ adminSecret: primaryUser }) });
rotation.grantStart(
  new Role(stack, 'Operator', { assumedBy: new ServicePrincipal('scheduler.amazonaws.com') }),
);
rotation.metricRolledBack({ period: Duration.hours(1) }).createAlarm(stack, 'Often', {
  threshold: 3,
  evaluationPeriods: 1,
});

// A cluster that is known only by its host and its security group, a secret that is made for it, and secrets that exist.
const props: DocDbRotationProps = { vpc, dashboard: false, runbookUrl: 'https://wiki.example.com/runbook' };
const elsewhere = new DocDbRotation(stack, 'Elsewhere', props);
elsewhere.connections.allowTo(
  SecurityGroup.fromSecurityGroupId(stack, 'Other', 'sg-12345678'),
  Port.tcp(27017),
);
const otherAdmin = Secret.fromSecretCompleteArn(
  stack,
  'OtherAdmin',
  'arn:aws:secretsmanager:eu-central-1:111122223333:secret:other/admin-AbCdEf',
);
const options: ManageOptions = { strategy: Strategy.alternatingUsers(otherAdmin), grace: Duration.hours(2) };
elsewhere.manage(otherAdmin, { strategy: Strategy.adminClone() });
elsewhere.manage(Secret.fromSecretNameV2(stack, 'OtherApp', 'other/app'), options);
const template = {
  engine: 'mongo',
  host: 'other.cluster.example.com',
  port: 27017,
  username: 'stock',
  ssl: true,
};
const stock = new Secret(stack, 'Stock', {
  generateSecretString: {
    secretStringTemplate: JSON.stringify(template),
    generateStringKey: 'password',
    excludeCharacters: ' /@"\'',
  },
});
elsewhere.manage(stock, options);
app.synth();
