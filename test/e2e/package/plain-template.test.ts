import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { buildTemplate } from '../../../infra/build/build-template.ts';
import { rotateSecret } from '../../chaos/faults/rotate-secret.ts';
import {
  type Assembly,
  type LocalStack,
  type SynthesizeOptions,
  startLocalStack,
} from '../../local-stack/deployment/index.ts';
import { ensurePython } from '../../local-stack/python/index.ts';
import {
  expectNoPasswordAnywhere,
  expectSettled,
  labelsOf,
  logsInEverywhere,
  run,
} from '../rotations/outside-judge.ts';

const LOCAL = join(import.meta.dirname, '../../../.local');
const BUCKET = 'my-bucket';
const PREFIX = 'team/docdb-rotation/';

/** What `npm run template` writes. */
let directory: string;
let templateFile: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'plain-template-'));
  templateFile = join(directory, 'docdb-rotation.template.json');
  await buildTemplate(directory);
});
afterAll(() => rmSync(directory, { recursive: true }));

const Finding = z.object({ Rule: z.object({ Id: z.string() }), Message: z.string() });

/** What cfn-lint reports though it is right, and why. */
const EXCEPTIONS: readonly { readonly rule: string; readonly message: RegExp; readonly why: string }[] = [
  {
    rule: 'W3005',
    message: /dependency already enforced by a 'GetAtt'/,
    why: 'CDK says twice that a role comes before its function: one time too many, which harms nothing',
  },
];

// It installs the linter first, beside whatever else runs.
describe('cfn-lint', { timeout: 300_000 }, () => {
  test('finds no error and no warning but those that have their reasons', async () => {
    const { python } = await ensurePython({
      directory: join(LOCAL, 'cfn-lint'),
      requirements: join(import.meta.dirname, 'cfn-lint-requirements.txt'),
    });
    const findings = z.array(Finding).parse(JSON.parse(await lint(python)));
    const left = findings.filter(
      ({ Rule, Message }) =>
        !EXCEPTIONS.some(({ rule, message }) => rule === Rule.Id && message.test(Message)),
    );
    expect(left).toEqual([]);
    for (const { rule } of EXCEPTIONS) expect(findings.map(({ Rule }) => Rule.Id)).toContain(rule);
  });
});

const lint = async (python: string): Promise<string> => {
  const { stdout } = await promisify(execFile)(
    join(dirname(python), 'cfn-lint'),
    ['--format', 'json', '--regions', 'eu-central-1', '--template', templateFile],
    { maxBuffer: 16 * 1024 * 1024 },
  ).catch(
    // It ends like this when it found something.
    (error: { stdout: string }) => error,
  );
  return stdout;
};

describe('the template, deployed as the README says', () => {
  let stack: LocalStack;
  beforeAll(async () => {
    stack = await startLocalStack({
      synthesize: async (options) => assemble(options),
      functionEnvironment: { CERTIFICATE_AUTHORITY_FILE: AUTHORITY },
    });
  });
  afterAll(async () => {
    await stack?.stop();
  });

  test('rotates its secret on demand, and by Secrets Manager', async () => {
    const { appSecret } = stack;
    const before = await labelsOf(stack, appSecret.arn);

    const execution = await run(stack, { secretId: appSecret.name });

    expect(execution, execution.cause).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'rotated' } });
    await expectSettled(stack, appSecret.arn);
    const between = await labelsOf(stack, appSecret.arn);
    expect(between.previous).toBe(before.current);
    expect(await logsInEverywhere(stack, appSecret)).toBe(false);

    await rotateSecret(stack, appSecret.arn);
    const rotation = await stack.secretsManagerStandIn.rotations.latest(appSecret.arn)?.ended;

    expect(rotation).toMatchObject({ status: 'succeeded' });
    await expectSettled(stack, appSecret.arn);
    expect((await labelsOf(stack, appSecret.arn)).previous).toBe(between.current);
    await expectNoPasswordAnywhere(stack);
  });
});

const AUTHORITY = 'certificate-authority.pem';

const Config = z.object({
  certificateAuthorityFile: z.string(),
  secrets: z.tuple([z.object({ arn: z.string(), adminSecretArn: z.string() })], z.unknown()),
});

/** The zip files as they were written, and beside each bundle the local database's authority in place of Amazon's. */
const assemble = ({ config, directory: place }: SynthesizeOptions): Assembly => {
  const { certificateAuthorityFile, secrets } = Config.parse(config);
  const assets = readdirSync(join(directory, 'functions')).map((name) => {
    const unpacked = join(place, name);
    mkdirSync(unpacked, { recursive: true });
    const files = unzipSync(readFileSync(join(directory, 'functions', name)));
    for (const [file, content] of Object.entries(files)) writeFileSync(join(unpacked, file), content);
    cpSync(certificateAuthorityFile, join(unpacked, AUTHORITY));
    return { directory: unpacked, bucket: BUCKET, key: `${PREFIX}${name}` };
  });
  const [{ arn, adminSecretArn }] = secrets;
  const parameters = {
    SecretArn: arn,
    Strategy: 'single-user',
    AdminSecretArn: adminSecretArn,
    PropagationTimeoutSeconds: '30',
    VpcId: 'vpc-0123456789abcdef0',
    SubnetIds: 'subnet-0123456789abcdef0,subnet-0fedcba9876543210',
    ClusterSecurityGroupId: 'sg-0123456789abcdef0',
    ClusterPort: '27017',
    AssetsBucket: BUCKET,
    AssetsPrefix: PREFIX,
  };
  return { template: readFileSync(templateFile, 'utf8'), assets, parameters };
};
