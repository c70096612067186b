// Things to buy: a set. Each line lives as long as its thing is in the set, and says how far it has come.
import { signOf, stateOf } from '../words.js';
import { watchFlickers } from './flickers.js';

/**
 * Shows the list of a pane; `seenBy` of what it returns tells it of the other side, whose sight of a thing is the last that can happen to it.
 */
export function showItems(client, part, score) {
  const items = client.document.set('items');
  const list = part('items');
  const form = part('item-form');
  const lines = new Map();
  const flickers = watchFlickers(list, 'item', score);
  let others;

  const lineOf = (item) => {
    const line = document.createElement('li');
    line.dataset.item = item;
    const text = document.createElement('span');
    text.textContent = item;
    const badge = document.createElement('span');
    badge.className = 'badge';
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = '×';
    button.setAttribute('aria-label', `Take ${item} off`);
    button.addEventListener('click', () => {
      score.removed(item);
      flickers.takenOff(item);
      items.remove(item);
    });
    line.append(text, badge, button);
    return line;
  };

  const values = () => items.values.filter((item) => typeof item === 'string').sort();
  const show = () => {
    const present = values();
    for (const [item, line] of lines) {
      if (!items.has(item)) {
        line.remove();
        lines.delete(item);
      }
    }
    for (const item of present) {
      const line = lines.get(item) ?? lineOf(item);
      if (!lines.has(item)) {
        lines.set(item, line);
        list.append(line);
      }
      const write = items.pendingFor(item);
      const state = write?.state ?? 'durable';
      const seen = !write && others !== undefined && others.has(item) && !others.pendingFor(item);
      if (line.dataset.state !== state || 'seen' in line.dataset !== seen) {
        line.dataset.state = state;
        line.toggleAttribute('data-seen', seen);
        const sign = document.createElement('span');
        sign.setAttribute('aria-hidden', 'true');
        sign.textContent = seen ? '✓✓' : signOf(state);
        line.children[1].replaceChildren(sign, ` ${write ? stateOf(write) : seen ? 'On both sides' : 'Saved'}`);
      }
    }
    part('items-empty').hidden = present.length > 0;
  };
  items.subscribe(show);
  client.onWrite(show);
  show();

  const add = (item) => {
    flickers.putOn(item);
    const write = items.add(item);
    write.durable.then(() => {
      if (write.state !== 'durable') return;
      score.saved(item);
    }, () => undefined);
    return write;
  };
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const item = form.elements.thing.value.trim();
    if (item) add(item);
    form.reset();
  });
  const seenBy = (other) => {
    others = other.document.set('items');
    others.subscribe(show);
    other.onWrite(show);
    show();
  };
  return { add, values, seenBy };
}
