// Connection of each editor and of both in plain words, the offline switch, and what to do with a copy that the server refuses.
import { keepChoice, startsOffline } from '../status.js';

const CONNECTING_MILLIS = 2_000;
const TONES = ['bad', 'wait', 'good'];
const OLD_COPY = 'The server has another document of this name by now';

/** Tone and words for one editor. */
function words({ refused, connected, synced, saved }, byChoice, isNew) {
  if (refused) return ['bad', refused.startsWith('lineage') ? OLD_COPY : `Not admitted: ${refused}`];
  if (byChoice) return ['wait', 'Offline. Kept in this browser'];
  if (!connected) return ['wait', isNew ? 'Connecting' : 'No connection. Kept in this browser'];
  if (!synced) return ['wait', 'Connected. Catching up'];
  return saved ? ['good', 'Connected. On the server’s disk'] : ['wait', 'Connected. Not yet on the server’s disk'];
}

export function showStatus(editors) {
  const offline = document.getElementById('offline');
  const forget = document.getElementById('forget');
  const status = document.getElementById('status');
  const line = document.getElementById('sync-status');
  let isNew = true;

  const put = (element, text) => {
    if (element.textContent !== text) element.textContent = text;
  };
  const show = () => {
    const told = editors.map((editor) => [editor, words(editor.status, offline.checked, isNew)]);
    for (const [{ id }, [tone, text]] of told) {
      document.getElementById(`${id}-state`).dataset.tone = tone;
      put(document.getElementById(`${id}-status`), text);
    }
    const worst = told.map(([, word]) => word).sort(([one], [other]) => TONES.indexOf(one) - TONES.indexOf(other))[0];
    status.dataset.tone = worst[0];
    put(line, worst[0] === 'good' ? 'Connected. All on the server’s disk' : worst[1]);
    forget.hidden = !editors.some((editor) => editor.status.refused);
  };
  editors.forEach((editor) => editor.onStatus(() => queueMicrotask(show)));
  offline.checked = startsOffline();
  show();
  setTimeout(() => {
    isNew = false;
    show();
  }, CONNECTING_MILLIS);

  offline.addEventListener('change', () => {
    keepChoice(offline.checked);
    editors.forEach((editor) => (offline.checked ? editor.goOffline() : editor.goOnline()));
    show();
  });
  forget.addEventListener('click', async () => {
    await Promise.all(editors.map((editor) => editor.forget()));
    location.reload();
  });
}
