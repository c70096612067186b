// The set of tags. Each element on the screen lives as long as its tag is in the set, so nothing blinks.
import { stateOf } from './words.js';

export function showTags(client) {
  const tags = client.document.set('tags');
  const list = document.getElementById('tags');
  const form = document.getElementById('tag-form');
  const items = new Map();

  const itemOf = (tag) => {
    const item = document.createElement('li');
    item.dataset.tag = tag;
    const text = document.createElement('span');
    text.textContent = tag;
    const remove = document.createElement('button');
    remove.type = 'button';
    remove.textContent = '×';
    remove.setAttribute('aria-label', `Remove the tag ${tag}`);
    remove.addEventListener('click', () => tags.remove(tag));
    item.append(text, remove);
    return item;
  };

  const none = document.createElement('li');
  none.className = 'none';
  none.textContent = 'No tags yet';

  const show = () => {
    const present = tags.values.filter((tag) => typeof tag === 'string');
    for (const [tag, item] of items) {
      if (!tags.has(tag)) {
        item.remove();
        items.delete(tag);
      }
    }
    present.forEach((tag, position) => {
      let item = items.get(tag);
      if (!item) {
        item = itemOf(tag);
        items.set(tag, item);
      }
      const there = list.querySelectorAll('li[data-tag]')[position];
      if (there !== item) list.insertBefore(item, there ?? null);
      const write = tags.pendingFor(tag);
      item.toggleAttribute('data-pending', write !== undefined);
      item.title = write ? stateOf(write) : 'Saved';
    });
    if (present.length === 0) list.append(none);
    else none.remove();
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
}
