// Against a real server, which refuses "forbidden" and the deletion of a whole text that begins with "keep".
import { HocuspocusProvider, HocuspocusProviderWebsocket } from '@hocuspocus/provider';
import * as two from 'hocuspocus-provider-2';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { WebsocketProvider } from 'y-websocket';
import { WebsocketProvider as FirstWebsocketProvider } from 'y-websocket-1';
import * as Y from 'yjs';
import { savesOf, type Discard, type HocuspocusProvider as Hocuspocus, type Rejection, type Saves, type SavesOptions, type YWebsocketProvider } from '../../src/index.ts';

const SERVER = process.env['REJOIN_SERVER'];
if (SERVER === undefined) {
  throw new Error('REJOIN_SERVER is the address of a server, like ws://127.0.0.1:8080');
}

const RUN = Math.random().toString(36).slice(2);

interface Page {
  doc: Y.Doc;
  text: Y.Text;
  manager: Y.UndoManager;
  saves: Saves;
  provider: YWebsocketProvider | Hocuspocus;
  synced(): boolean;
  offline(): Promise<void>;
  online(): void;
}

const ends: (() => void)[] = [];
afterEach(() => ends.splice(0).forEach((end) => end()));

const kinds: Record<string, (name: string, doc: Y.Doc, connect: boolean) => Pick<Page, 'provider' | 'synced' | 'offline' | 'online'> & { end(): void }> = {
  'y-websocket 1': (name, doc, connect) => yWebsocket(FirstWebsocketProvider, name, doc, connect),
  'y-websocket 3': (name, doc, connect) => yWebsocket(WebsocketProvider, name, doc, connect),
  'Hocuspocus 2': (name, doc, connect) => {
    const socket = new two.HocuspocusProviderWebsocket({ url: `${SERVER}/hocuspocus`, WebSocketPolyfill: WebSocket, connect: false } as any);
    const provider = new two.HocuspocusProvider({ websocketProvider: socket, name, document: doc, broadcast: false } as any);
    if (connect) {
      socket.connect();
    }
    return hocuspocus(socket, provider);
  },
  'Hocuspocus 4': (name, doc, connect) => {
    const socket = new HocuspocusProviderWebsocket({ url: `${SERVER}/hocuspocus`, WebSocketPolyfill: WebSocket, autoConnect: false });
    const provider = new HocuspocusProvider({ websocketProvider: socket, name, document: doc });
    provider.attach();
    if (connect) {
      void socket.connect();
    }
    return hocuspocus(socket, provider);
  },
};

function yWebsocket(Provider: any, name: string, doc: Y.Doc, connect: boolean) {
  const provider = new Provider(`${SERVER}/yjs`, name, doc, { connect, WebSocketPolyfill: WebSocket, disableBc: true, maxBackoffTime: 200 });
  return {
    provider,
    synced: () => provider.synced,
    offline: () => {
      provider.disconnect();
      return until('offline', () => !provider.wsconnected);
    },
    online: () => provider.connect(),
    end: () => provider.destroy(),
  };
}

function hocuspocus(socket: any, provider: any) {
  return {
    provider,
    synced: () => provider.synced,
    offline: () => {
      socket.disconnect();
      return until('offline', () => socket.status === 'disconnected');
    },
    online: () => void socket.connect(),
    end: () => {
      provider.destroy();
      socket.destroy();
    },
  };
}

let documents = 0;
const nameOf = (kind: string) => `${RUN}/${kind.replace(' ', '-')}/${++documents}`;

function open(kind: string, name: string, doc = new Y.Doc(), connect = true, options: SavesOptions = {}): Page {
  const text = doc.getText('text');
  const manager = new Y.UndoManager(text);
  const { end, ...page } = kinds[kind]!(name, doc, connect);
  const saves = savesOf(page.provider, { undoManagers: [manager], ...options });
  ends.push(() => {
    saves.destroy();
    end();
  });
  return { doc, text, manager, saves, ...page };
}

async function until(what: string, condition: () => boolean): Promise<void> {
  for (const start = Date.now(); !condition(); await new Promise((resolve) => setTimeout(resolve, 10))) {
    if (Date.now() - start > 30_000) {
      throw new Error(`in vain: ${what}`);
    }
  }
}

const saved = (page: Page) => until('saved', () => page.synced() && !page.saves.unsaved);

