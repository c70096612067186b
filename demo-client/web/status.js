// Connection and sync in one line, the offline switch, and a way to try again at once.

// What passes sooner than this is not worth a word.
const PASSING_MILLIS = 400;
const OFFLINE = 'rejoin-demo:offline';

/** Whether this window was switched to offline before it was reloaded. */
export const startsOffline = () => sessionStorage.getItem(OFFLINE) !== null;

/** Keeps for a reload whether this window is switched to offline. */
export function keepChoice(offline) {
  if (offline) sessionStorage.setItem(OFFLINE, '');
  else sessionStorage.removeItem(OFFLINE);
}

const count = (n) => `${n} ${n === 1 ? 'change' : 'changes'}`;

/** Tone and words for a status of the client. */
function words({ connection, sync, pending, code, message, savesLocally }, byChoice, knownServer) {
  if (!savesLocally) return ['bad', 'This browser cannot store changes. Keep the page open.'];
  if (connection === 'error' || connection === 'closed') {
    const why = message || code || 'closed';
    return ['bad', pending > 0 ? `Disconnected: ${why}. ${count(pending)} cannot be sent.` : `Disconnected: ${why}`];
  }
  if (connection === 'connected') {
    if (pending > 0) return ['wait', `Connected. Saving ${count(pending)}`];
    return sync === 'synchronizing' ? ['wait', 'Connected. Catching up'] : ['good', 'Connected. Everything is saved'];
  }
  const where = byChoice ? 'Offline' : knownServer ? 'No connection' : 'Connecting';
  return ['wait', pending > 0 ? `${where}. ${count(pending)} kept here` : where];
}

export function showStatus(client) {
  const status = document.getElementById('status');
  const line = document.getElementById('sync-status');
  const offline = document.getElementById('offline');
  const tryNow = document.getElementById('try-now');
  let knownServer = false;
  let waiting;

  const show = () => {
    waiting = undefined;
    const [tone, text] = words(client.status, offline.checked, knownServer);
    if (line.textContent !== text) line.textContent = text;
    status.dataset.tone = tone;
    tryNow.hidden = offline.checked || client.status.connection === 'connected' || !knownServer;
  };
  const changed = () => {
    const { connection } = client.status;
    const passing = status.dataset.tone === 'good' && (connection === 'connected' || connection === 'connecting');
    knownServer ||= connection === 'connected' || client.status.code !== '';
    if (passing && words(client.status, offline.checked, knownServer)[0] !== 'good') {
      waiting ??= setTimeout(show, PASSING_MILLIS);
    } else {
      clearTimeout(waiting);
      show();
    }
  };
  client.onStatus(changed);
  offline.checked = startsOffline();
  changed();

  offline.addEventListener('change', () => {
    keepChoice(offline.checked);
    if (offline.checked) client.goOffline();
    else client.goOnline();
    changed();
  });
  tryNow.addEventListener('click', () => client.goOnline());
}

/** Says that the page could not start. */
export function showFailure(failure) {
  document.getElementById('status').dataset.tone = 'bad';
  document.getElementById('sync-status').textContent = `This page cannot start: ${failure.message}`;
}
