import { globSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';

// What tests and the CDK leave in a temporary folder stays in this project's own.
process.env.TMPDIR = join(import.meta.dirname, '.local', 'tmp');
mkdirSync(process.env.TMPDIR, { recursive: true });

const shared = {
  // A quarter of their CPU was to load what each file imports anew. So a file mocks no module, and puts back what it changes.
  isolate: false,
  globalSetup: ['test/local-stack/deployment/bundled-before-all.ts'],
  setupFiles: ['test/support/bounds-first.ts', 'test/mutation/coverage/keep.ts'],
  // A rotation with its waits, on a machine that does other things too.
  testTimeout: 120_000,
  hookTimeout: 120_000,
};

/** Files that are several in one, with one stack. Who looks for one of these finds it by itself. */
const TOGETHER = globSync('test/**/together.test.ts', { cwd: import.meta.dirname });

/** The files that such a one imports. */
const filesIn = (together: string): string[] => {
  const text = readFileSync(join(import.meta.dirname, together), 'utf8');
  return [...text.matchAll(/^import '\.\/(.*)';$/gm)].map(([, file = '']) => join(dirname(together), file));
};

/** The tests by what they need. */
const PROJECTS = [
  {
    name: 'unit',
    include: [
      'test/{unit,upgrade,mutation,bench,chaos/faults,local-stack/commands/demonstration}/**/*.test.ts',
      'test/{e2e/permissions,people}/*.unit.test.ts',
    ],
    exclude: ['test/unit/infra/**'],
  },
  { name: 'attacks', include: ['test/security/*.unit.test.ts'] },
  // Tens of thousands of cases.
  { name: 'crashes', include: ['test/chaos/{in-memory,search}/*.test.ts'] },
  {
    name: 'stack',
    include: ['test/local-stack/**/*.test.ts'],
    exclude: ['test/local-stack/commands/**', 'test/local-stack/page/*.test.ts'],
  },
  {
    name: 'integration',
    include: [
      'test/{account,e2e/commands,e2e/rotations}/**/*.test.ts',
      'test/local-stack/{commands,page}/*.test.ts',
    ],
  },
  {
    name: 'security',
    include: ['test/{e2e/alarms,e2e/package,e2e/permissions,people,security}/**/*.test.ts'],
    exclude: ['**/*.unit.test.ts'],
  },
];

const SYNTHESIS = {
  name: 'synthesis',
  include: ['test/unit/infra/**/*.test.ts'],
  // CDK's own check of a template takes as long as all the rest, and what it finds is a warning that no test reads.
  env: { CDK_VALIDATION: 'false' },
};

/** Only files of one project follow each other in a process: in a whole run, which has them in turn, all but those are one. */
const WHOLE = {
  name: 'whole',
  include: ['test/**/*.test.ts'],
  exclude: [...SYNTHESIS.include, ...TOGETHER.flatMap(filesIn)],
};

const withoutTogether = (project: (typeof PROJECTS)[number]) => ({
  ...project,
  exclude: [...(project.exclude ?? []), ...TOGETHER],
});

const isWhole = process.env.WHOLE_RUN !== undefined;

export default defineConfig({
  test: {
    // A file of integration tests starts a stack of its own and usually waits: more workers than cores are of use.
    maxWorkers: 6,
    sequence: { sequencer: LongestFirst },
    projects: [...(isWhole ? [WHOLE] : PROJECTS.map(withoutTogether)), SYNTHESIS].map((project) => ({
      test: { ...shared, ...project },
    })),
  },
});