describe.each(Object.keys(kinds))('%s', (kind) => {
  const tellsWhy = kind.startsWith('Hocuspocus');

  test('what is typed is pending until it is on the disk', async () => {
    const ann = open(kind, nameOf(kind));
    await until('synced', ann.synced);
    let told = 0;
    ann.saves.onChange(() => told++);
    expect(ann.saves.unsaved).toBe(false);
    ann.text.insert(0, 'hello');
    expect(ann.saves.unsaved).toBe(true);
    expect(ann.saves.pendingRanges(ann.text)).toEqual([{ index: 0, length: 5 }]);
    await saved(ann);
    expect(ann.saves.pendingRanges(ann.text)).toEqual([]);
    expect(ann.saves.saved.get(ann.doc.clientID)).toBe(5);
    await until('told', () => told >= 2);
  });

  test('what is done offline is pending where it stands, deletions too, until it has come', async () => {
    const name = nameOf(kind);
    const ann = open(kind, name);
    const bob = open(kind, name);
    await until('synced', () => ann.synced() && bob.synced());
    ann.text.insert(0, 'hello world');
    await saved(ann);
    await until('seen', () => bob.text.toString() === 'hello world');
    expect(bob.saves.unsaved, 'of others nothing is pending').toBe(false);

    await ann.offline();
    ann.text.insert(5, ' brave');
    ann.text.insert(17, '!');
    expect(ann.saves.pendingRanges(ann.text)).toEqual([{ index: 5, length: 6 }, { index: 17, length: 1 }]);
    bob.text.insert(0, '> ');
    await saved(bob);
    ann.online();
    await until('one text', () => ann.text.toString() === '> hello brave world!' && bob.text.toString() === ann.text.toString());
    await saved(ann);
    expect(ann.saves.pendingRanges(ann.text)).toEqual([]);

    await ann.offline();
    ann.text.delete(0, 2);
    expect(ann.saves.unsaved).toBe(true);
    expect(ann.saves.pendingRanges(ann.text)).toEqual([]);
    ann.online();
    await saved(ann);
    await until('gone', () => bob.text.toString() === 'hello brave world!');
  });

  test('a copy that was kept with what was saved of it has nothing to save', async () => {
    const name = nameOf(kind);
    const ann = open(kind, name);
    await until('synced', ann.synced);
    ann.text.insert(0, 'kept');
    await saved(ann);
    await ann.offline();
    const copy = () => {
      const doc = new Y.Doc();
      Y.applyUpdate(doc, Y.encodeStateAsUpdate(ann.doc));
      return doc;
    };
    const known = open(kind, name, copy(), false, { saved: ann.saves.encode() });
    const unknown = open(kind, name, copy(), false);
    expect(known.saves.unsaved).toBe(false);
    expect(unknown.saves.unsaved).toBe(true);
    unknown.online();
    await saved(unknown);
    expect(unknown.saves.saved).toEqual(ann.saves.saved);
  });

  test('what is refused is told with its text and can not be undone', async () => {
    const ann = open(kind, nameOf(kind));
    await until('synced', ann.synced);
    const told: (Rejection & { shown: string })[] = [];
    ann.saves.onRejected((rejection) => told.push({ ...rejection, shown: ann.text.toString() }));
    ann.text.insert(0, 'so ');
    await saved(ann);
    ann.manager.stopCapturing();
    ann.text.insert(3, 'forbidden');
    await until('refused', () => told.length === 1 && ann.text.toString() === 'so ');
    expect(told[0]).toMatchObject({ text: 'forbidden', shown: 'so forbidden', refused: [{ client: ann.doc.clientID, from: 3, to: 12 }] });
    expect(told[0]!.code).toBe(tellsWhy ? 'forbidden-word' : '');
    expect(ann.manager.undoStack.length).toBe(1);
    await saved(ann);
    ann.manager.undo();
    expect(ann.text.toString()).toBe('');
  });

  test.runIf(tellsWhy)('after a refused deletion a step back brings nothing twice', async () => {
    const ann = open(kind, nameOf(kind));
    const plain = new Y.UndoManager(ann.text);
    await until('synced', ann.synced);
    ann.text.insert(0, 'keep this');
    await saved(ann);
    [ann.manager, plain].forEach((manager) => manager.clear());
    let told = 0;
    ann.saves.onRejected(() => told++);
    ann.text.delete(0, 9);
    await until('refused', () => told === 1 && ann.text.toString() === 'keep this');
    await saved(ann);
    expect(ann.manager.undo()).toBe(null);
    expect(ann.text.toString()).toBe('keep this');
    plain.undo();
    expect(ann.text.toString(), 'an undo manager that is not looked after').toBe('keep thiskeep this');
  });

  test('a copy that the server will not have is named', async () => {
    const ann = open(kind, nameOf(kind));
    await until('synced', ann.synced);
    const told: Discard[] = [];
    ann.saves.onDiscard((why) => told.push(why));
    ann.text.insert(0, 'reset me');
    await until('told', () => told.length > 0);
    expect(told[0]!.code).toBe('content-rejected');
    expect(told[0]!.message).toContain('begin again');
    await ann.offline();
    expect(ann.saves.unsaved).toBe(true);
  });

  test('a provider that is listened to no more goes on', async () => {
    const name = nameOf(kind);
    const ann = open(kind, name);
    await until('synced', ann.synced);
    ann.saves.destroy();
    ann.text.insert(0, 'on');
    const bob = open(kind, name);
    await until('seen', () => bob.text.toString() === 'on');
    expect(ann.saves.saved.get(ann.doc.clientID)).toBeUndefined();
  });
});
