// Connection and sync in one line, and the offline switch.

/** Words and tone for a status of the client. */
function words({ connection, sync, pending, code, message, savesLocally }) {
  const writes = `${pending} ${pending === 1 ? 'change' : 'changes'}`;
  if (!savesLocally) return ['bad', 'This device cannot save; keep the page open'];
  if (connection === 'error' || connection === 'closed') return ['bad', `Disconnected: ${message || code || 'closed'}`];
  if (sync === 'blocked') return ['bad', `${writes} cannot be sent: ${message || code}`];
  if (connection === 'connected') return pending > 0 ? ['wait', `Saving ${writes}`] : ['good', 'Everything saved'];
  if (pending > 0) return ['wait', `${connection === 'connecting' ? 'Connecting' : 'Offline'} · ${writes} saved on this device`];
  return ['wait', connection === 'connecting' ? 'Connecting' : 'Offline'];
}

export function showStatus(client) {
  const line = document.getElementById('sync-status');
  const offline = document.getElementById('offline');

  const show = () => {
    const [tone, text] = words(client.status);
    if (line.textContent !== text) line.textContent = text;
    line.dataset.tone = tone;
  };
  client.onStatus(show);
  show();

  offline.addEventListener('change', () => (offline.checked ? client.goOffline() : client.goOnline()));
}
