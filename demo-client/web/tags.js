// The set of tags. Each element on the screen lives as long as its tag is in the set, so nothing blinks.
import { showBadge, stateOf } from './words.js';

export function showTags(client) {
  const tags = client.document.set('tags');
  const list = document.getElementById('tags');
  const form = document.getElementById('tag-form');
  const empty = document.getElementById('tags-empty');
  const badge = document.getElementById('tags-badge');
  const items = new Map();

  const remove = (tag) => {
    const item = items.get(tag);
    const next = item.nextElementSibling ?? item.previousElementSibling;
    tags.remove(tag);
    (next?.querySelector('button') ?? form.elements.tag).focus();
  };

  const itemOf = (tag) => {
    const item = document.createElement('li');
    item.dataset.tag = tag;
    const text = document.createElement('span');
    text.textContent = tag;
    const state = document.createElement('span');
    state.className = 'unseen';
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = '×';
    button.setAttribute('aria-label', `Remove the tag ${tag}`);
    button.addEventListener('click', () => remove(tag));
    item.append(text, state, button);
    return item;
  };

  const show = () => {
    // By alphabet: the order of the set is that of its dots, which tells people nothing.
    const present = tags.values.filter((tag) => typeof tag === 'string').sort((a, b) => a.localeCompare(b) || (a < b ? -1 : 1));
    for (const [tag, item] of items) {
      if (!tags.has(tag)) {
        item.remove();
        items.delete(tag);
      }
    }
    let at = list.firstElementChild;
    for (const tag of present) {
      const item = items.get(tag) ?? itemOf(tag);
      items.set(tag, item);
      if (item === at) at = at.nextElementSibling;
      else list.insertBefore(item, at);
      const write = tags.pendingFor(tag);
      item.toggleAttribute('data-pending', write !== undefined);
      item.title = write ? stateOf(write) : 'Saved';
      item.children[1].textContent = write ? ` (${stateOf(write)})` : '';
    }
    empty.hidden = present.length > 0;
    showBadge(badge, tags.pending);
  };
  tags.subscribe(show);
  client.onWrite(show);
  show();

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const tag = form.elements.tag.value.trim();
    if (tag) tags.add(tag);
    form.reset();
  });
  document.getElementById('tag-forbidden').addEventListener('click', () => tags.add('forbidden'));
}
