import type { StoredTransaction } from './client-store.ts';
import { RejoinError } from './errors.ts';
import {
  ABSENT,
  AMOUNT,
  BASELINE,
  COUNTER,
  DW_FLAG,
  EXTENDED,
  FOLD,
  MAP,
  REGISTER,
  SET,
  STAMPED,
  TALLY,
  VALUE,
  baseline,
  decodeFragment,
  encodeFragment,
  encodeVersion,
  objectKey,
  sectionOf,
  voidOf,
  type ObjectKey,
  type Payload,
  type Section,
  type Total,
} from './fragment.ts';
import { MAX_TRANSACTION_BYTES, MAX_TRANSACTION_DOTS, MAX_TRANSACTION_OBJECTS, MAX_TRANSACTION_REPLICAS } from './limits.ts';
import { TYPE_LABELS, type Mutation, type ObjectType } from './mutation.ts';
import { Ranges } from './ranges.ts';
import { identityOf, type Value } from './values.ts';
import { Write } from './write.ts';

/*
 * The kernel: one store per document holds what the server has confirmed and, over it, the pending transactions.
 *
 * A cell is confirmed, pending, or both. What a pending transaction removes is not dropped but hidden: `hidden`
 * counts, by dot, the pending transactions that remove it, also while the dot's cell is not here (yet). A view is
 * what can be seen: the cells that are not hidden. So taking a pending transaction off the overlay, accepted or
 * voided, is exact and local, and a view never shows a state between two steps.
 *
 * A new transaction removes confirmed and pending cells alike, hidden ones included: whatever becomes of the
 * earlier transactions, it then means what it would have meant in a world where the refused ones were never issued.
 *
 * Every step collects the parts of the views it touches with what they showed before; at its end those that show
 * something else become changes. A part that shows the same keeps its snapshot, so identities are stable.
 */

/** One object: its cells and, for types that hold elements, an index of them. */
export interface StoreObject extends ObjectKey {
  readonly owner: StoreObject | null;
  readonly children: Map<string, StoreObject>;
  readonly cells: Set<StoreCell>;
  /** By identity of the element; only for sets and flags. */
  readonly elements: Map<string, Set<StoreCell>>;
  snapshot?: unknown;
  handle?: unknown;
  readonly listeners: Set<() => void>;
}

interface Dot {
  readonly replica: string;
  readonly counter: number;
}

export interface StoreCell extends Dot {
  readonly object: StoreObject;
  readonly payload: Payload;
  /** Part of the confirmed state. */
  confirmed?: boolean;
  /** The pending transaction that wrote it. */
  pending?: PendingTransaction | undefined;
}

/** A transaction without a verdict. */
export interface PendingTransaction {
  readonly first: number;
  last: number;
  /** Checksum of this replica's history after it. */
  chain: number;
  /** Self-contained; what is sent. */
  fragment: Uint8Array;
  mutations: readonly Mutation[];
  write: Write;
  readonly cells: StoreCell[];
  /** Dots it removes, as replica id + counter. */
  readonly removed: Map<string, [replica: string, counter: number]>;
  /** Ids of the objects, and of objects and elements, that it changes. */
  readonly touched: Set<string>;
  /** It may be sent, as far as it itself goes. */
  sendable?: boolean;
  /** The local store has it. */
  saved?: boolean;
  /** What was last given to the local store. */
  stored?: StoredTransaction;
}

/** A net change of one object. */
export interface Change {
  readonly path: readonly string[];
  readonly type: ObjectType;
  /** Elements that came and went; for sets and flags. */
  readonly added?: readonly Value[];
  readonly removed?: readonly Value[];
  /** For counters and registers. */
  readonly before?: unknown;
  readonly after?: unknown;
}

/** What a replica has counted that has counted nothing. */
const NOTHING = { upto: 0, p: 0n, n: 0n };

interface Touched {
  snapshot: unknown;
  readonly elements: Map<string, { order: string; value: Value }>;
}

