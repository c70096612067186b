// Bundles the stock editors; all else on the pages is served as it stands.
import { defineConfig } from 'vite';

export default defineConfig({
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
