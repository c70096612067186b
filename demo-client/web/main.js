// The demo page: one document, its objects on the screen, and how far each change has come.
import { showCompanion } from './companion.js';
import { showCounter } from './counter.js';
import { keepPage } from './offline.js';
import { openPage, socketAt } from './pages.js';
import { me, showPeople } from './people.js';
import { IndexedDbStore, open, presenceOf } from './rejoin.js';
import { showRejections } from './rejections.js';
import { showFailure, showStatus, startsOffline } from './status.js';
import { showTags } from './tags.js';
import { showTitle } from './title.js';
import { showTouched } from './touched.js';
import { showWrites } from './writes.js';

const name = openPage();

const sync = socketAt('/sync');
showCompanion(name, sync);

try {
  const client = await open({ url: sync, document: name, store: new IndexedDbStore(name), online: !startsOffline() });
  showStatus(client);
  const presence = presenceOf(client, me());
  showPeople({
    own: presence.own,
    others: () => presence.presences,
    isConnected: () => client.status.connection === 'connected',
    onChange: (listener) => presence.onPresence(listener),
  });
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
