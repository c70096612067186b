// Bundles the core with its codec as an application would, and fails if it has grown beyond its budget.
import { build } from 'esbuild';
import { minify } from 'terser';
import { gzipSync } from 'node:zlib';
import { fileURLToPath } from 'node:url';

const BUDGET_BYTES = 12_288;

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

const CORE = "export { open } from './index.js';";
const core = await size(CORE);
console.log(`@rejoin/client: ${core} bytes gzipped of ${BUDGET_BYTES}`);
for (const [entry, name] of [['presence', 'presenceOf'], ['json', 'toJson'], ['idb', 'IndexedDbStore'], ['failover', 'openAtOneOf'], ['times', 'OperationTimes'], ['session-token', 'sessionOf'], ['writes', 'exportJson']]) {
  const both = await size(`${CORE} export { ${name} } from './${entry}.js';`);
  console.log(`@rejoin/client/${entry}: ${both - core} bytes gzipped more`);
}
if (core > BUDGET_BYTES) {
  console.error('The core is larger than its budget.');
  process.exit(1);
}
