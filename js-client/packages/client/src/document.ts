import { RejoinError } from './errors.ts';
import {
  ABSENT,
  AMOUNT,
  COUNTER,
  DW_FLAG,
  FLAG,
  GCOUNTER,
  MAP,
  MAX_KEY_BYTES,
  MAX_PATH_DEPTH,
  MV_REGISTER,
  REGISTER,
  RW_SET,
  SET,
  STAMPED,
  VALUE,
  type Payload,
} from './fragment.ts';
import { utf8 } from './bytes.ts';
import { TYPE_LABELS, type Mutation, type ObjectType } from './mutation.ts';
import { isCounter, labelOf, pathOf, Store, type Change, type PendingTransaction, type StoreObject } from './store.ts';
import { safely } from './topic.ts';
import { canonical, compareText, identityOf, type Value } from './values.ts';
import type { Write } from './write.ts';

/** Where a change came from: this client, others, a verdict on this client's write, or the local store. */
export type Origin = 'local' | 'remote' | 'restore';

/** Net changes of one step, delivered after it. A verdict that changes nothing to see makes no event. */
export interface ChangeEvent {
  readonly origin: Origin;
  readonly changes: readonly Change[];
}

type Listener = () => void;

/** What the handles need of their document. */
export interface Context {
  readonly store: Store;
  change(body: () => void): Write;
}

/** A view of one object; the same instance for the same path and type. */
export abstract class Handle {
  /** @internal */
  readonly doc: Context;
  /** @internal */
  readonly object: StoreObject;

  /** @internal */
  constructor(doc: Context, object: StoreObject) {
    this.doc = doc;
    this.object = object;
  }

  get path(): readonly string[] {
    return pathOf(this.object);
  }

  get type(): ObjectType {
    return labelOf(this.object);
  }

  /** The latest write on this object that awaits its verdict. */
  get pending(): Write | undefined {
    return this.doc.store.pendingOf(this.object)?.write;
  }

  /** Calls the listener after each step that changed what this object shows; returns how to stop that. */
  subscribe(listener: Listener): () => void {
    this.object.listeners.add(listener);
    return () => this.object.listeners.delete(listener);
  }

  /** Runs the change as a transaction of its own or as a part of the open one; false = nothing to do. */
  protected act(op: Mutation['op'], value: Value, body: (store: Store, object: StoreObject) => boolean | void): Write {
    return this.doc.change(() => {
      if (body(this.doc.store, this.object) !== false) {
        this.doc.store.wants(this.object, op, value);
      }
    });
  }
}

/** A counter that only grows. */
export class GCounter extends Handle {
  /** The sum of all increments. Beyond ±(2^53 − 1) use {@link exactValue}. */
  get value(): number {
    return Number(this.exactValue);
  }

  get exactValue(): bigint {
    return this.doc.store.total(this.object);
  }

  increment(by: number | bigint = 1): Write {
    return this.amount(by, 1);
  }

  /** The sum of increments that await their verdict. */
  pendingSum(): number {
    let sum = 0n;
    for (const { cells } of this.doc.store.pending) {
      for (const { object, payload } of cells) {
        if (object === this.object && payload.kind === AMOUNT) {
          sum += payload.amount;
        }
      }
    }
    return Number(sum);
  }

  protected amount(by: number | bigint, least = -Infinity): Write {
    if (by < least || (typeof by === 'number' && !Number.isSafeInteger(by))) {
      throw new RejoinError('bad-value', String(by));
    }
    return this.act('increment', canonical(by), (store, object) => {
      if (!by) {
        return false;
      }
      store.put(object, { kind: AMOUNT, amount: BigInt(by) });
    });
  }
}

/** A counter that grows, shrinks, and can be reset; increments that the reset did not see survive it. */
export class Counter extends GCounter {
  override increment(by: number | bigint = 1): Write {
    return this.amount(by);
  }

  decrement(by: number | bigint = 1): Write {
    return this.amount(-by);
  }

  add(by: number | bigint): Write {
    return this.amount(by);
  }

  reset(): Write {
    return this.act('reset', null, (store, object) => store.reset(object));
  }
}

abstract class AnyRegister<T extends Value> extends Handle {
  set(value: T): Write {
    const copy = canonical(value);
    return this.act('set', copy, (store, object) => {
      const payload: Payload = object.type === REGISTER ? { kind: STAMPED, ...store.mint(object), value: copy } : { kind: VALUE, value: copy };
      store.remove(object.cells);
      store.put(object, payload);
    });
  }

  clear(): Write {
    return this.act('clear', null, (store, object) => store.remove(object.cells));
  }

  get isEmpty(): boolean {
    return !this.ranked.length;
  }

