import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeProcessDirectory } from '../../local-stack/deployment/run-directory.ts';
import { COMPILED } from '../../local-stack/deployment/synthesize.ts';
import { withLock } from '../../local-stack/python/lock.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const MODULES = join(ROOT, 'node_modules');
const LOCAL = join(ROOT, '.local');
const APPS = join(import.meta.dirname, 'app');

/** What an app has beside the package: its peers, and the checks of cdk-nag. */
const BESIDE = ['aws-cdk-lib', 'constructs', 'cdk-nag', '@types/node'];

const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

/** Of this process: what is packed does not change meanwhile. */
let packed: Promise<string> | undefined;

/** @returns the path of the tarball */
const pack = async (): Promise<string> => {
  const directory = makeProcessDirectory();
  // It builds the package first, in one folder for all.
  await withLock(join(LOCAL, 'pack.lock'), () =>
    promisify(execFile)('npm', ['pack', '--silent', '--pack-destination', directory], { cwd: ROOT }),
  );
  return join(directory, `docdb-rotation-${version}.tgz`);
};

/** An empty CDK app in a folder of its own, with the tarball installed as the one who gets it installs it. */
export class InstalledPackage {
  readonly directory: string;
  readonly packageDirectory: string;
  readonly tarball: string;

  private constructor(directory: string, tarball: string) {
    this.directory = directory;
    this.tarball = tarball;
    this.packageDirectory = join(directory, 'node_modules', 'docdb-rotation');
  }

  static async install(): Promise<InstalledPackage> {
    mkdirSync(LOCAL, { recursive: true });
    packed ??= pack();
    const tarball = await packed;
    const app = new InstalledPackage(mkdtempSync(join(LOCAL, 'package-')), tarball);
    try {
      await app.fill();
    } catch (error) {
      app.remove();
      throw error;
    }
    return app;
  }

  private async fill(): Promise<void> {
    this.write('package.json', JSON.stringify({ name: 'shop', private: true, type: 'module' }));
    // The peers are linked below, which is quicker than to install them.
    await this.run('npm', ['install', '--offline', '--legacy-peer-deps', this.tarball]);
    mkdirSync(join(this.directory, 'node_modules', '@types'));
    for (const name of BESIDE) symlinkSync(join(MODULES, name), join(this.directory, 'node_modules', name));
  }

  /** @returns the path of an app of `test/e2e/package/app`, copied beside the installed package */
  add(name: string): string {
    cpSync(join(APPS, name), join(this.directory, name));
    return join(this.directory, name);
  }

  write(name: string, text: string): string {
    writeFileSync(join(this.directory, name), text);
    return join(this.directory, name);
  }

  /** Synthesizes an app as `cdk synth` does. @returns the template of one of its stacks */
  async synthesize(name: string, stackName: string): Promise<string> {
    const outdir = join(this.directory, `${name}.out`);
    const env = {
      ...process.env,
      CDK_OUTDIR: outdir,
      TMPDIR: this.directory,
      // The tests read the template. CDK's own check of it takes two seconds.
      CDK_VALIDATION: 'false',
      NODE_COMPILE_CACHE: COMPILED,
    };
    await this.run(process.execPath, [name], { env });
    return readFileSync(join(outdir, `${stackName}.template.json`), 'utf8');
  }

  /** @returns what the compiler finds wrong, declarations of packages included */
  async typecheck(
    files: readonly string[],
    compilerOptions: Readonly<Record<string, unknown>>,
  ): Promise<string[]> {
    const always = { target: 'es2023', module: 'nodenext', strict: true, noEmit: true, types: ['node'] };
    const config = { compilerOptions: { ...always, ...compilerOptions }, files };
    this.write('tsconfig.json', JSON.stringify(config));
    const compiler = join(MODULES, '.bin', 'tsc');
    const { stdout } = await promisify(execFile)(compiler, ['-p', '.'], { cwd: this.directory }).catch(
      // It ends like this when it found something.
      (error: { stdout: string }) => error,
    );
    return stdout.split('\n').filter((line) => line.includes(' error TS'));
  }

  /** @returns what it wrote to standard output */
  async run(
    command: string,
    parameters: readonly string[],
    options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
  ): Promise<string> {
    const { stdout } = await promisify(execFile)(command, parameters, {
      cwd: this.directory,
      ...options,
    }).catch((error: { stdout?: string; stderr?: string }) => {
      throw new Error(`${command} ${parameters.join(' ')} failed: ${error.stdout}${error.stderr}`);
    });
    return stdout;
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
