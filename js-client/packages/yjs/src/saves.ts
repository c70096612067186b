import * as Y from 'yjs';
import { hear, type Discard, type HocuspocusProvider, type YWebsocketProvider } from './providers.ts';
import { forgetSteps, isVisible, noticeOf, textOf, type Rejection } from './rejection.ts';
import { add, subtract, unitsOf, type Units, type UnitSet } from './units.ts';

/** Part of a text or a list, in its own indexes. */
export interface Range {
  index: number;
  length: number;
}

export interface SavesOptions {
  /** Out of these, steps are taken that the server has refused. */
  undoManagers?: Iterable<Y.UndoManager>;
  /** What {@link Saves.encode} gave when this copy of the document was kept last. */
  saved?: Uint8Array;
}

type Unsubscribe = () => void;

/** Which units of a document are on the server's disk, and which were refused. */
export class Saves {
  /* What counts as saved
   * --------------------
   * A server of Rejoin relays a change when it is durable, to its author as well: what arrives is on its disk. What it says that it has when a
   * connection begins is so once its answer to the provider's own question has come, which waits for the disk. Providers of Hocuspocus are told besides when
   * all that they have sent is settled, and need that: to them a server does not send back what it knew already.
   */
  readonly #doc: Y.Doc;
  readonly #provider: unknown;
  readonly #managers: Y.UndoManager[];
  readonly #saved: Map<number, number>;
  readonly #deletions: UnitSet = new Map();
  readonly #changes = new Set<() => void>();
  readonly #rejections = new Set<(rejection: Rejection) => void>();
  readonly #discards = new Set<(why: Discard) => void>();
  readonly #end: Unsubscribe;
  #announced: Map<number, number> | undefined;
  #telling = false;

  /** @internal */
  constructor(provider: YWebsocketProvider | HocuspocusProvider, { undoManagers = [], saved }: SavesOptions) {
    this.#provider = provider;
    this.#managers = [...undoManagers];
    this.#saved = saved ? Y.decodeStateVector(saved) : new Map();
    const isHocuspocus = 'document' in provider;
    const [doc, off] = hear(provider, {
      sync: (step, bytes) => this.#sync(step, bytes, !isHocuspocus),
      allSaved: () => this.#allSaved(),
      stateless: (payload) => {
        const notice = noticeOf(payload);
        if (notice) {
          this.#reject(notice);
        }
      },
      discard: (why) => this.#discards.forEach((listener) => listener(why)),
    });
    this.#doc = doc;
    doc.on('update', this.#updated);
    this.#end = () => {
      off();
      doc.off('update', this.#updated);
    };
  }

  /** Whether there is anything that is not on the server's disk, as far as is known. */
  get unsaved(): boolean {
    return this.#deletions.size > 0 || [...this.#doc.store.clients.keys()].some((client) => this.#savedTo(client) < Y.getState(this.#doc.store, client));
  }

  /** What is on the server's disk: of each client the clock of the first unit that is not. */
  get saved(): ReadonlyMap<number, number> {
    return this.#saved;
  }

  /** {@link saved} as a state vector of Yjs, to be kept beside a copy of the document. */
  encode(): Uint8Array {
    return Y.encodeStateVector(this.#saved);
  }

  /** Where a text or a list shows what is not saved yet, ascending. Linear in the items of the type. */
  pendingRanges(type: Y.AbstractType<any>): Range[] {
    const ranges: Range[] = [];
    let index = 0;
    for (let item = type._start; item; item = item.right) {
      if (item.deleted || !item.countable) {
        continue;
      }
      const { length } = item;
      const saved = Math.min(length, Math.max(0, this.#savedTo(item.id.client) - item.id.clock));
      const last = ranges.at(-1);
      if (saved < length) {
        if (last && last.index + last.length === index + saved) {
          last.length += length - saved;
        } else {
          ranges.push({ index: index + saved, length: length - saved });
        }
      }
      index += length;
    }
    return ranges;
  }

  /** Calls back after what is saved, or what there is to save, may have changed; once for all that happens in one go. */
  onChange(listener: () => void): Unsubscribe {
    return subscribe(this.#changes, listener);
  }

  /** Calls back before what was refused vanishes, when undo managers have forgotten it. */
  onRejected(listener: (rejection: Rejection) => void): Unsubscribe {
    return subscribe(this.#rejections, listener);
  }

  /** Calls back when the server will not have this copy of the document: it is to be discarded, and the page to begin again. */
  onDiscard(listener: (why: Discard) => void): Unsubscribe {
    return subscribe(this.#discards, listener);
  }

  /** Listens to the provider no more. */
  destroy(): void {
    this.#end();
  }

  #savedTo(client: number): number {
    return this.#saved.get(client) ?? 0;
  }

  readonly #updated = (_update: Uint8Array, origin: unknown, _doc: Y.Doc, transaction: Y.Transaction): void => {
    if (origin !== this.#provider) {
      add(this.#deletions, unitsOf(transaction.deleteSet));
    }
    this.#changed();
  };

  #changed(): void {
    if (!this.#telling) {
      this.#telling = true;
      queueMicrotask(() => {
        this.#telling = false;
        this.#changes.forEach((listener) => listener());
      });
    }
  }

  #sync(step: number, bytes: Uint8Array, voidIsNews: boolean): void {
    if (step === 0) {
      this.#announced = Y.decodeStateVector(bytes);
      return;
    }
    if (step === 1) {
      this.#announced?.forEach((clock, client) => this.#save(client, 0, clock));
      this.#announced = undefined;
    }
    const { structs, ds } = Y.decodeUpdate(bytes);
    const voided: Units[] = [];
    for (const struct of structs) {
      const { client, clock } = struct.id;
      const to = clock + struct.length;
      if (struct instanceof Y.Skip) {
        continue;
      }
      const isEmpty = struct instanceof Y.GC || struct.content instanceof Y.ContentDeleted;
      if (isEmpty && to > this.#savedTo(client)) {
        voided.push({ client, from: Math.max(clock, this.#savedTo(client)), to });
      }
      this.#save(client, clock, to);
    }
    if (voidIsNews && isVisible(this.#doc, voided)) {
      this.#reject({ code: '', message: '', refused: voided, restored: [], complete: true });
    }
    if (this.#deletions.size > 0) {
      subtract(this.#deletions, unitsOf(ds));
    }
    this.#changed();
  }

  #save(client: number, from: number, to: number): void {
    if (from <= this.#savedTo(client) && to > this.#savedTo(client)) {
      this.#saved.set(client, to);
    }
  }

  #allSaved(): void {
    this.#doc.store.clients.forEach((_structs, client) => this.#save(client, 0, Y.getState(this.#doc.store, client)));
    this.#deletions.clear();
    this.#changed();
  }

  #reject(notice: Omit<Rejection, 'text'>): void {
    const rejection = { ...notice, text: textOf(this.#doc, notice.refused) };
    this.#managers.forEach((manager) => forgetSteps(manager, rejection));
    this.#rejections.forEach((listener) => listener(rejection));
  }
}

function subscribe<L>(listeners: Set<L>, listener: L): Unsubscribe {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
