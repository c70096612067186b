// Changes that were not accepted: why, and what to do about each.
import { describe } from './words.js';

export function showRejections(client) {
  const card = document.getElementById('rejections-card');
  const list = document.getElementById('rejections');
  const empty = document.getElementById('rejections-empty');
  const news = document.getElementById('rejections-news');
  const link = document.getElementById('refused-link');
  const items = new Map();

  const words = (rejection) => [describe(rejection.mutations), rejection.message || rejection.code];

  const button = (label, what, action) => {
    const element = document.createElement('button');
    element.type = 'button';
    element.className = 'quiet';
    element.textContent = label;
    element.setAttribute('aria-label', `${label}: ${what}`);
    element.addEventListener('click', () => {
      action();
      show();
      // The button is gone, and the keyboard stays near.
      (list.querySelector('button') ?? card).focus();
    });
    return element;
  };

  const itemOf = (rejection) => {
    const [what, why] = words(rejection);
    const item = document.createElement('li');
    item.dataset.code = rejection.code;
    const change = document.createElement('strong');
    change.textContent = what;
    const reason = document.createElement('span');
    reason.textContent = why;
    const actions = document.createElement('div');
    actions.append(button('Try again', what, () => rejection.retry()), button('Discard', what, () => rejection.discard()));
    item.append(change, reason, actions);
    return item;
  };

  const show = () => {
    const { rejections } = client;
    for (const [rejection, item] of items) {
      if (!rejections.includes(rejection)) {
        item.remove();
        items.delete(rejection);
      }
    }
    for (const rejection of rejections) {
      if (!items.has(rejection)) {
        items.set(rejection, itemOf(rejection));
        list.append(items.get(rejection));
      }
    }
    empty.hidden = rejections.length > 0;
    link.hidden = rejections.length === 0;
    link.textContent = `${rejections.length} not accepted`;
    if (rejections.length === 0) news.textContent = '';
  };
  client.onRejected((rejection) => {
    show();
    news.textContent = `Not accepted: ${words(rejection).join(': ')}`;
  });
  client.onStatus(show);
  show();
}
