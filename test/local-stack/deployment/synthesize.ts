import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';

const ROOT = join(import.meta.dirname, '..', '..', '..');

/** To compile the CDK takes a quarter of what a synthesis takes, and each stack is synthesized by itself. */
export const COMPILED = join(ROOT, '.local', 'compile-cache');

const AssetManifest = z.object({
  files: z.record(
    z.string(),
    z.object({
      source: z.object({ path: z.string(), packaging: z.enum(['zip', 'file']) }),
      destinations: z.record(z.string(), z.object({ bucketName: z.string(), objectKey: z.string() })),
    }),
  ),
});

const CdkConfig = z.object({ context: z.record(z.string(), z.unknown()) });

export interface SynthesizeOptions {
  readonly stackName: string;
  readonly account: string;
  readonly region: string;
  /** Where the cloud assembly goes. */
  readonly directory: string;
  /** The app's configuration, as `--context` gives it, without the prefix. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Ends the process early. */
  readonly signal: AbortSignal;
}

/** A folder to be packed and uploaded. */
export interface FileAsset {
  readonly directory: string;
  readonly bucket: string;
  readonly key: string;
}

export interface Assembly {
  readonly template: string;
  readonly assets: readonly FileAsset[];
  /** @default - the template has none without a default */
  readonly parameters?: Readonly<Record<string, string>>;
}

/** Runs the project's own CDK app. */
export const synthesize = async (options: SynthesizeOptions): Promise<Assembly> => {
  const { context } = CdkConfig.parse(JSON.parse(readFileSync(join(ROOT, 'cdk.json'), 'utf8')));
  for (const [key, value] of Object.entries({ ...options.config, stackName: options.stackName })) {
    context[`docdb-rotation:${key}`] = value;
  }
  return await synthesizeApp(join(ROOT, 'infra', 'app.ts'), context, options);
};

/** Runs a CDK app as `cdk synth` does, in a process of its own and the app's folder. */
export const synthesizeApp = async (
  script: string,
  context: Readonly<Record<string, unknown>>,
  options: SynthesizeOptions,
): Promise<Assembly> => {
  await promisify(execFile)(process.execPath, [script], {
    cwd: dirname(script),
    signal: options.signal,
    env: {
      ...process.env,
      // The emulator says what it does not like. CDK's own check of the template takes two seconds.
      CDK_VALIDATION: 'false',
      NODE_COMPILE_CACHE: COMPILED,
      CDK_OUTDIR: options.directory,
      CDK_CONTEXT_JSON: JSON.stringify({ ...context, 'aws:cdk:version-reporting': false }),
      CDK_DEFAULT_ACCOUNT: options.account,
      CDK_DEFAULT_REGION: options.region,
    },
  });
  return readAssembly(options);
};

/** One stack of an app that was synthesized. */
export const readAssembly = ({
  directory,
  stackName,
  account,
  region,
}: Pick<SynthesizeOptions, 'directory' | 'stackName' | 'account' | 'region'>): Assembly => {
  const manifest = AssetManifest.parse(
    JSON.parse(readFileSync(join(directory, `${stackName}.assets.json`), 'utf8')),
  );
  const assets = Object.values(manifest.files)
    .filter(({ source }) => source.packaging === 'zip')
    .flatMap(({ source, destinations }) =>
      Object.values(destinations).map(({ bucketName, objectKey }) => ({
        directory: join(directory, source.path),
        // biome-ignore lint/suspicious/noTemplateCurlyInString: CDK's own placeholders
        bucket: bucketName.replace('${AWS::AccountId}', account).replace('${AWS::Region}', region),
        key: objectKey,
      })),
    );
  return { template: readFileSync(join(directory, `${stackName}.template.json`), 'utf8'), assets };
};
