// One person at one server: the list, the counter, the title and the text, with a store of its own in this browser.
import { IndexedDbStore, openAtOneOf, OperationTimes } from '../rejoin.js';
import { showBadge } from '../words.js';
import { showItems } from './items.js';
import { showNotice } from './notice.js';
import { showReading } from './reading.js';
import { showRefusals } from './refusals.js';
import { openSession } from './session.js';
import { openText } from './text.js';

const OFFLINE = 'rejoin-demo:offline:';

/**
 * Opens a pane.
 *
 * @param servers what it may be at, `{label, address}`; it goes to the next when its own is gone
 * @param moveAfter how long its own has to be gone for that, in milliseconds
 * @param other the server that it may read through as well, if any
 */
export async function openPane({ side, name, servers, moveAfter, other, score, guarantees }) {
  const card = document.querySelector(`[data-side="${side}"]`);
  card.append(document.getElementById('pane').content.cloneNode(true));
  const part = (what) => card.querySelector(`[data-part="${what}"]`);
  const offline = part('offline');
  offline.checked = sessionStorage.getItem(OFFLINE + side) !== null;

  const urls = servers.map(({ address }) => socketOf(address, '/sync'));
  const serverOf = (url) => servers[urls.indexOf(url)];
  const placed = await openAtOneOf({
    urls,
    moveAfter,
    document: name,
    store: new IndexedDbStore(`two-servers:${side}:${name}`),
    online: !offline.checked,
    onMove: (url) => moved(serverOf(url)),
  });
  const { client } = placed;
  const session = openSession(client, `${side}:${name}`);
  const text = openText(part('text'), { side, name, url: socketOf(serverOf(placed.url).address, '/hocuspocus'), online: !offline.checked });
  const showPlace = ({ label }) => {
    card.querySelector('h2').textContent = `${side === 'left' ? 'Left' : 'Right'}, at ${label}`;
    part('back').hidden = label === servers[0].label;
    part('back').textContent = `Go back to ${servers[0].label}`;
  };
  const moved = (server) => {
    text.moveTo(socketOf(server.address, '/hocuspocus'));
    showPlace(server);
  };
  showPlace(serverOf(placed.url));
  part('back').addEventListener('click', () => placed.moveOn());

  const items = showItems(client, part, score);
  showTitle(client, part);
  showGuests(client, part);
  showRefusals(client, part);
  showStatus(client, part);
  showTextNote(text, part);
  const copy = () =>
    [client.document.register('title').value ?? '', `${client.document.counter('guests').value} guests`, ...items.values().map((item) => `- ${item}`), '', text.words()].join('\n');
  showNotice(client, part, text, copy);
  if (other) showReading({ client, session, name, other, part, score, guarantees });

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
    seenBy: items.seenBy,
    /** Where it is. */
    url: () => placed.url,
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

function showStatus(client, part) {
  const times = new OperationTimes();
  client.onWrite((write) => write.state === 'sent' && times.follow('save', write.durable));
  const show = () => {
    const { connection, pending, message, code, sync } = client.status;
    const kept = pending > 0 ? `. ${pending} kept on this device` : '';
    const [tone, text] =
      connection === 'error'
        ? ['bad', `Disconnected: ${message || code}`]
        : connection !== 'connected'
          ? ['wait', `${part('offline').checked ? 'Offline' : 'No connection'}${kept}`]
          : pending > 0
            ? ['wait', [`Saving ${pending}`, times.usually('save')].filter(Boolean).join(', ')]
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

function showTextNote(text, part) {
  const note = part('text-note');
  const usual = note.textContent;
  text.onChange(() => {
    note.textContent = text.refused() ? `Not accepted: ${text.refused()}` : usual;
    note.classList.toggle('refusal', text.refused() !== '');
  });
}
