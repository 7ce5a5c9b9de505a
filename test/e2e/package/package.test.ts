import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { InstalledPackage } from './installed-package.ts';

const ROOT = join(import.meta.dirname, '../../..');

/** Of the construct, each with the file that it becomes. */
const EXAMPLES = ['README.md', 'infra/README.md']
  .flatMap((file) => [...readFileSync(join(ROOT, file), 'utf8').matchAll(/^```ts\n(.+?)^```/gms)])
  .map(([, code = ''], index) => [`readme-${index + 1}.ts`, code] as const);

/** The tarball in an empty CDK app. */
let app: InstalledPackage;
beforeAll(async () => {
  app = await InstalledPackage.install();
});
afterAll(() => app?.remove());

describe('a cluster with all its secrets, and another that is only known', () => {
  let source: string;
  beforeAll(() => {
    source = readFileSync(app.add('shop.ts'), 'utf8');
  });

  test('fit the types, as the examples of the READMEs do, with all declarations checked', async () => {
    const files = EXAMPLES.map(([file, code]) => app.write(file, inAnApp(code)));
    expect(await app.typecheck(['shop.ts', ...files], {})).toEqual([]);
  });

  test('fit the types under exactOptionalPropertyTypes, where only those of aws-cdk-lib do not fit themselves', async () => {
    app.write('exact.ts', withInterfaces(source));
    const errors = await app.typecheck(['exact.ts'], { exactOptionalPropertyTypes: true });
    expect(errors.filter((error) => !error.includes('node_modules/aws-cdk-lib/'))).toEqual([]);
  });

  test('are synthesized, tagged and scheduled, and cdk-nag has nothing to say that lacks a reason', async () => {
    const template = Template.fromString(await app.synthesize('shop.ts', 'Shop'));

    template.resourceCountIs('AWS::SecretsManager::RotationSchedule', 6);
    const secrets = Object.entries(template.findResources('AWS::SecretsManager::Secret'));
    const strategies = secrets.map(([id, { Properties }]) => [
      id.slice(0, -8),
      Properties.Tags?.find(({ Key }: { Key: string }) => Key === 'docdb-rotation:strategy')?.Value,
    ]);
    expect(Object.fromEntries(strategies)).toEqual({
      ClusterSecret: 'admin-clone',
      Orders: 'alternating-users',
      Reports: 'single-user',
      Stock: 'alternating-users',
    });
    template.hasResourceProperties('AWS::EC2::SecurityGroupIngress', { GroupId: 'sg-12345678' });
  });
});

/** Under exactOptionalPropertyTypes CDK's classes do not even fit its own constructs' props, so people write this. */
const withInterfaces = (source: string): string => {
  const as = (module: string, name: string) => (made: string) =>
    made.replace(/;?$/, (end) => ` as import('aws-cdk-lib/${module}').${name}${end}`);
  return source
    .replace(/new Vpc\(.+?\}\);/s, as('aws-ec2', 'IVpc'))
    .replaceAll(/new (?:Database)?Secret\(.+?\);/gs, as('aws-secretsmanager', 'ISecret'))
    .replaceAll(/new ServicePrincipal\([^)]*\)/g, as('aws-iam', 'IPrincipal'))
    .replaceAll(/new AwsSolutionsChecks\(app\)/g, (made) => `${made} as never`);
};

describe('the examples of the READMEs', () => {
  test('are there', () => {
    expect(EXAMPLES).toHaveLength(3);
  });

  test.each(EXAMPLES)('are synthesized: %s', async (file, code) => {
    app.write(file, inAnApp(code));
    const template = await app.synthesize(file, 'Readme');
    expect(template).toContain('AWS::StepFunctions::StateMachine');
    // A reference would have CloudFormation replace the cluster once the primary user's clone is in the secret.
    if (code.includes('masterUsername')) expect(template).toContain('"MasterUsername": "dbadmin"');
  });
});

/** What a reader has around the example: a stack with a cluster and two secrets. */
const inAnApp = (example: string): string => {
  const imports = example.split('\n').filter((line) => line.startsWith('import '));
  const body = example.split('\n').filter((line) => !line.startsWith('import '));
  const imported = imports.join('\n');
  // Where an example shows only a part, its reader has the imports of the one before.
  const missing = [
    ["import { Port, SecurityGroup } from 'aws-cdk-lib/aws-ec2';", 'aws-ec2'],
    ["import { DocDbRotation } from 'docdb-rotation';", 'docdb-rotation'],
  ].filter(([, module = '']) => !imported.includes(module));
  return `
import * as cdk from 'aws-cdk-lib';
import * as docdb from 'aws-cdk-lib/aws-docdb';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
${imported}
${missing.map(([line]) => line).join('\n')}
class Readme extends cdk.Stack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const vpc = new ec2.Vpc(this, 'Vpc');
    const masterUser = { username: 'dbadmin' };
    const cluster = new docdb.DatabaseCluster(this, 'Docdb', { vpc, masterUser, instanceType: new ec2.InstanceType('r6g.large') });
    const adminSecret = new docdb.DatabaseSecret(this, 'Admin', { username: 'admin2' });
    const appSecret = new docdb.DatabaseSecret(this, 'App', { username: 'app', masterSecret: adminSecret });
{
${body.join('\n')}
}
  }
}
const app = new cdk.App();
new Readme(app, 'Readme');
app.synth();
`;
};

