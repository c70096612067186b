import { defineConfig } from 'vitest/config';

// The tests wait about half of the time, so no processor is left out.
export default defineConfig({ test: { testTimeout: 120_000, maxWorkers: '100%', include: ['test/**/*.test.{ts,tsx}'] } });
