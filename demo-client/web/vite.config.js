// Bundles the stock editors of editors.html; all else on the pages is served as it stands.
import { defineConfig } from 'vite';

export default defineConfig({
  build: {
    rolldownOptions: { input: 'editors/main.js', output: { entryFileNames: 'editors.js', codeSplitting: false } },
    target: 'es2022',
    modulePreload: false,
    license: { fileName: 'editors-licences.txt' },
    chunkSizeWarningLimit: 1_000,
  },
});
