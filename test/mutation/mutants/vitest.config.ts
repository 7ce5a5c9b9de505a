import { defineConfig } from 'vitest/config';

/** The unit tests by themselves: without the bundles that others need, and stopping at the first failure. */
export default defineConfig({
  test: { include: ['test/{unit,security,chaos,people}/**/*.test.ts'], bail: 1, testTimeout: 120_000 },
});
