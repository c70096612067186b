// Bundles the package into dist/, minified; Yjs stays outside, because two copies of it do not know each other's documents.
import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

await build({
  entryPoints: [at('../src/index.ts')],
  outdir: at('../dist'),
  bundle: true,
  minify: true,
  external: ['yjs'],
  format: 'esm',
  target: 'es2022',
  // A field without a value needs no declaration at run time.
  tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } },
  logLevel: 'warning',
});
