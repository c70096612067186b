// Tiptap on a Yjs XML fragment, over the Hocuspocus provider.
import { HocuspocusProvider, HocuspocusProviderWebsocket } from '@hocuspocus/provider';
import { savesOf } from '@rejoin/yjs';
import { Editor } from '@tiptap/core';
import { Collaboration } from '@tiptap/extension-collaboration';
import { CollaborationCaret } from '@tiptap/extension-collaboration-caret';
import { StarterKit } from '@tiptap/starter-kit';
import { yUndoPluginKey } from '@tiptap/y-tiptap';
import { IndexeddbPersistence } from 'y-indexeddb';
import * as Y from 'yjs';
import { socketAt } from '../pages.js';
import { startsOffline } from '../status.js';
import { onPress, shownAs } from './places.js';

const LONGEST_WAIT_MILLIS = 5_000;
const REFUSAL_SHOWN_MILLIS = 10_000;

/** Says why the server has taken something out again. */
function showRefusals(saves) {
  const news = document.getElementById('prose-refusal');
  let later;
  saves.onRejected(({ message }) => {
    news.textContent = `Not accepted: ${message}`;
    clearTimeout(later);
    later = setTimeout(() => (news.textContent = ''), REFUSAL_SHOWN_MILLIS);
  });
}

/** Opens the editor, which has the document as this browser knows it, whether or not there is a server. */
export function openProse(name, user) {
  const doc = new Y.Doc();
  const store = new IndexeddbPersistence(`rejoin-demo:prose:${name}`, doc);
  const socket = new HocuspocusProviderWebsocket({
    url: socketAt('/hocuspocus'),
    autoConnect: !startsOffline(),
    maxDelay: LONGEST_WAIT_MILLIS,
  });
  const provider = new HocuspocusProvider({ websocketProvider: socket, name, document: doc });

  const editor = new Editor({
    element: document.getElementById('prose'),
    injectCSS: false,
    extensions: [
      // Undoing one's own changes only is the business of the collaboration. A paragraph at the end that every editor adds by itself
      // would come twice.
      StarterKit.configure({ undoRedo: false, trailingNode: false }),
      Collaboration.configure({ document: doc, field: 'prose' }),
      CollaborationCaret.configure({ provider, user: shownAs(user) }),
    ],
    editorProps: {
      attributes: { role: 'textbox', 'aria-multiline': 'true', 'aria-labelledby': 'prose-label', 'aria-describedby': 'prose-status' },
    },
  });

  const saves = savesOf(provider, { undoManagers: [yUndoPluginKey.getState(editor.state).undoManager] });
  showRefusals(saves);

  const commands = {
    bold: (chain) => chain.toggleBold(),
    italic: (chain) => chain.toggleItalic(),
    bulletList: (chain) => chain.toggleBulletList(),
    orderedList: (chain) => chain.toggleOrderedList(),
    undo: (chain) => chain.undo(),
    redo: (chain) => chain.redo(),
  };
  const buttons = Object.entries(commands).map(([what, command]) => {
    const button = onPress(`prose-${what}`, () => command(editor.chain().focus()).run());
    const isStep = what === 'undo' || what === 'redo';
    return () => {
      if (isStep) button.disabled = !command(editor.can());
      else button.setAttribute('aria-pressed', String(editor.isActive(what)));
    };
  });
  const showButtons = () => buttons.forEach((show) => show());
  editor.on('transaction', showButtons);
  showButtons();

  let connected = false;
  let refused = '';
  provider.on('status', ({ status }) => (connected = status === 'connected'));
  provider.on('authenticationFailed', ({ reason }) => (refused = reason));
  provider.on('authenticated', () => (refused = ''));
  provider.attach();

  return {
    id: 'prose',
    doc,
    awareness: provider.awareness,
    provider,
    editor,
    get status() {
      return { refused, connected, synced: connected && provider.isSynced, saved: !saves.unsaved };
    },
    onStatus: (listener) => {
      saves.onChange(listener);
      ['status', 'synced', 'authenticationFailed', 'authenticated'].forEach((event) => provider.on(event, listener));
    },
    goOnline: () => socket.connect(),
    goOffline: () => socket.disconnect(),
    forget: () => store.clearData(),
  };
}
