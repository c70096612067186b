// Bundles the core with its codec as an application would, and fails if it has grown beyond its budget.
import { build } from 'esbuild';
import { minify } from 'terser';
import { gzipSync } from 'node:zlib';
import { fileURLToPath } from 'node:url';

const BUDGET_BYTES = 13_000;

async function size(contents) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL('../dist', import.meta.url)) },
    bundle: true,
    format: 'esm',
    target: 'es2022',
    write: false,
    logLevel: 'error',
  });
  const { code } = await minify(outputFiles[0].text, { module: true, ecma: 2022, compress: { passes: 3, ecma: 2022 } });
  return gzipSync(code, { level: 9 }).length;
}

const core = await size("export { open } from './index.js'");
console.log(`@rejoin/client: ${core} bytes gzipped of ${BUDGET_BYTES}`);
console.log(`@rejoin/client/idb: ${await size("export { IndexedDbStore } from './idb.js'")} bytes gzipped`);
if (core > BUDGET_BYTES) {
  console.error('The core is larger than its budget.');
  process.exit(1);
}
