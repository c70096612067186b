// Writes that were not accepted: why, and what to do about each.
import { describe } from './words.js';

export function showRejections(client) {
  const card = document.getElementById('rejections-card');
  const list = document.getElementById('rejections');

  const button = (label, action) => {
    const element = document.createElement('button');
    element.type = 'button';
    element.className = 'quiet';
    element.textContent = label;
    element.addEventListener('click', () => {
      action();
      show();
    });
    return element;
  };

  const show = () => {
    card.hidden = client.rejections.length === 0;
    list.replaceChildren(
      ...client.rejections.map((rejection) => {
        const item = document.createElement('li');
        item.dataset.code = rejection.code;
        const text = document.createElement('span');
        text.textContent = `${describe(rejection.mutations)}: ${rejection.message || rejection.code}`;
        item.append(text, button('Try again', () => rejection.retry()), button('Discard', () => rejection.discard()));
        return item;
      }),
    );
  };
  client.onRejected(show);
  client.onStatus(show);
  show();
}