  protected get ranked(): readonly T[] {
    return this.doc.store.register(this.object) as readonly T[];
  }
}

/** A register that shows the last write; concurrent ones are kept aside. */
export class Register<T extends Value = Value> extends AnyRegister<T> {
  get value(): T | undefined {
    return this.ranked[0];
  }

  /** Concurrent writes that the value has won against. */
  get conflicts(): readonly T[] {
    return this.ranked.slice(1);
  }
}

/** A register that shows all concurrent writes. */
export class MvRegister<T extends Value = Value> extends AnyRegister<T> {
  /** In the order of their dots; the same array until it changes. */
  get values(): readonly T[] {
    return this.ranked;
  }
}

/** What sets and flags have in common: elements that come and go; a flag is a set of one. */
abstract class AnySet extends Handle {
  protected include(op: Mutation['op'], value: Value, element = value): Write {
    return this.act(op, value, (store, object) => {
      store.remove(object.elements.get(identityOf(element)) ?? []);
      store.put(object, { kind: VALUE, value: element });
    });
  }

  protected exclude(op: Mutation['op'], value: Value, element = value): Write {
    return this.act(op, value, (store, object) => {
      const any = store.remove(object.elements.get(identityOf(element)) ?? []);
      const wins = object.type === RW_SET || object.type === DW_FLAG;
      if (wins) {
        store.put(object, { kind: ABSENT, value: element });
      }
      return any || wins;
    });
  }
}

/** A set; of a concurrent add and remove of one element the add wins, or the remove in the remove-wins variant. */
export class SharedSet<T extends Value = Value> extends AnySet {
  add(element: T): Write {
    return this.include('add', canonical(element));
  }

  addAll(elements: Iterable<T>): Write {
    return this.doc.change(() => {
      for (const element of elements) {
        this.add(element);
      }
    });
  }

  remove(element: T): Write {
    return this.exclude('remove', canonical(element));
  }

  /** Removes what is in the set; the remove-wins variant removes each confirmed element by its own removal. */
  clear(): Write {
    return this.act('clear', null, (store, object) => (object.type === RW_SET ? store.clearRemoveWins(object) : store.remove(object.cells)));
  }

  has(element: T): boolean {
    return this.doc.store.contains(this.object, identityOf(canonical(element)));
  }

  get size(): number {
    return this.values.length;
  }

  /** The elements in the order of their dots; the same array until it changes. */
  get values(): readonly T[] {
    return this.doc.store.elements(this.object) as readonly T[];
  }

  /** The latest write on this element that awaits its verdict. */
  pendingFor(element: T): Write | undefined {
    return this.doc.store.pendingOf(this.object, identityOf(canonical(element)))?.write;
  }

  [Symbol.iterator](): Iterator<T> {
    return this.values[Symbol.iterator]();
  }
}

/** A switch; of a concurrent enable and disable the enable wins, or the disable in the disable-wins variant. */
export class Flag extends AnySet {
  get value(): boolean {
    return this.doc.store.contains(this.object, ON);
  }

  enable(): Write {
    return this.include('enable', null, true);
  }

  disable(): Write {
    return this.exclude('disable', null, true);
  }
}

const ON = identityOf(true);

/** Objects by name; a name can hold objects of several types. */
export class SharedMap extends Handle {
  counter(key: string): Counter {
    return this.child(COUNTER, key) as Counter;
  }

  gcounter(key: string): GCounter {
    return this.child(GCOUNTER, key) as GCounter;
  }

  register<T extends Value = Value>(key: string): Register<T> {
    return this.child(REGISTER, key) as Register<T>;
  }

  mvRegister<T extends Value = Value>(key: string): MvRegister<T> {
    return this.child(MV_REGISTER, key) as MvRegister<T>;
  }

  set<T extends Value = Value>(key: string): SharedSet<T> {
    return this.child(SET, key) as SharedSet<T>;
  }

  removeWinsSet<T extends Value = Value>(key: string): SharedSet<T> {
    return this.child(RW_SET, key) as SharedSet<T>;
  }

  flag(key: string): Flag {
    return this.child(FLAG, key) as Flag;
  }

  disableWinsFlag(key: string): Flag {
    return this.child(DW_FLAG, key) as Flag;
  }

  map(key: string): SharedMap {
    return this.child(MAP, key) as SharedMap;
  }

  /** The names under which something is to be seen, in code point order. */
  keys(): string[] {
    const present = [...this.object.children.values()].filter((child) => this.doc.store.present(child));
    return [...new Set(present.map(({ key }) => key))].sort(compareText);
  }

  has(key: string): boolean {
    return this.keys().includes(key);
  }

