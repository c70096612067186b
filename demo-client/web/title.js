// The title: a register. While you edit it, what others write waits beside the field instead of overwriting your words.
import { showBadge } from './words.js';

const USUAL = 'Of two titles written at the same time one shows, and the other is offered here.';

export function showTitle(client) {
  const title = client.document.register('title');
  const form = document.getElementById('title-form');
  const field = form.elements.title;
  const badge = document.getElementById('title-badge');
  const note = document.getElementById('title-note');
  let shown = '';
  let noted = '';

  const current = () => String(title.value ?? '');
  const isEditing = () => document.activeElement === field && field.value !== shown;

  const say = (text, other) => {
    const key = JSON.stringify([text, other]);
    if (key === noted) return;
    noted = key;
    note.textContent = text;
    if (other === undefined) return;
    const take = document.createElement('button');
    take.type = 'button';
    take.className = 'link';
    take.textContent = 'Take that one';
    take.addEventListener('click', () => {
      title.set(other);
      field.focus();
    });
    note.append(' ', take);
  };

  const show = () => {
    const now = current();
    if (isEditing()) {
      say(now === shown ? 'Enter saves, Escape takes it back.' : `Somebody made it “${now}” meanwhile. Saving puts yours over it.`);
    } else {
      if (field.value !== now) field.value = now;
      shown = now;
      const lost = title.conflicts.find((other) => other !== title.value);
      say(lost === undefined ? USUAL : `“${lost}” was written at the same time.`, lost);
    }
    showBadge(badge, title.pending);
  };
  title.subscribe(show);
  client.onWrite(show);
  field.addEventListener('input', show);
  show();

  const takeBack = () => {
    field.value = shown;
    show();
  };
  field.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') takeBack();
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const text = field.value.trim();
    shown = field.value;
    if (text !== current()) title.set(text);
    show();
  });
}
