// Bundles the stock editors; all else on the pages is served as it stands.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

export default defineConfig({
  resolve: {
    alias: { '@rejoin/yjs': fileURLToPath(new URL('../../js-client/packages/yjs/dist/index.js', import.meta.url)) },
    // two copies of Yjs do not know each other's documents
    dedupe: ['yjs'],
  },
  build: {
    rolldownOptions: {
      input: { editors: 'editors/main.js', 'servers/text': 'servers/text-source.js' },
      preserveEntrySignatures: 'exports-only',
      output: { entryFileNames: '[name].js', chunkFileNames: 'stock/[name].js' },
    },
    target: 'es2022',
    modulePreload: false,
    license: { fileName: 'editors-licences.txt' },
    chunkSizeWarningLimit: 1_000,
  },
});