export class Store {
  replica: string;
  /** The next counter of this replica. */
  next = 1;
  readonly root: StoreObject;
  readonly context = new Map<string, Ranges>();
  readonly pending: PendingTransaction[] = [];
  /** Milliseconds; what stamps are made of. */
  clock: () => number;
  private readonly objects = new Map<string, StoreObject>();
  private readonly cells = new Map<string, Map<number, StoreCell>>();
  private readonly hidden = new Map<string, number>();
  private readonly touched = new Map<StoreObject, Touched>();
  private open: PendingTransaction | undefined;
  private stamp = { millis: 0, logical: 0 };

  constructor(replica: string, clock: () => number) {
    this.replica = replica;
    this.clock = clock;
    this.root = newObject(objectKey(null, MAP, ''), null);
  }

  object(owner: StoreObject, type: number, key: string): StoreObject {
    return this.intern(objectKey(owner === this.root ? null : owner, type, key));
  }

  /* Views */

  /** Visible cells in dot order. */
  visible(object: StoreObject): StoreCell[] {
    return [...object.cells].filter((cell) => !this.hides(cell)).sort(byDot);
  }

  /** Whether the element is in the set (or the flag is on). */
  contains(object: StoreObject, identity: string): boolean {
    return this.orderOf(object, identity) !== '';
  }

