// The document as the server has it: asked for once a second, answered only if it has changed.

const EVERY_MILLIS = 1_000;

export function showServed(name, editors) {
  const shown = document.getElementById('served');
  const note = document.getElementById('served-note');
  const path = `/v1/documents/${name.split('/').map(encodeURIComponent).join('/')}?format=content&text=code&xml=prose`;
  const link = document.getElementById('served-link');
  link.href = path;
  link.textContent = `GET ${path}`;

  // The document begins with the first change; the list tells whether it has, without an error in the console.
  const list = `/v1/documents?prefix=${encodeURIComponent(name)}&limit=1`;

  let etag = '';
  let timer;
  const say = (text) => {
    if (note.textContent !== text) note.textContent = text;
  };

  const hasBegun = async () => {
    const answer = await fetch(list, { cache: 'no-store' });
    return answer.ok && (await answer.json()).documents.some(({ document }) => document === name);
  };

  const ask = async () => {
    if (!etag && !(await hasBegun())) return 'Nothing has been written yet.';
    const answer = await fetch(path, { cache: 'no-store', headers: etag ? { 'If-None-Match': etag } : {} });
    if (answer.status === 200) {
      const content = await answer.json();
      etag = answer.headers.get('ETag') ?? '';
      shown.textContent = JSON.stringify(content, null, 2);
      shown.hidden = false;
    } else if (answer.status !== 304) {
      throw new Error(`the server answers ${answer.status}`);
    }
    return 'Asked for once a second. What stands here is on the server’s disk.';
  };

  const look = async () => {
    clearTimeout(timer);
    if (document.visibilityState === 'visible' && editors.some(({ status }) => status.synced)) {
      try {
        say(await ask());
      } catch {
        say('The server does not answer. This is what it had last.');
      }
    } else {
      say(etag ? 'Not connected. This is what the server had last.' : 'Not connected.');
    }
    clearTimeout(timer);
    timer = setTimeout(look, EVERY_MILLIS);
  };
  document.addEventListener('visibilitychange', look);
  look();
}
