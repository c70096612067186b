// What ends or changes a pane: the right to write is gone, or the document. Says what is not saved, and offers a copy of it.
import { describe } from '../words.js';

const count = (n) => `${n} ${n === 1 ? 'change is' : 'changes are'} not saved`;

/**
 * Shows the notice of a pane.
 *
 * @param copy all that the pane shows, as text
 */
export function showNotice(client, part, text, copy) {
  const notice = part('notice');
  const line = part('notice-text');
  const button = part('notice-copy');
  let kept = copy();
  let told = '';

  const unsaved = () => client.rejections.filter(({ code }) => code === 'read-only' || code === 'forbidden');
  const state = () => {
    if (client.status.code === 'document-deleted') return ['deleted', 'This document was deleted. What stood here last can be kept.', 'Save a copy'];
    if (unsaved().length > 0) return ['read-only', `You may only read here now. ${count(unsaved().length)}.`, 'Copy'];
    return text.isReadOnly() ? ['read-only', 'You may only read here now.', ''] : ['', '', ''];
  };
  const show = () => {
    const [what, words, action] = state();
    // What is deleted is gone from the client, too, and that a little before the client says why.
    queueMicrotask(() => {
      if (client.status.code !== 'document-deleted') kept = copy();
    });
    if (told === words) return;
    told = words;
    notice.hidden = what === '';
    notice.dataset.what = what;
    line.textContent = words;
    button.hidden = action === '';
    button.textContent = action;
  };
  button.addEventListener('click', async () => {
    if (notice.dataset.what === 'deleted') {
      const link = document.createElement('a');
      link.href = URL.createObjectURL(new Blob([kept], { type: 'text/plain' }));
      link.download = 'copy.txt';
      link.click();
      URL.revokeObjectURL(link.href);
    } else {
      await navigator.clipboard.writeText(unsaved().map(({ mutations }) => describe(mutations)).join('\n'));
    }
    button.textContent = notice.dataset.what === 'deleted' ? 'Saved' : 'Copied';
  });
  client.onStatus(show);
  client.onRejected(show);
  client.document.subscribe(show);
  text.onChange(show);
  show();
}
