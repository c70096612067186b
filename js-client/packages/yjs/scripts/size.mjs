// Measures the package without Yjs as an application would bundle it, and fails if it has grown beyond its budget.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { minify } from 'terser';

const BUDGET_BYTES = 4_096;

const built = readFileSync(new URL('../dist/index.js', import.meta.url), 'utf8');
const { code } = await minify(built, { module: true, ecma: 2022, compress: { passes: 3, ecma: 2022 } });
const bytes = gzipSync(code, { level: 9 }).length;
console.log(`@rejoin/yjs: ${bytes} bytes gzipped of ${BUDGET_BYTES}`);
if (bytes > BUDGET_BYTES) {
  console.error('The package is larger than its budget.');
  process.exit(1);
}
