import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'test/{unit,infra,stack,commands/demonstration}/**/*.test.ts',
            'test/security/*.unit.test.ts',
          ],
          globalSetup: ['test/infra/bundled.ts'],
          testTimeout: 20_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/{integration,package,security}/**/*.test.ts', 'test/commands/*.test.ts'],
          exclude: ['**/*.unit.test.ts'],
          // A rotation with its waits, on a machine that does other things too.
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // Each file starts a stack of its own: emulator, database and a process for each function.
          maxWorkers: 2,
        },
      },
    ],
  },
});
