// One person at one server: the list, the counter, the title and the text, with a store of its own in this browser.
import { IndexedDbStore, open } from '../rejoin.js';
import { describe, showBadge } from '../words.js';
import { watchFlickers } from './flickers.js';
import { showItems } from './items.js';
import { showReading } from './reading.js';
import { openText } from './text.js';

const OFFLINE = 'rejoin-demo:offline:';

/**
 * Opens a pane.
 *
 * @param server the address of its server
 * @param other the server that it may read through as well, if any
 */
export async function openPane({ side, name, server, other, score, guarantees }) {
  const card = document.querySelector(`[data-side="${side}"]`);
  card.append(document.getElementById('pane').content.cloneNode(true));
  const part = (what) => card.querySelector(`[data-part="${what}"]`);
  const offline = part('offline');
  offline.checked = sessionStorage.getItem(OFFLINE + side) !== null;

  const client = await open({
    url: socketOf(server, '/sync'),
    document: name,
    store: new IndexedDbStore(`two-servers:${side}:${name}`),
    online: !offline.checked,
  });
  const text = openText(part('text'), { side, name, url: socketOf(server, '/hocuspocus'), online: !offline.checked });

  const items = showItems(client, part, score);
  watchFlickers(part('items'), 'item', score);
  showTitle(client, part);
  showGuests(client, part);
  showRejections(client, part);
  showStatus(client, part);
  if (other) showReading({ client, name, other, part, score, guarantees });

  offline.addEventListener('change', () => {
    if (offline.checked) sessionStorage.setItem(OFFLINE + side, '');
    else sessionStorage.removeItem(OFFLINE + side);
    for (const each of [client, text]) {
      if (offline.checked) each.goOffline();
      else each.goOnline();
    }
  });
  return {
    client,
    text,
    add: items.add,
    /** Whether nothing of it is under way: what it shows is what its server has. */
    isSettled: () =>
      client.status.connection === 'connected' && ['synchronized', 'rejected'].includes(client.status.sync) && text.isSettled(),
    /** All that it shows, for comparing. */
    shown: () => JSON.stringify([items.values(), client.document.counter('guests').value, client.document.register('title').value ?? '', text.html()]),
    items: items.values,
  };
}

function socketOf(server, path) {
  const url = new URL(path, server);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}

function showTitle(client, part) {
  const title = client.document.register('title');
  const form = part('title-form');
  const field = form.elements.title;
  const note = part('title-note');
  const show = () => {
    if (document.activeElement !== field) field.value = title.value ?? '';
    const other = title.conflicts.find((each) => each !== title.value);
    note.textContent = other === undefined ? '' : `“${other}” was written at the same time.`;
  };
  title.subscribe(show);
  show();
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (field.value.trim() !== (title.value ?? '')) title.set(field.value.trim());
    field.blur();
  });
}

function showGuests(client, part) {
  const guests = client.document.counter('guests');
  const show = () => {
    part('guests').textContent = guests.exactValue.toLocaleString();
    const waiting = guests.pendingSum();
    showBadge(part('guests-badge'), guests.pending, waiting > 0 ? `+${waiting}` : waiting < 0 ? `−${-waiting}` : '');
  };
  guests.subscribe(show);
  client.onWrite(show);
  show();
  part('plus').addEventListener('click', () => guests.increment());
  part('minus').addEventListener('click', () => guests.decrement());
}

function showRejections(client, part) {
  const show = () => {
    part('rejections').replaceChildren(
      ...client.rejections.map((rejection) => {
        const item = document.createElement('li');
        const what = document.createElement('strong');
        what.textContent = describe(rejection.mutations);
        const why = document.createElement('span');
        why.textContent = rejection.message || rejection.code;
        const actions = document.createElement('div');
        actions.append(button('Edit and retry', () => edit(rejection)), button('Discard', () => rejection.discard()));
        item.append(what, why, actions);
        return item;
      }),
    );
  };
  const edit = (rejection) => {
    const added = rejection.mutations.find(({ op }) => op === 'add');
    const field = part('item-form').elements.thing;
    field.value = added?.value ?? '';
    rejection.discard();
    field.focus();
    field.select();
  };
  client.onRejected(show);
  client.onStatus(show);
  show();
}

function button(label, action) {
  const element = document.createElement('button');
  element.type = 'button';
  element.className = 'quiet';
  element.textContent = label;
  element.addEventListener('click', action);
  return element;
}

function showStatus(client, part) {
  const show = () => {
    const { connection, pending, message, code, sync } = client.status;
    const kept = pending > 0 ? `. ${pending} kept on this device` : '';
    const [tone, text] =
      connection === 'error'
        ? ['bad', `Disconnected: ${message || code}`]
        : connection !== 'connected'
          ? ['wait', `${part('offline').checked ? 'Offline' : 'No connection'}${kept}`]
          : pending > 0
            ? ['wait', `Saving ${pending}`]
            : sync === 'synchronizing'
              ? ['wait', 'Catching up']
              : ['good', 'Everything is saved'];
    part('state').dataset.tone = tone;
    if (part('status').textContent !== text) part('status').textContent = text;
  };
  client.onStatus(show);
  part('offline').addEventListener('change', () => queueMicrotask(show));
  show();
}