  /** Removes what is observed under the name; what is written concurrently survives. */
  remove(key: string): Write {
    return this.act('remove', key, (store, object) => this.empty(store, object, key));
  }

  clear(): Write {
    return this.act('clear', null, (store, object) => this.empty(store, object));
  }

  /** @internal */
  child(type: number, key: string): Handle {
    if (utf8(key).length > MAX_KEY_BYTES || (this.object.owner ? this.object.depth : 0) >= MAX_PATH_DEPTH) {
      throw new RejoinError('bad-value');
    }
    return handleOf(this.doc, this.doc.store.object(this.object, type, key));
  }

  private empty(store: Store, map: StoreObject, key?: string): boolean {
    let any = false;
    for (const child of map.children.values()) {
      if (key === undefined || child.key === key) {
        any = (child.type === MAP ? this.empty(store, child) : isCounter(child.type) ? store.reset(child) : store.remove(child.cells)) || any;
      }
    }
    return any;
  }
}

/** The one handle of an object. */
export function handleOf(doc: Context, object: StoreObject): Handle {
  return (object.handle ??= new (CLASSES[object.type]!)(doc, object)) as Handle;
}

const CLASSES: (new (doc: Context, object: StoreObject) => Handle)[] = [
  SharedMap,
  GCounter,
  Counter,
  Register,
  MvRegister,
  SharedSet,
  SharedSet,
  Flag,
  Flag,
  SharedMap,
];

/**
 * The objects of one document, as this client sees them: what the server has confirmed and, over it, this client's
 * pending writes. Reading and writing are synchronous.
 */
export class Document extends SharedMap {
  /** @internal */
  readonly store: Store;
  private readonly ready: ((transaction: PendingTransaction) => void) | undefined;
  private readonly watchers = new Set<(event: ChangeEvent) => void>();
  /** @internal Hears of each write that is made here and what it changes, before anybody else does. */
  declare recorder: ((write: Write, changes: readonly Change[]) => void) | undefined;
  private readonly queue: (() => void)[] = [];
  private depth = 0;

  /** @internal */
  constructor(store: Store, ready?: (transaction: PendingTransaction) => void) {
    super(undefined as never, store.root);
    (this as unknown as { doc: Context }).doc = this;
    this.store = store;
    this.ready = ready;
  }

  /**
   * Runs several changes as one write, which is accepted or rejected as a whole. Nothing remains of a body that
   * throws. Inside another transaction it becomes part of that one.
   */
  transact(body: () => void): Write {
    return this.change(body);
  }

  /** Calls the listener after each step that changed what is to be seen; returns how to stop that. */
  onChange(listener: (event: ChangeEvent) => void): () => void {
    this.watchers.add(listener);
    return () => this.watchers.delete(listener);
  }

  /** Issues typed changes as one write. */
  applyAll(mutations: readonly Mutation[], write?: Write): Write {
    return this.change(() => {
      for (const { path, type, op, value } of mutations) {
        let at: Handle = this;
        path.forEach((key, i) => (at = (at as SharedMap).child(i + 1 < path.length ? MAP : TYPE_LABELS.indexOf(type), key)));
        // Each operation has the name of its method.
        (at as unknown as Record<Mutation['op'], (value: Value) => void>)[op](value);
      }
    }, write);
  }

  /** The encoded confirmed state: equal bytes wherever the same is confirmed. */
  confirmedState(): Uint8Array {
    return this.store.state();
  }

  /** @internal */
  change(body: () => void, write?: Write): Write {
    return this.step('local', () => this.store.transact(body, this.ready, write));
  }

  /** @internal Runs a step, which may make a write; what it changes in all is delivered at the end of the outermost one. */
  step<T extends Write | void>(origin: Origin, body: () => T): T {
    let made: T | undefined;
    this.depth++;
    try {
      return (made = body());
    } finally {
      if (!--this.depth) {
        this.publish(origin, made as Write | undefined);
      }
    }
  }

  /** Delivers the net changes of a step, in order, also when a listener writes. */
  private publish(origin: Origin, write: Write | undefined): void {
    const found = this.store.changes();
    const changes = [...found.values()];
    if (write) {
      this.recorder?.(write, changes);
    }
    if (!found.size) {
      return;
    }
    const event: ChangeEvent = { origin, changes };
    const listeners = new Set<Listener>();
    for (const object of found.keys()) {
      for (let at: StoreObject | null = object; at; at = at.owner) {
        at.listeners.forEach((listener) => listeners.add(listener));
      }
    }
    this.watchers.forEach((watcher) => listeners.add(() => watcher(event)));
    if (this.queue.push(() => listeners.forEach(safely)) === 1) {
      for (; this.queue.length; this.queue.shift()) {
        this.queue[0]!();
      }
    }
  }
}
