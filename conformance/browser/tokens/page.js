// A page as an application writes it: CodeMirror over the stock Hocuspocus provider, with tokens that the application hands out for a short while each.
import { HocuspocusProvider, HocuspocusProviderWebsocket } from '@hocuspocus/provider';
import { EditorView, basicSetup } from 'codemirror';
import { yCollab } from 'y-codemirror.next';
import * as Y from 'yjs';

window.sockets = 0;
window.tokens = 0;
window.failures = [];
window.WebSocket = class extends WebSocket {
  constructor(...address) {
    super(...address);
    window.sockets++;
  }
};

const status = document.getElementById('status');
const signIn = document.getElementById('sign-in');
const doc = new Y.Doc();
const provider = new HocuspocusProvider({
  websocketProvider: new HocuspocusProviderWebsocket({ url: `ws://${location.host}/hocuspocus` }),
  name: 'private',
  document: doc,
  // Called for each connection, and again whenever the server asks for another one.
  token: async () => {
    const answer = await fetch(new URLSearchParams(location.search).get('application'));
    if (!answer.ok) throw new Error(`the application gives no token: ${answer.status}`);
    window.tokens++;
    return answer.text();
  },
});
let isOut = false;

const show = () => {
  if (isOut) status.textContent = 'You are signed out. What you type is kept on this page only';
  else status.textContent = provider.isSynced && !provider.hasUnsyncedChanges ? 'Saved' : 'Not saved yet';
  signIn.hidden = !isOut;
};
provider.on('authenticationFailed', ({ reason }) => {
  window.failures.push(reason);
  // Nothing has ended yet when the application gave no token.
  isOut ||= reason.startsWith('needs-auth');
  show();
});
provider.on('authenticated', () => {
  isOut = false;
  show();
});
provider.on('synced', show);
provider.on('unsyncedChanges', show);
// The document is opened again on the same socket, with a new token, and what was typed meanwhile goes along.
signIn.addEventListener('click', () => {
  provider.detach();
  provider.attach();
});
provider.attach();

const text = doc.getText('body');
const view = new EditorView({ parent: document.getElementById('editor'), extensions: [basicSetup, yCollab(text, provider.awareness)] });
// For the test.
window.rejoin = { provider, text, view };
