import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const MODULES = join(ROOT, 'node_modules');
const LOCAL = join(ROOT, '.local');

/** The tarball in an empty CDK app, as whoever installs it has it. */
let app: string;
beforeAll(() => {
  mkdirSync(LOCAL, { recursive: true });
  app = mkdtempSync(join(LOCAL, 'package-'));
  run('npm', ['pack', '--silent', '--pack-destination', app], ROOT);
  writeFileSync(join(app, 'package.json'), JSON.stringify({ name: 'shop', private: true, type: 'module' }));
  // The peers are linked below, which is quicker than to install them.
  run('npm', ['install', '--offline', '--legacy-peer-deps', './docdb-rotation-0.1.0.tgz'], app);
  mkdirSync(join(app, 'node_modules', '@types'));
  for (const name of ['aws-cdk-lib', 'constructs', '@types/node']) {
    symlinkSync(join(MODULES, name), join(app, 'node_modules', name));
  }
  cpSync(join(import.meta.dirname, 'app', 'app.ts'), join(app, 'app.ts'));
  writeFileSync(join(app, 'exact.ts'), withInterfaces(readFileSync(join(app, 'app.ts'), 'utf8')));
});
afterAll(() => rmSync(app, { recursive: true, force: true }));

/** Under exactOptionalPropertyTypes CDK's classes do not even fit its own constructs' props, so people write this. */
const withInterfaces = (source: string): string =>
  source
    .replace("new Vpc(stack, 'Vpc')", "$& as import('aws-cdk-lib/aws-ec2').IVpc")
    .replaceAll(/new DatabaseSecret\(.+\)/g, "$& as import('aws-cdk-lib/aws-secretsmanager').ISecret");

const run = (command: string, parameters: string[], cwd = app): string => {
  try {
    return execFileSync(command, parameters, { cwd, encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    // The compiler says what is wrong on standard output.
    throw new Error(`${command} failed: ${Object(error).stdout}${Object(error).stderr}`);
  }
};

test.each([
  [false, 'app.ts'],
  [true, 'exact.ts'],
])('fits its user’s types, with exactOptionalPropertyTypes %s', (exact, file) => {
  const compilerOptions = {
    target: 'es2023',
    module: 'nodenext',
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: ['node'],
    exactOptionalPropertyTypes: exact,
  };
  writeFileSync(join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: [file] }));
  run(join(MODULES, '.bin', 'tsc'), ['-p', '.']);
});

test('is synthesized, functions and definitions included', () => {
  run(process.execPath, ['app.ts'], app);
});

test('can be required too, and needs nothing but its peers', () => {
  const script = readFileSync(join(app, 'node_modules/docdb-rotation/dist/index.js'), 'utf8');
  const required = [...script.matchAll(/require\("([^"]+)"\)/g)].map(([, name]) => name);
  expect(required.filter((name) => !/^(aws-cdk-lib(\/.+)?|constructs|node:\w+)$/.test(name ?? ''))).toEqual(
    [],
  );
  const names = run(process.execPath, [
    '-p',
    'Object.keys(require("docdb-rotation")).join()',
    '--input-type=commonjs',
  ]);
  expect(names.trim().split(',')).toEqual(['DocDbRotation', 'Predecessor', 'Strategy']);
});
