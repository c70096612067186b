import type * as Y from 'yjs';
import { Reader } from './reader.ts';

type Listener = (...values: any[]) => void;

interface Emitter {
  on(event: any, listener: any): unknown;
  off(event: any, listener: any): unknown;
}

/** What is used of `WebsocketProvider` of `y-websocket` 1.5, 2 and 3. */
export interface YWebsocketProvider extends Emitter {
  doc: Y.Doc;
  messageHandlers: any[];
}

/** What is used of `HocuspocusProvider` of `@hocuspocus/provider` 2, 3 and 4. */
export interface HocuspocusProvider extends Emitter {
  document: Y.Doc;
  unsyncedChanges: number;
}

/** Why the server will not have what this browser holds. */
export interface Discard {
  /** `lineage-mismatch`, `document-deleted`, `equivocation` or `content-rejected`. */
  code: string;
  message: string;
}

/** What a provider lets one hear. */
export interface Heard {
  /** A message of the sync protocol has come, before the provider has acted on it: 0 the server's state vector, 1 or 2 an update. */
  sync(step: number, bytes: Uint8Array): void;
  /** The server has confirmed all that was sent to it. */
  allSaved(): void;
  /** A message of the application, or of the server, has come. */
  stateless(payload: string): void;
  discard(why: Discard): void;
}

const SYNC = 0;
const SYNC_REPLY = 4;
const CLOSE_CODES: Record<number, string> = {
  4411: 'lineage-mismatch',
  4414: 'document-deleted',
  4415: 'equivocation',
  4416: 'content-rejected',
};
const FINAL = Object.values(CLOSE_CODES);

/** Listens to a provider, which goes on as before; returns the document, and what ends the listening. */
export function hear(provider: YWebsocketProvider | HocuspocusProvider, heard: Heard): [Y.Doc, () => void] {
  const listeners: [string, Listener][] = [];
  const on = (event: string, listener: Listener) => {
    listeners.push([event, listener]);
    provider.on(event, listener);
  };
  const off = () => listeners.forEach(([event, listener]) => provider.off(event, listener));
  const sync = (reader: Reader) => {
    const step = reader.varint();
    heard.sync(step, reader.bytes());
  };

  if ('messageHandlers' in provider) {
    const handlers = provider.messageHandlers;
    const original = handlers[SYNC];
    const peeking = (encoder: unknown, decoder: { arr: Uint8Array; pos: number }, own: unknown, fromServer: boolean, type: number) => {
      // other windows of the browser are no server
      if (fromServer) {
        sync(new Reader(decoder.arr, decoder.pos));
      }
      original(encoder, decoder, own, fromServer, type);
    };
    handlers[SYNC] = peeking;
    on('connection-close', (event) => {
      const code = CLOSE_CODES[event?.code];
      if (code) {
        heard.discard({ code, message: event.reason });
      }
    });
    return [
      provider.doc,
      () => {
        off();
        if (handlers[SYNC] === peeking) {
          handlers[SYNC] = original;
        }
      },
    ];
  }

  on('message', ({ event }) => {
    const reader = new Reader(new Uint8Array(event.data));
    reader.bytes(); // the name of the document
    const type = reader.varint();
    if (type === SYNC || type === SYNC_REPLY) {
      sync(reader);
    }
  });
  on('unsyncedChanges', () => {
    if (provider.unsyncedChanges === 0) {
      heard.allSaved();
    }
  });
  on('stateless', ({ payload }) => heard.stateless(payload));
  on('authenticationFailed', ({ reason }) => {
    const code = FINAL.find((one) => reason.startsWith(one));
    if (code) {
      heard.discard({ code, message: reason.slice(code.length).replace(/^: /, '') });
    }
  });
  return [provider.document, off];
}
