import { defineConfig } from 'vitest/config';

/** It loads the files of the table itself, and would find them loaded already. */
const LOADS_OTHER_TESTS = ['test/conformance/facts/coverage.test.ts'];

export default defineConfig({
  test: {
    // The SDK announces the end of Node 20 in every worker otherwise.
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    // Threads start faster than processes, and the default leaves one of two cores idle.
    pool: 'threads',
    maxWorkers: '100%',
    testTimeout: 30_000,
    hookTimeout: 30_000,
    coverage: { provider: 'v8', include: ['src/**/*.ts'], reporter: ['text-summary'] },
    projects: [
      {
        extends: true,
        test: {
          name: 'shared',
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.long.test.ts', ...LOADS_OTHER_TESTS],
          // Modules are loaded once for each worker and not for each file: that halves the time of a run.
          isolate: false,
        },
      },
      { extends: true, test: { name: 'alone', include: LOADS_OTHER_TESTS } },
    ],
  },
});
