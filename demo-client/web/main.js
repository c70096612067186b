// The demo page: one document, its objects on the screen, and how far each change has come.
import { open } from '@rejoin/client';
import { IndexedDbStore } from '@rejoin/client/idb';
import { showCompanion } from './companion.js';
import { showCounter } from './counter.js';
import { keepPage } from './offline.js';
import { showPeople } from './people.js';
import { showRejections } from './rejections.js';
import { showFailure, showStatus, startsOffline } from './status.js';
import { showTags } from './tags.js';
import { showTitle } from './title.js';
import { showTouched } from './touched.js';
import { showWrites } from './writes.js';

const name = new URLSearchParams(location.search).get('document') ?? 'notes/1';
document.getElementById('document-name').textContent = name;
document.getElementById('second-window').href = `?document=${encodeURIComponent(name)}`;

const sync = new URL('/sync', location.href);
sync.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
showCompanion(name, sync.href);

try {
  const client = await open({ url: sync.href, document: name, store: new IndexedDbStore(name), online: !startsOffline() });
  showStatus(client);
  showPeople(client);
  showTitle(client);
  showCounter(client);
  showTags(client);
  showRejections(client);
  showWrites(client);
  showTouched(client);
  // For the curious, in the console, and for tests.
  window.rejoin = client;
} catch (failure) {
  showFailure(failure);
  throw failure;
}
await keepPage();
