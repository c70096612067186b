// The latest changes of this window and how far each has come.
import { describe, stateOf } from './words.js';

const LATEST = 8;

export function showWrites(client) {
  const list = document.getElementById('writes');
  const empty = document.getElementById('writes-empty');
  const rows = new Map();

  const rowOf = (write, mutations) => {
    const row = document.createElement('li');
    const steps = document.createElement('span');
    steps.className = 'steps';
    steps.setAttribute('aria-hidden', 'true');
    const what = document.createElement('span');
    what.className = 'what';
    what.textContent = describe(mutations);
    const state = document.createElement('span');
    state.className = 'state';
    row.append(steps, what, state);
    rows.set(write.id, { row, steps, state });
    list.prepend(row);
    while (list.children.length > LATEST) list.lastElementChild.remove();
    empty.hidden = true;
    return rows.get(write.id);
  };

  const show = (write, mutations) => {
    const shown = rows.get(write.id) ?? (mutations && rowOf(write, mutations));
    if (!shown) return;
    shown.row.dataset.state = shown.steps.dataset.state = write.state;
    shown.state.textContent = stateOf(write);
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
