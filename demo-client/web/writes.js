// The latest writes of this window and how far each has come.
import { describe, stateOf } from './words.js';

const LATEST = 8;

export function showWrites(client) {
  const list = document.getElementById('writes');
  const empty = document.getElementById('writes-empty');
  const rows = new Map();

  const rowOf = (write, mutations) => {
    const row = document.createElement('li');
    const what = document.createElement('span');
    what.textContent = describe(mutations);
    const badge = document.createElement('span');
    badge.className = 'badge';
    row.append(what, badge);
    rows.set(write.id, { row, badge });
    list.prepend(row);
    while (list.children.length > LATEST) list.lastElementChild.remove();
    return rows.get(write.id);
  };

  const show = (write, mutations) => {
    const shown = rows.get(write.id) ?? (mutations && rowOf(write, mutations));
    if (!shown) return;
    shown.badge.dataset.state = write.state;
    shown.badge.textContent = stateOf(write);
    empty.hidden = true;
    if ((write.state === 'durable' || write.state === 'rejected') && !shown.row.isConnected) rows.delete(write.id);
  };

  const showPending = () => client.pending().forEach(({ write, mutations }) => show(write, mutations));
  client.onWrite((write) => {
    showPending();
    show(write);
  });
  client.document.onChange(showPending);
  showPending();
}