  /** The elements of a set in the order of their dots; the same array until it changes. */
  elements(object: StoreObject): readonly Value[] {
    return cached(object, () => {
      const found: [string, Value][] = [];
      for (const [identity, cells] of object.elements) {
        const order = this.orderOf(object, identity);
        if (order) {
          found.push([order, valueOf(cells)]);
        }
      }
      return Object.freeze(found.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value));
    });
  }

  /** Values of a register, the one that counts first; the same array until it changes. */
  register(object: StoreObject): readonly Value[] {
    return cached(object, () => {
      const cells = this.visible(object);
      if (object.type === REGISTER) {
        cells.sort(newestFirst);
      }
      return Object.freeze(cells.map(({ payload }) => (payload as { value: Value }).value));
    });
  }

  total(object: StoreObject): bigint {
    return cached(object, () => {
      let sum = 0n;
      const [tallies, baselines] = this.contributions(object, (cell) => !this.hides(cell));
      for (const cell of object.cells) {
        if (cell.payload.kind === AMOUNT && !this.hides(cell)) {
          sum += cell.payload.amount;
        }
      }
      for (const [owner, tally] of tallies) {
        const base = baselines.get(owner) ?? NOTHING;
        if (tally.upto > base.upto) {
          sum += tally.p - tally.n - base.p + base.n;
        }
      }
      return sum;
    });
  }

  /** Whether the object, or something below it, holds something visible. */
  present(object: StoreObject): boolean {
    if (object.type === MAP) {
      return [...object.children.values()].some((child) => this.present(child));
    }
    if (isSet(object.type)) {
      return this.elements(object).length > 0;
    }
    return this.visible(object).some(({ payload }) => !(payload.kind === EXTENDED && payload.code === BASELINE));
  }

  /** The latest pending transaction that touches the object, or this element of it. */
  pendingOf(object: StoreObject, identity?: string): PendingTransaction | undefined {
    const key = identity === undefined ? object.id : object.id + '\0' + identity;
    return this.pending.findLast((each) => each.touched.has(key));
  }

  /* Local transactions */

  /** Opens a transaction, the last that is pending. */
  private begin(first: number, mutations: readonly Mutation[], write = new Write(`${this.replica}-${first}`)): PendingTransaction {
    this.open = {
      first,
      last: 0,
      chain: 0,
      fragment: new Uint8Array(),
      mutations,
      write,
      cells: [],
      removed: new Map(),
      touched: new Set(),
    };
    this.pending.push(this.open);
    return this.open;
  }

  /** Runs one transaction; inside another it becomes part of it. Nothing remains of one that throws. */
  transact(body: () => void, ready?: (transaction: PendingTransaction) => void, write?: Write): Write {
    if (this.open) {
      body();
      return this.open.write;
    }
    const transaction = this.begin(this.next, [], write);
    try {
      body();
      if (this.next === transaction.first && transaction.removed.size) {
        this.next++;
      }
      transaction.last = this.next - 1;
      if (transaction.last >= transaction.first) {
        this.seal(transaction);
        ready?.(transaction);
      } else {
        this.pending.pop();
        transaction.write.advance('durable');
      }
      return transaction.write;
    } catch (error) {
      this.withdraw(transaction);
      this.next = transaction.first;
      this.touched.forEach((_, object) => (object.snapshot = undefined));
      throw error;
    } finally {
      this.open = undefined;
    }
  }

  /** Records what the open transaction wants, for the list of rejections and for issuing it again. */
  wants(object: StoreObject, op: Mutation['op'], value: Value = null): void {
    const open = this.open!;
    (open.mutations as Mutation[]).push({ path: pathOf(object), type: labelOf(object), op, value });
  }

  /** The open transaction is not to happen without these, of which those count that have no verdict or were refused. */
  dependsOn(writes: readonly Write[]): void {
    const { write } = this.open!;
    write.after.push(...writes.filter((each) => each !== write && (each.state === 'rejected' || this.pending.some((other) => other.write === each))));
  }

  /** Writes a cell with the next dot. */
  put(object: StoreObject, payload: Payload): void {
    const open = this.open!;
    const cell = this.place(object, payload, this.replica, this.next++);
    cell.pending = open;
    open.cells.push(cell);
    this.mark(cell);
  }

  /** Removes cells, hidden ones too; says whether there were any. */
  remove(cells: Iterable<StoreCell>): boolean {
    const open = this.open!;
    let any = false;
    for (const cell of [...cells]) {
      any = true;
      if (cell.pending === open) {
        open.cells.splice(open.cells.indexOf(cell), 1);
        this.drop(cell);
      } else {
        this.bury(cell.replica, cell.counter);
      }
    }
    return any;
  }

  /**
   * Empties a remove-wins set. An element that only pending writes have added is removed by dot alone: in a world where
   * those are refused there is nothing to remove, and a removal would win against others.
   */
  clearRemoveWins(object: StoreObject): boolean {
    let any = false;
    for (const cells of [...object.elements.values()]) {
      const added = [...cells].filter(({ payload }) => payload.kind === VALUE);
      const value = valueOf(cells);
      if (added.some(isConfirmed)) {
        any = this.remove(cells);
        this.put(object, { kind: ABSENT, value });
      } else {
        any = this.remove(added) || any;
      }
    }
    return any;
  }

  /** Makes a stamp above everything observed in the register. */
  mint(object: StoreObject): { millis: number; logical: number } {
    let above = this.stamp;
    for (const { payload } of object.cells) {
      if (payload.kind === STAMPED && (payload.millis - above.millis || payload.logical - above.logical) > 0) {
        above = payload;
      }
    }
    const now = Math.floor(this.clock());
    let { millis, logical } = above;
    if (now > millis) {
      millis = now;
      logical = 0;
    } else if (++logical > 65535) {
      millis++;
      logical = 0;
    }
    return (this.stamp = { millis, logical });
  }

  /**
   * Resets a counter: removes its cells and, for what is confirmed of them, says up to where each replica's
   * contribution is gone. What is pending may still be voided, so no total may contain it.
   */
  reset(object: StoreObject): boolean {
    const [tallies, baselines] = this.contributions(object, isConfirmed);
    const totals = new Map(baselines);
    tallies.forEach((tally) => raise(totals, tally));
    const amounts = [...object.cells].filter((cell) => cell.payload.kind === AMOUNT && isConfirmed(cell));
    for (const { replica, counter, payload } of amounts.sort(byDot)) {
      const base = totals.get(replica) ?? NOTHING;
      const { amount } = payload as { amount: bigint };
      if (counter > base.upto) {
        const p = amount > 0n ? base.p + amount : base.p;
        totals.set(replica, { replica, upto: counter, p, n: base.n + p - base.p - amount });
      }
    }
    const any = this.remove(object.cells);
    if (totals.size) {
      this.put(object, baseline([...totals.values()].sort((a, b) => (a.replica < b.replica ? -1 : 1))));
    }
    return any;
  }

  /* Confirmed state */

  /** Takes the verdict on the oldest pending transaction: it is confirmed, or its dots are void. */
  confirm(transaction: PendingTransaction, isVoid: boolean): void {
    this.withdraw(transaction);
    this.join(isVoid ? voidOf(this.replica, transaction) : decodeFragment(transaction.fragment));
  }

  /** Takes a pending transaction off the overlay, as if it had never been issued. */
  withdraw(transaction: PendingTransaction): void {
    this.pending.splice(this.pending.indexOf(transaction), 1);
    this.lift(transaction);
  }

  /** Leaves of a pending transaction, of which nothing was sent, only its dots. */
  hollow(transaction: PendingTransaction): void {
    this.lift(transaction);
    transaction.mutations = [];
    transaction.write.after.length = 0;
    transaction.fragment = encodeFragment(voidOf(this.replica, transaction));
  }

  private lift({ removed, cells, touched }: PendingTransaction): void {
    removed.forEach(([replica, counter]) => this.hide(replica, counter, -1));
    removed.clear();
    touched.clear();
    for (const cell of cells.splice(0)) {
      cell.pending = undefined;
      this.dropUnheld(cell);
    }
  }

  /** Joins confirmed state or a confirmed delta. */
  join(fragment: Iterable<readonly [string, Section]>): void {
    for (const [replica, { claims, cells }] of fragment) {
      const known = valueAt(this.context, replica, () => new Ranges());
      for (const [counter, { object, payload }] of cells) {
        if (!known.contains(counter)) {
          (this.cellAt(replica, counter) ?? this.place(this.intern(object), payload, replica, counter)).confirmed = true;
        }
      }
      const held = this.cells.get(replica) ?? new Map<number, StoreCell>();
      for (const [low, high] of claims) {
        // The shorter way: through what is held here, or through what is claimed.
        for (const counter of high - low > held.size ? [...held.keys()] : Array.from({ length: high - low + 1 }, (_, i) => low + i)) {
          if (counter >= low && counter <= high && !cells.has(counter)) {
            this.kill(held.get(counter));
          }
        }
        known.add(low, high);
      }
    }
  }

  /** Puts a stored transaction back on the overlay. */
  restore(bytes: Uint8Array, first: number, last: number, mutations: readonly Mutation[], write?: Write): PendingTransaction {
    const fragment = decodeFragment(bytes);
    const transaction = this.begin(first, mutations, write);
    transaction.last = last;
    transaction.fragment = bytes;
    for (const [replica, { claims, cells }] of fragment) {
      for (const [low, high] of claims) {
        for (let counter = low; counter <= high; counter++) {
          const cell = cells.get(counter);
          if (cell) {
            // A dot that is known here already has been decided: another tab has heard of it.
            if (!this.context.get(replica)?.contains(counter)) {
              this.next = counter;
              this.put(this.intern(cell.object), cell.payload);
            }
          } else if (replica !== this.replica || counter < first) {
            this.bury(replica, counter);
          }
        }
      }
    }
    this.next = last + 1;
    this.open = undefined;
    return transaction;
  }

  /** Forgets the confirmed state. */
  forget(): void {
    this.context.clear();
    for (const held of this.cells.values()) {
      [...held.values()].forEach((cell) => this.kill(cell));
    }
  }

  /** The bytes of the confirmed state. */
  state(): Uint8Array {
    const sections = new Map<string, Section>();
    for (const [replica, claims] of this.context) {
      const cells = [...(this.cells.get(replica) ?? [])].filter(([, cell]) => cell.confirmed);
      sections.set(replica, { claims, cells: new Map(cells) });
    }
    return encodeFragment(sections);
  }

  /** The bytes of the version of the confirmed state. */
  version(): Uint8Array {
    return encodeVersion(this.context);
  }

  /** The net changes since the last call. */
  changes(): Map<StoreObject, Change> {
    const found = new Map<StoreObject, Change>();
    for (const [object, { snapshot, elements }] of this.touched) {
      const at = { path: pathOf(object), type: labelOf(object) };
      if (isSet(object.type)) {
        const added: Value[] = [];
        const removed: Value[] = [];
        let same = true;
        for (const [identity, { order, value }] of elements) {
          const after = this.orderOf(object, identity);
          same &&= order === after;
          if (!order !== !after) {
            (after ? added : removed).push(value);
          }
        }
        if (same) {
          object.snapshot = snapshot;
        }
        if (added.length || removed.length) {
          found.set(object, { ...at, added, removed });
        }
      } else {
        const [before, after] = [snapshot, this.read(object)];
        if (shown(before) === shown(after)) {
          object.snapshot = before;
        } else {
          found.set(object, { ...at, before, after });
        }
      }
    }
    this.touched.clear();
    return found;
  }

  private read(object: StoreObject): unknown {
    return isCounter(object.type) ? this.total(object) : this.register(object);
  }

  private seal(transaction: PendingTransaction): void {
    const sections = voidOf(this.replica, transaction);
    transaction.cells.forEach((cell) => sections.get(this.replica)!.cells.set(cell.counter, cell));
    for (const [replica, counter] of transaction.removed.values()) {
      valueAt(sections, replica, () => sectionOf()).claims.add(counter);
    }
    transaction.fragment = encodeFragment(sections);
    if (
      transaction.fragment.length > MAX_TRANSACTION_BYTES ||
      transaction.last - transaction.first + transaction.removed.size >= MAX_TRANSACTION_DOTS ||
      sections.size > MAX_TRANSACTION_REPLICAS ||
      [...transaction.touched].filter((id) => !id.includes('\0')).length > MAX_TRANSACTION_OBJECTS
    ) {
      throw new RejoinError('too-large');
    }
  }

  /** Makes the removal of this dot a part of the open transaction. */
  private bury(replica: string, counter: number): void {
    const { removed } = this.open!;
    const dot = dotOf(replica, counter);
    if (!removed.has(dot)) {
      removed.set(dot, [replica, counter]);
      const cell = this.hide(replica, counter, 1);
      if (cell) {
        this.mark(cell);
      }
    }
  }

  /** So many more pending transactions remove this dot; returns its cell, if it is here. */
  private hide(replica: string, counter: number, by: number): StoreCell | undefined {
    const cell = this.cellAt(replica, counter);
    if (cell) {
      this.touch(cell);
    }
    const dot = dotOf(replica, counter);
    const count = (this.hidden.get(dot) ?? 0) + by;
    if (count) {
      this.hidden.set(dot, count);
    } else {
      this.hidden.delete(dot);
    }
    return cell;
  }

  hides({ replica, counter }: Dot): boolean {
    return this.hidden.size > 0 && this.hidden.has(dotOf(replica, counter));
  }

  /** A confirmed cell is gone from the confirmed state; a pending one stays on the overlay. */
  private kill(cell: StoreCell | undefined): void {
    if (cell) {
      cell.confirmed = false;
      this.dropUnheld(cell);
    }
  }

  cellAt(replica: string, counter: number): StoreCell | undefined {
    return this.cells.get(replica)?.get(counter);
  }

  private intern(at: ObjectKey): StoreObject {
    return valueAt(this.objects, at.id, () => {
      const owner = at.parent ? this.intern(at.parent) : this.root;
      const object = newObject(at, owner);
      owner.children.set(at.id, object);
      return object;
    });
  }

  private place(object: StoreObject, payload: Payload, replica: string, counter: number): StoreCell {
    const cell: StoreCell = { object, payload, replica, counter };
    this.touch(cell);
    valueAt(this.cells, replica, () => new Map<number, StoreCell>()).set(counter, cell);
    object.cells.add(cell);
    if (isSet(object.type)) {
      valueAt(object.elements, elementOf(cell), () => new Set<StoreCell>()).add(cell);
    }
    return cell;
  }

  /** Drops a cell that is neither confirmed nor pending. */
  private dropUnheld(cell: StoreCell): void {
    if (!cell.confirmed && !cell.pending) {
      this.drop(cell);
    }
  }

  private drop(cell: StoreCell): void {
    this.touch(cell);
    this.cells.get(cell.replica)!.delete(cell.counter);
    cell.object.cells.delete(cell);
    const identity = elementOf(cell);
    const cells = cell.object.elements.get(identity);
    if (cells?.delete(cell) && !cells.size) {
      cell.object.elements.delete(identity);
    }
  }

  /** Remembers what is shown here before the step changes it. */
  private touch(cell: StoreCell): void {
    const { object } = cell;
    if (object.type < MAP) {
      const ofSet = isSet(object.type);
      const { elements } = valueAt(this.touched, object, () => ({ snapshot: ofSet ? object.snapshot : this.read(object), elements: new Map() }));
      if (ofSet) {
        const identity = elementOf(cell);
        valueAt(elements, identity, () => ({ order: this.orderOf(object, identity), value: (cell.payload as { value: Value }).value }));
      }
      object.snapshot = undefined;
    }
  }

  /** The open transaction changes the object of this cell, and its element. */
  private mark(cell: StoreCell): void {
    const { touched } = this.open!;
    for (let at: StoreObject | null = cell.object; at; at = at.owner) {
      touched.add(at.id);
    }
    touched.add(cell.object.id + '\0' + elementOf(cell));
  }

  /** The lowest dot that shows the element, in a form that sorts; empty if nothing shows it. */
  private orderOf(object: StoreObject, identity: string): string {
    let lowest = '';
    for (const cell of object.elements.get(identity) ?? []) {
      if (!this.hides(cell)) {
        const order = cell.replica + String(cell.counter).padStart(14, '0');
        if (cell.payload.kind === ABSENT) {
          return '';
        }
        if (!lowest || order < lowest) {
          lowest = order;
        }
      }
    }
    return lowest;
  }

  /** Per owner, the tally and the baseline that count among these cells. */
  private contributions(object: StoreObject, counts: (cell: StoreCell) => boolean): [tallies: Map<string, Total>, baselines: Map<string, Total>] {
    const tallies = new Map<string, Total>();
    const baselines = new Map<string, Total>();
    for (const cell of object.cells) {
      const { payload, replica } = cell;
      if (counts(cell)) {
        if (payload.kind === TALLY) {
          raise(tallies, { replica, upto: cell.counter, p: payload.p, n: payload.n });
        } else if (payload.kind === EXTENDED) {
          const into = payload.code === FOLD ? tallies : baselines;
          payload.totals?.forEach((total) => raise(into, total));
        }
      }
    }
    return [tallies, baselines];
  }
}

