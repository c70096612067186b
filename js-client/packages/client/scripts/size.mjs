// Bundles every entry point as an application would, and fails if one has grown beyond its budget.
import { build } from 'esbuild';
import { minify } from 'terser';
import { gzipSync } from 'node:zlib';
import { fileURLToPath } from 'node:url';

/** Bytes, gzipped: of the core, and of what each entry point adds to it. `react` itself is the application's. */
const BUDGETS = [
  ['index', 'open', 12_288],
  ['idb', 'IndexedDbStore', 1_600],
  ['presence', 'presenceOf', 400],
  ['session-token', 'sessionOf', 3_000],
  ['failover', 'openAtOneOf', 2_400],
  ['times', 'OperationTimes', 400],
  ['writes', 'exportJson', 500],
  ['json', 'toJson', 200],
  ['undo', 'undoHistory', 800],
  ['unload', 'preventUnload', 250],
  ['tabs', 'openTabs', 6_144],
  ['react', '*', 2_000],
  ['testing', '*', 4_500],
];

async function size(contents) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL('../dist', import.meta.url)) },
    bundle: true,
    format: 'esm',
    target: 'es2022',
    external: ['react'],
    write: false,
    logLevel: 'error',
  });
  const { code } = await minify(outputFiles[0].text, { module: true, ecma: 2022, compress: { passes: 3, ecma: 2022 } });
  return gzipSync(code, { level: 9 }).length;
}

const exported = (entry, name) => `export ${name === '*' ? '*' : `{ ${name} }`} from './${entry}.js';`;

const CORE = exported('index', 'open');
const core = await size(CORE);
for (const [entry, name, budget] of BUDGETS) {
  const isCore = entry === 'index';
  const bytes = isCore ? core : (await size(`${CORE} ${exported(entry, name)}`)) - core;
  console.log(`@rejoin/client${isCore ? '' : `/${entry}`}: ${bytes} bytes gzipped${isCore ? '' : ' more'} of ${budget}`);
  if (bytes > budget) {
    console.error(`${entry} is larger than its budget.`);
    process.exitCode = 1;
  }
}
