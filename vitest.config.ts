import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';

// What tests and the CDK leave in a temporary folder stays in this project's own.
process.env.TMPDIR = join(import.meta.dirname, '.local', 'tmp');
mkdirSync(process.env.TMPDIR, { recursive: true });

const BOUNDS_FIRST = 'test/support/bounds-first.ts';

/** A rotation with its waits, on a machine that does other things too. */
const onTheStack = {
  isolate: false,
  globalSetup: ['test/local-stack/deployment/bundled-before-all.ts'],
  setupFiles: [BOUNDS_FIRST],
  testTimeout: 120_000,
  hookTimeout: 120_000,
};

/** Files that share their processes, each with those that came before it. */
const inMemory = {
  // A quarter of their CPU was to load what each file imports anew. So a file mocks no module, and puts back what it changes.
  isolate: false,
  globalSetup: ['test/local-stack/deployment/bundled-before-all.ts'],
  setupFiles: [BOUNDS_FIRST, 'test/mutation/coverage/keep.ts'],
  testTimeout: 60_000,
  hookTimeout: 60_000,
};

export default defineConfig({
  test: {
    // A file of integration tests starts a stack of its own and usually waits: more workers than cores are of use.
    maxWorkers: 5,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'test/{unit,upgrade,mutation,bench,chaos/faults,local-stack/commands/demonstration}/**/*.test.ts',
            'test/{e2e/permissions,people}/*.unit.test.ts',
          ],
          exclude: ['test/unit/infra/**'],
          ...inMemory,
        },
      },
      {
        test: {
          name: 'attacks',
          include: ['test/security/*.unit.test.ts'],
          ...inMemory,
        },
      },
      {
        test: {
          name: 'synthesis',
          include: ['test/unit/infra/**/*.test.ts'],
          // To load the CDK takes longer than most of these tests: once for each worker. They share nothing else that one could change.
          ...inMemory,
          // CDK's own check of a template takes as long as all the rest, and what it finds is a warning that no test reads.
          env: { CDK_VALIDATION: 'false' },
        },
      },
      {
        test: {
          name: 'crashes',
          // Tens of thousands of cases.
          include: ['test/chaos/{in-memory,search}/*.test.ts'],
          isolate: false,
          setupFiles: ['test/mutation/coverage/keep.ts'],
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'stack',
          include: ['test/local-stack/**/*.test.ts'],
          exclude: ['test/local-stack/commands/**', 'test/local-stack/page/*.test.ts'],
          isolate: false,
          setupFiles: [BOUNDS_FIRST],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: [
            'test/{account,e2e/commands,e2e/rotations}/**/*.test.ts',
            'test/local-stack/{commands,page}/*.test.ts',
          ],
          ...onTheStack,
        },
      },
      {
        test: {
          name: 'security',
          include: ['test/{e2e/alarms,e2e/package,e2e/permissions,people,security}/**/*.test.ts'],
          exclude: ['**/*.unit.test.ts'],
          ...onTheStack,
        },
      },
    ],
  },
});