/** Part of the confirmed state and of no pending transaction: it cannot be voided. */
function isConfirmed({ confirmed, pending }: StoreCell): boolean {
  return !!confirmed && !pending;
}

function raise(totals: Map<string, Total>, total: Total): void {
  if (total.upto > (totals.get(total.replica)?.upto ?? 0)) {
    totals.set(total.replica, total);
  }
}

function newObject(at: ObjectKey, owner: StoreObject | null): StoreObject {
  return {
    ...at,
    owner,
    children: new Map(),
    cells: new Set(),
    elements: new Map(),
    listeners: new Set(),
  };
}

/** The value of a key, which gets one if it has none. */
function valueAt<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}

function cached<T>(object: StoreObject, make: () => T): T {
  return (object.snapshot ??= make()) as T;
}

export function pathOf(object: StoreObject): string[] {
  const path: string[] = [];
  for (let at = object; at.owner; at = at.owner) {
    path.unshift(at.key);
  }
  return path;
}

export function isSet(type: number): boolean {
  return type >= SET && type <= DW_FLAG;
}

export function isCounter(type: number): boolean {
  return type <= COUNTER;
}

export function labelOf(object: ObjectKey): ObjectType {
  return TYPE_LABELS[object.type] as ObjectType;
}

function elementOf({ object, payload }: StoreCell): string {
  return isSet(object.type) && (payload.kind === VALUE || payload.kind === ABSENT) ? identityOf(payload.value) : '';
}

function valueOf(cells: Set<StoreCell>): Value {
  const [{ payload }] = cells as unknown as [StoreCell];
  return (payload as { value: Value }).value;
}

function dotOf(replica: string, counter: number): string {
  return replica + counter;
}

function byDot(a: Dot, b: Dot): number {
  return a.replica < b.replica ? -1 : a.replica > b.replica ? 1 : a.counter - b.counter;
}

function newestFirst(a: StoreCell, b: StoreCell): number {
  const x = a.payload as { millis: number; logical: number };
  const y = b.payload as { millis: number; logical: number };
  return y.millis - x.millis || y.logical - x.logical || byDot(b, a);
}

/** What a counter or register shows, in a form that compares. */
function shown(view: unknown): string {
  return Array.isArray(view) ? view.map((value) => identityOf(value as Value)).join(' ') : String(view);
}
