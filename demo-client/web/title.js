// The title: a register. While you edit it, what others write waits beside the field instead of overwriting your words.
import { showBadge } from './words.js';

export function showTitle(client) {
  const title = client.document.register('title');
  const form = document.getElementById('title-form');
  const field = form.elements.title;
  const badge = document.getElementById('title-badge');
  const note = document.getElementById('title-note');
  let shown = '';

  const current = () => String(title.value ?? '');
  const isEditing = () => document.activeElement === field && field.value !== shown;

  const show = () => {
    const now = current();
    if (isEditing() && now !== shown) {
      note.textContent = `Somebody changed it to “${now}” meanwhile. Saving puts yours over it.`;
    } else if (!isEditing()) {
      if (field.value !== now) field.value = now;
      shown = now;
      const lost = title.conflicts.filter((other) => other !== title.value);
      note.textContent = lost.length > 0 ? `Written at the same time: “${lost.join('”, “')}”` : '';
    }
    showBadge(badge, title.pending);
  };
  title.subscribe(show);
  client.onWrite(show);
  field.addEventListener('blur', show);
  show();

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const text = field.value.trim();
    shown = field.value;
    if (text !== current()) title.set(text);
    show();
  });
}
