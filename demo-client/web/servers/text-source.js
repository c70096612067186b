// The text of a pane: Tiptap on the stock Hocuspocus provider, bundled.
import { HocuspocusProvider, HocuspocusProviderWebsocket } from '@hocuspocus/provider';
import { Editor } from '@tiptap/core';
import { Collaboration } from '@tiptap/extension-collaboration';
import { StarterKit } from '@tiptap/starter-kit';
import { IndexeddbPersistence } from 'y-indexeddb';
import * as Y from 'yjs';

const LONGEST_WAIT_MILLIS = 2_000;

/** Opens the editor in an element; it shows what this browser has whether or not there is a server. */
export function openText(element, { side, name, url, online }) {
  const doc = new Y.Doc();
  const kept = new IndexeddbPersistence(`rejoin-demo:two-servers:${side}:${name}`, doc);
  const socket = new HocuspocusProviderWebsocket({ url, autoConnect: online, maxDelay: LONGEST_WAIT_MILLIS });
  const provider = new HocuspocusProvider({ websocketProvider: socket, name, document: doc });
  let connected = false;
  provider.on('status', ({ status }) => (connected = status === 'connected'));
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
    isSettled: () => connected && provider.isSynced && !provider.hasUnsyncedChanges,
    goOnline: () => socket.connect(),
    goOffline: () => socket.disconnect(),
  };
}
