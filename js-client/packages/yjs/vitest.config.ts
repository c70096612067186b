import { defineConfig } from 'vitest/config';

// What is in test/server needs a server: its addresses come in the environment, see YjsAddOnIT.
export default defineConfig(({ mode }) => ({
  test: {
    testTimeout: 60_000,
    include: [mode === 'server' ? 'test/server/**/*.test.ts' : 'test/*.test.ts'],
  },
}));
