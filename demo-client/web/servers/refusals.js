// What was not accepted: why, and what to do about each.
import { describe } from '../words.js';

/** The field of the pane that a change came from, and what it wanted to put there; a count has none. */
function draft({ mutations }, part) {
  const added = mutations.find(({ op }) => op === 'add');
  if (added) return [part('item-form').elements.thing, added.value];
  const set = mutations.find(({ op, path }) => op === 'set' && path[0] === 'title');
  return set ? [part('title-form').elements.title, set.value] : undefined;
}

function button(label, action) {
  const element = document.createElement('button');
  element.type = 'button';
  element.className = 'quiet';
  element.textContent = label;
  element.addEventListener('click', action);
  return element;
}

export function showRefusals(client, part) {
  const list = part('rejections');
  const lines = new Map();
  const edit = (rejection, [field, text]) => {
    field.value = text;
    rejection.discard();
    show();
    field.focus();
    field.select();
  };
  const lineOf = (rejection) => {
    const line = document.createElement('li');
    line.dataset.code = rejection.code;
    const what = document.createElement('strong');
    what.textContent = describe(rejection.mutations);
    const why = document.createElement('span');
    why.textContent = rejection.code === 'unknown-outcome' ? 'it may have been counted: nobody can say' : rejection.message || rejection.code;
    const actions = document.createElement('div');
    const text = draft(rejection, part);
    actions.append(
      text ? button('Edit and retry', () => edit(rejection, text)) : button('Try again', () => rejection.retry()),
      button('Discard', () => {
        rejection.discard();
        show();
      }),
    );
    line.append(what, why, actions);
    return line;
  };
  const show = () => {
    for (const [rejection, line] of lines) {
      if (client.rejections.includes(rejection)) continue;
      line.remove();
      lines.delete(rejection);
    }
    for (const rejection of client.rejections) {
      if (lines.has(rejection)) continue;
      lines.set(rejection, lineOf(rejection));
      list.append(lines.get(rejection));
    }
  };
  client.onRejected(show);
  client.onStatus(show);
  show();
}
