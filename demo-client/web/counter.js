// The counter of likes.
import { showBadge } from './words.js';

export function showCounter(client) {
  const likes = client.document.counter('likes');
  const output = document.getElementById('likes');
  const badge = document.getElementById('likes-badge');

  const show = () => {
    const text = likes.exactValue.toLocaleString();
    if (output.textContent !== text) output.textContent = text;
    const waiting = likes.pendingSum();
    showBadge(badge, likes.pending, waiting > 0 ? `+${waiting}` : waiting < 0 ? `−${-waiting}` : '');
  };
  likes.subscribe(show);
  client.onWrite(show);
  show();

  document.getElementById('likes-plus').addEventListener('click', () => likes.increment());
  document.getElementById('likes-minus').addEventListener('click', () => likes.decrement());
  document.getElementById('likes-reset').addEventListener('click', () => likes.reset());
}
