// The demo page: one document, its objects on the screen, and how far each write has come.
import { open } from '@rejoin/client';
import { IndexedDbStore } from '@rejoin/client/idb';
import { showCounter } from './counter.js';
import { showPeople } from './people.js';
import { showRejections } from './rejections.js';
import { showStatus } from './status.js';
import { showTags } from './tags.js';
import { showTitle } from './title.js';
import { showWrites } from './writes.js';

const parameters = new URLSearchParams(location.search);
const name = parameters.get('document') ?? 'notes/1';
document.getElementById('document-name').textContent = name;
document.getElementById('second-window').href = `?document=${encodeURIComponent(name)}`;

const sync = new URL('/sync', location.href);
sync.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';

const client = await open({ url: sync.href, document: name, store: new IndexedDbStore(name) });

showStatus(client);
showPeople(client);
showTitle(client);
showCounter(client);
showTags(client);
showRejections(client);
showWrites(client);

// For tests and for the curious: the client in the console.
window.rejoin = client;

if ('serviceWorker' in navigator) {
  await navigator.serviceWorker.register('sw.js');
  const { active } = await navigator.serviceWorker.ready;
  const channel = new MessageChannel();
  channel.port1.onmessage = () => document.documentElement.setAttribute('data-offline-ready', '');
  const used = performance.getEntriesByType('resource').map((entry) => entry.name);
  active.postMessage({ keep: used }, [channel.port2]);
}
