// CodeMirror 6 on a Yjs text, over y-websocket.
import { minimalSetup } from 'codemirror';
import { javascript } from '@codemirror/lang-javascript';
import { bracketMatching, HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { EditorState } from '@codemirror/state';
import { EditorView, keymap, lineNumbers, placeholder } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { yCollab, yUndoManagerKeymap } from 'y-codemirror.next';
import { savesOf } from '@rejoin/yjs';
import { IndexeddbPersistence } from 'y-indexeddb';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';
import { socketAt } from '../pages.js';
import { startsOffline } from '../status.js';
import { onPress, shownAs } from './places.js';
import { markUnsaved, unsavedMarks } from './unsaved.js';

// Beside the copy of the document in this browser.
const SAVED_KEY = 'saved';

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], color: 'var(--accent)', fontWeight: '550' },
  { tag: [tags.string, tags.regexp, tags.special(tags.string)], color: 'var(--bad)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--wait)' },
  { tag: [tags.comment], color: 'var(--soft)', fontStyle: 'italic' },
]);

/** Opens the editor, which has the document as this browser knows it, whether or not there is a server. */
export async function openCode(name, user) {
  const doc = new Y.Doc();
  const text = doc.getText('code');
  const store = new IndexeddbPersistence(`rejoin-demo:code:${name}`, doc);
  const room = name.split('/').map(encodeURIComponent).join('/');
  // Windows of one browser meet at the server only, so that offline means offline.
  const provider = new WebsocketProvider(socketAt('/yjs'), room, doc, { connect: !startsOffline(), disableBc: true });
  const { awareness } = provider;
  const undoManager = new Y.UndoManager(text);
  const saves = savesOf(provider, { undoManagers: [undoManager], saved: await store.get(SAVED_KEY) });
  saves.onChange(() => saves.unsaved || store.set(SAVED_KEY, saves.encode()));
  awareness.setLocalStateField('user', shownAs(user));

  const view = new EditorView({
    parent: document.getElementById('code'),
    state: EditorState.create({
      doc: text.toString(),
      extensions: [
        keymap.of(yUndoManagerKeymap),
        minimalSetup,
        lineNumbers(),
        bracketMatching(),
        javascript(),
        syntaxHighlighting(colours),
        placeholder('Write some code'),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ 'aria-labelledby': 'code-label', 'aria-describedby': 'code-status' }),
        yCollab(text, awareness, { undoManager }),
        unsavedMarks,
      ],
    }),
  });
  markUnsaved(view, saves, text);

  const undo = onPress('code-undo', () => undoManager.undo());
  const redo = onPress('code-redo', () => undoManager.redo());
  const showUndo = () => {
    undo.disabled = !undoManager.canUndo();
    redo.disabled = !undoManager.canRedo();
  };
  for (const event of ['stack-item-added', 'stack-item-popped', 'stack-cleared']) undoManager.on(event, showUndo);
  saves.onRejected(showUndo);
  showUndo();

  let refused = '';
  saves.onDiscard(({ code }) => {
    refused = code;
    provider.disconnect();
  });

  return {
    id: 'code',
    doc,
    awareness,
    provider,
    saves,
    view,
    get status() {
      return { refused, connected: provider.wsconnected, synced: provider.wsconnected && provider.synced, saved: !saves.unsaved };
    },
    onStatus: (listener) => {
      saves.onChange(listener);
      ['status', 'sync', 'connection-close'].forEach((event) => provider.on(event, listener));
    },
    goOnline: () => provider.connect(),
    goOffline: () => provider.disconnect(),
    forget: () => store.clearData(),
  };
}
