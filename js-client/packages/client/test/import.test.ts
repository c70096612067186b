import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const PACKAGE = new URL('../package.json', import.meta.url);
const { exports: entries } = JSON.parse(readFileSync(PACKAGE, 'utf8')) as { exports: Record<string, { default: string }> };

/** As a server that renders pages does: whoever looks for what only browsers have is told. */
test.each(Object.values(entries).map((entry) => entry.default))('%s is imported in Node without looking for what only browsers have', (path) => {
  const script = `
    for (const name of ['window', 'document', 'navigator', 'WebSocket', 'indexedDB', 'IDBKeyRange', 'BroadcastChannel', 'localStorage', 'addEventListener'])
      Object.defineProperty(globalThis, name, { configurable: true, get() { throw new Error(name + ' was looked for'); } });
    await import(${JSON.stringify(new URL(path, PACKAGE).href)});
    process.stdout.write('imported');`;
  expect(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })).toBe('imported');
});