describe('the package', () => {
  test('exports every type that its own exports use', () => {
    const types = join(app.packageDirectory, 'dist/types/infra');
    const index = readFileSync(join(types, 'index.d.ts'), 'utf8');
    const namesIn = (list = ''): string[] =>
      list.split(',').map((name) => name.replace(/^\s*type\s/, '').trim());
    const exported = [...index.matchAll(/export (?:type )?\{([^}]+)\} from '(\.{1,2}\/[\w/-]+)\.js'/g)];
    const known = exported.flatMap(([, names]) => namesIn(names));
    const used = exported.flatMap(([, , file]) => {
      const text = readFileSync(join(types, `${file}.d.ts`), 'utf8');
      // The compiler keeps only the imports that a declaration needs. Of functions/ come plain texts.
      return [...text.matchAll(/import (?:type )?\{([^}]+)\} from '\.{1,2}\/(?!\.\.\/functions\/)/g)].flatMap(
        ([, names]) => namesIn(names),
      );
    });
    expect(known).toContain('DocDbRotationProps');
    expect(used).toContain('ManageOptions');
    expect(used.filter((name) => !known.includes(name))).toEqual([]);
  });

  test('carries bundles, definitions and their docs, and neither sources nor tests', () => {
    const files = readdirSync(app.packageDirectory, { recursive: true, encoding: 'utf8' });
    expect(files).toEqual(
      expect.arrayContaining([
        'README.md',
        'LICENSE',
        'CHANGELOG.md',
        'functions/LOCK.md',
        'infra/README.md',
        'dist/functions/set-secret/index.mjs',
        'dist/statemachine/rotation.asl.json',
        'statemachine/rotation.asl.yaml',
        'statemachine/RUNBOOK.md',
        'statemachine/page.png',
      ]),
    );
    expect(
      files.filter((file) => /(?<!\.d)\.ts$|^(test|\.ci)\b|^(functions|infra)\/.*(?<!\.md)$/.test(file)),
    ).toEqual([]);
  });

  test('carries its command as one file, with the runbook that it shows', async () => {
    const folder = join(app.packageDirectory, 'dist/commands');
    expect(readdirSync(folder)).toEqual(['docdb-rotation.mjs']);
    const text = readFileSync(join(folder, 'docdb-rotation.mjs'), 'utf8');
    // Its own imports are proved by running it (below); those that it makes later, for some kinds of credentials, here.
    const later = [...text.matchAll(/\bimport\("([^"]+)"\)/g)].map(([, name = '']) => name);
    expect(later.filter((name) => !name.startsWith('node:'))).toEqual([]);
    expect(text).not.toContain('GetSecretValueCommand');
  });

  test('can be required too, and needs nothing but its peers', async () => {
    const script = readFileSync(join(app.packageDirectory, 'dist/index.js'), 'utf8');
    const required = [...script.matchAll(/require\("([^"]+)"\)/g)].map(([, name]) => name);
    const peers = /^(aws-cdk-lib(\/.+)?|constructs|node:\w+)$/;
    expect(required.filter((name) => !peers.test(name ?? ''))).toEqual([]);
    const names = await app.run(process.execPath, [
      '-p',
      'Object.keys(require("docdb-rotation")).join()',
      '--input-type=commonjs',
    ]);
    expect(names.trim().split(',')).toEqual(['DocDbRotation', 'RetirementPolicy', 'Strategy']);
  });
});

describe('the command', () => {
  const folder = () => join(app.directory, 'only-the-command');
  afterAll(() => rmSync(folder(), { recursive: true, force: true }));

  // Its peers are optional: an operator has no CDK.
  test('runs from a folder in which nothing but the package was installed', async () => {
    mkdirSync(folder());
    writeFileSync(join(folder(), 'package.json'), JSON.stringify({ name: 'on-call', private: true }));
    const { version } = JSON.parse(readFileSync(join(app.packageDirectory, 'package.json'), 'utf8'));
    await app.run('npm', ['install', '--offline', app.tarball], { cwd: folder() });
    expect(readdirSync(join(folder(), 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual([
      'docdb-rotation',
    ]);

    const run = (...words: string[]) =>
      app.run('npx', ['--offline', 'docdb-rotation', ...words], { cwd: folder() });
    expect((await run('--version')).trim()).toBe(version);
    expect(await run('--help')).toContain('explain');
    expect(await run('graph', 'recovery')).toContain('TakeLock --> WaitForDrain');
  });
});
