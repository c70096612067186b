// The text of a pane: Tiptap on the stock Hocuspocus provider, bundled.
import { HocuspocusProvider, HocuspocusProviderWebsocket } from '@hocuspocus/provider';
import { Editor } from '@tiptap/core';
import { Collaboration } from '@tiptap/extension-collaboration';
import { StarterKit } from '@tiptap/starter-kit';
import { IndexeddbPersistence } from 'y-indexeddb';
import * as Y from 'yjs';

const LONGEST_WAIT_MILLIS = 2_000;
const REFUSAL_SHOWN_MILLIS = 10_000;

/** Opens the editor in an element; it shows what this browser has whether or not there is a server. */
export function openText(element, { side, name, url, online }) {
  const doc = new Y.Doc();
  const kept = new IndexeddbPersistence(`rejoin-demo:two-servers:${side}:${name}`, doc);
  const socket = new HocuspocusProviderWebsocket({ url, autoConnect: online, maxDelay: LONGEST_WAIT_MILLIS });
  const provider = new HocuspocusProvider({ websocketProvider: socket, name, document: doc });
  const listeners = new Set();
  const changed = () => listeners.forEach((listener) => listener());
  let connected = false;
  let refused = '';
  let later;
  provider.on('status', ({ status }) => (connected = status === 'connected'));
  provider.on('stateless', ({ payload }) => {
    const { type, message } = JSON.parse(payload);
    if (type !== 'rejected') return;
    refused = message;
    clearTimeout(later);
    later = setTimeout(() => {
      refused = '';
      changed();
    }, REFUSAL_SHOWN_MILLIS);
    changed();
  });
  for (const event of ['status', 'authenticated', 'authenticationFailed', 'unsyncedChanges']) provider.on(event, () => queueMicrotask(changed));
  provider.attach();
  const editor = new Editor({
    element,
    injectCSS: false,
    extensions: [StarterKit.configure({ undoRedo: false, trailingNode: false }), Collaboration.configure({ document: doc, field: 'note' })],
    editorProps: { attributes: { role: 'textbox', 'aria-multiline': 'true', 'aria-label': `Note, ${side}` } },
  });
  return {
    doc,
    editor,
    provider,
    kept,
    html: () => editor.getHTML(),
    words: () => editor.getText(),
    /** Why the server has just taken something out again; empty if it has not. */
    refused: () => refused,
    isReadOnly: () => provider.authorizedScope === 'readonly',
    onChange: (listener) => listeners.add(listener),
    /** Goes to another server. Units of a text have no judge, so nothing else is to be done. */
    moveTo(address) {
      socket.setConfiguration({ url: address, autoConnect: true });
      // It comes again by itself, and then to the new address.
      socket.webSocket?.close();
    },
    isSettled: () => connected && provider.isSynced && !provider.hasUnsyncedChanges,
    goOnline: () => socket.connect(),
    goOffline: () => socket.disconnect(),
  };
}
