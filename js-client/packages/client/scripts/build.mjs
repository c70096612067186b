// Bundles the package into dist/: one shared chunk, minified, with the names of internal properties shortened.
//
// A property is internal if no declaration that users see and no standard library names it. Both are read from
// declaration files, so a name that could mean anything to anybody outside keeps its length.
import { build } from 'esbuild';
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { minify } from 'terser';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const plain = (text) => text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
const words = (text) => plain(text).match(/[A-Za-z_$][\w$]*/g) ?? [];
// What stands in quotes is a value, or a module.
const unquoted = (text) => text.replace(/'[^'\n]*'|"[^"\n]*"/g, '');

const ENTRIES = ['index', 'idb', 'json', 'presence', 'session-token', 'failover', 'times', 'writes', 'tabs', 'react', 'testing', 'undo', 'unload'];
const PUBLIC = [...ENTRIES, 'pinned', 'lag', 'client', 'client-store', 'memory-store', 'document', 'errors', 'mutation', 'values', 'write', 'status', 'testing-server', 'testing-clock'];
// Names in stored records, of changes, and in what tabs say to each other, which are declared beside internal things.
const KEPT = ['tab', 'retries', 'leases', 'refused', 'to', 'leader', 'count', 'life', 'joins', 'states', 'storing', 'cancelled', 'upToDate', 'clockOffset', 'settledBefore', 'taken', 'path', 'type', 'added', 'removed', 'before', 'after', 'owner', 'accepted', 'state', 'savedAt'];

// Names that declarations only give to parameters, to functions that are exported, and to members that subclasses see, of which users have none.
const INSIDE = words('object elements doc act amount change body settle millis include exclude ranked depth input');

// Names that some platform object has too, but that are only ever used on our own objects.
const SHADOWED = words(`
  act adopt amount begin cells change child children confirm connect contains context deadline depth doc drop elements ended fail
  finish frame handle hidden hide high host input kind level live lost low mark move nonce object offset order others parent payload
  place queue read ready refresh renew report restore root save saved seal search sent session show step storage text total touched
  version view visible write`);

const kept = new Set();
const typescript = new URL('.', import.meta.resolve('typescript/package.json'));
const libraries = [new URL('lib/', typescript), ...platformLibraries()];
for (const folder of libraries) {
  for (const file of readdirSync(folder)) {
    if (/^lib\..*\.d\.ts$/.test(file)) {
      words(readFileSync(new URL(file, folder), 'utf8')).forEach((word) => kept.add(word));
    }
  }
}
SHADOWED.forEach((word) => kept.delete(word));
KEPT.forEach((word) => kept.add(word));
for (const name of PUBLIC) {
  const declarations = readFileSync(at(`../dist/types/${name}.d.ts`), 'utf8').replace(/^\s*private .*$/gm, '');
  words(unquoted(declarations)).forEach((word) => kept.add(word));
}
INSIDE.forEach((word) => kept.delete(word));
if (!kept.has('openCursor') || !kept.has('findLast')) {
  throw new Error('The declarations of the standard library were not found.');
}

/** TypeScript 7 keeps its declarations beside the compiler's binary. */
function platformLibraries() {
  const scope = new URL('../@typescript/', typescript);
  return readdirSync(scope)
    .filter((name) => name.startsWith('typescript-'))
    .map((name) => new URL(`${name}/lib/`, scope));
}

const internal = new Set();
for (const file of readdirSync(at('../src'))) {
  words(readFileSync(at(`../src/${file}`), 'utf8')).forEach((word) => kept.has(word) || internal.add(word));
}

for (const file of readdirSync(at('../dist'))) {
  if (file.endsWith('.js') || file.endsWith('.map')) {
    rmSync(at(`../dist/${file}`));
  }
}
const options = (entries) => ({
  entryPoints: entries.map((name) => at(`../src/${name}.ts`)),
  outdir: at('../dist'),
  bundle: true,
  splitting: true,
  external: ['react'],
  minify: true,
  keepNames: false,
  mangleProps: new RegExp(`^(${[...internal].map((name) => name.replaceAll('$', '\\$')).join('|')})$`),
  reserveProps: /^__/,
  format: 'esm',
  target: 'es2022',
  // A field without a value needs no declaration at run time.
  tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } },
  logLevel: 'warning',
});
// The shortest names go to what is named most often in the core.
const { mangleCache } = await build({ ...options(['index']), mangleCache: {}, write: false });
await build({ ...options(ENTRIES), mangleCache });

// What belongs to the language keeps its name, whatever the lists above say.
for (const file of readdirSync(at('../dist')).filter((name) => name.endsWith('.js'))) {
  for (const [text, global, name] of readFileSync(at(`../dist/${file}`), 'utf8').matchAll(/\b(Array|BigInt|Date|JSON|Math|Number|Object|Promise|String)\.([\w$]+)/g)) {
    if (!(name in globalThis[global])) {
      throw new Error(`${file} says ${text}: a name of ours is one of the language's, too.`);
    }
  }
}

// A second pass finds what one statement at a time does not.
for (const file of readdirSync(at('../dist')).filter((name) => name.endsWith('.js'))) {
  const compress = { passes: 4, hoist_funs: true, ecma: 2022, pure_getters: true, unsafe_arrows: true, unsafe_methods: true, keep_fargs: false };
  const { code } = await minify(readFileSync(at(`../dist/${file}`), 'utf8'), { module: true, ecma: 2022, compress });
  writeFileSync(at(`../dist/${file}`), code);
}
