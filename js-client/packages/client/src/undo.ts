import type { ClientView } from './client.ts';
import type { Document } from './document.ts';
import type { Mutation, Op } from './mutation.ts';
import type { Change } from './store.ts';
import type { Value } from './values.ts';
import type { Write } from './write.ts';

/** Writes that can be undone, and those that can be redone, at most. */
export const MAX_UNDO_ENTRIES = 200;
/** Elements, counters and registers that one write may have changed to be undone. */
export const MAX_UNDO_ELEMENTS = 10_000;

/** What one write has changed within the scope. */
interface Entry {
  readonly write: Write;
  readonly changes: readonly Change[];
}

/** Those that record what is written to a document. */
const histories = new WeakMap<Document, Set<UndoHistory>>();

/** Begins to record what this client writes, to the objects of these names or, without names, to all. */
export function undoHistory(client: ClientView, ...names: readonly string[]): UndoHistory {
  return new UndoHistory(client, names);
}

/**
 * Undo and redo of what this client has written to some objects, the same as the Java client's `UndoHistory`. Made by {@link undoHistory}.
 *
 * What is undone is always the last write that still stands, whatever others have done in between: an increment is taken back by its amount, a register gets
 * the value that it had before (of several, the first), elements that were added go and those that were removed come back. What to write is found out when it is
 * undone, and what redo has to write as well, from what undoing has changed. So after undoing some writes and redoing as many, the document is as it was before
 * the first undo, also where that was somebody else's doing.
 *
 * What undoes a write that has no verdict is sent after the verdict, and not at all if that is a refusal. A refused write leaves both stacks. Increments of a
 * grow-only counter, and sums beyond 64 bits, are not recorded.
 *
 * It holds the last 200 writes, as long as the page; a write that changes more than 10,000 elements empties it, because it cannot be undone and neither can what
 * lies below.
 */
export class UndoHistory {
  private readonly client: ClientView;
  private readonly names: readonly string[];
  private readonly done: Entry[] = [];
  private readonly undone: Entry[] = [];
  /** Takes the next write, while undoing or redoing. */
  private turning: ((entry: Entry) => void) | undefined;

  /** @internal */
  constructor(client: ClientView, names: readonly string[]) {
    this.client = client;
    this.names = names;
    const { document } = client;
    const all = histories.get(document) ?? new Set();
    histories.set(document, all.add(this));
    document.recorder = (write, changes) => all.forEach((each) => each.wrote(write, changes));
  }

  /** Undoes the last write that can be; returns the write that does it, or undefined if there is none. */
  undo(): Write | undefined {
    return this.turn(this.done, this.undone);
  }

  /** Does again what was undone last; undefined if nothing has been since the last write. */
  redo(): Write | undefined {
    return this.turn(this.undone, this.done);
  }

  /** How many writes can be undone now. */
  get undoable(): number {
    return this.done.length;
  }

  /** How many can be redone. */
  get redoable(): number {
    return this.undone.length;
  }

  /** Records no more, and forgets what it has. */
  close(): void {
    histories.get(this.client.document)?.delete(this);
    this.done.length = this.undone.length = 0;
  }

  private wrote(write: Write, all: readonly Change[]): void {
    const { done, undone, names, turning } = this;
    const changes = names.length ? all.filter(({ path }) => names.includes(path[0]!)) : all;
    this.turning = undefined;
    if (turning) {
      turning({ write, changes });
      return;
    }
    if (changes.every(({ type }) => type === 'gcounter')) {
      return;
    }
    undone.length = 0;
    if (changes.reduce((sum, { added, removed }) => sum + (added && removed ? added.length + removed.length : 1), 0) > MAX_UNDO_ELEMENTS) {
      done.length = 0;
    } else {
      push(done, { write, changes });
    }
  }

  private turn(from: Entry[], to: Entry[]): Write | undefined {
    for (let entry = from.pop(); entry; entry = from.pop()) {
      const mutations = entry.changes.flatMap(reverting);
      // Inside a transaction of the caller's it is a part of that one.
      let isDone = true;
      this.turning = (turned) => {
        isDone = turned.changes.length > 0;
        if (isDone) {
          push(to, turned);
        }
      };
      let write: Write;
      try {
        // If what it takes back is refused, it must not happen either.
        write = this.client.transact((document) => void document.applyAll(mutations), { after: [entry.write] });
      } finally {
        this.turning = undefined;
      }
      if (isDone) {
        void write.rejected.then((rejection) => {
          if (rejection.code === 'dependency-rejected') {
            rejection.discard();
          }
        });
        return write;
      }
    }
    return undefined;
  }
}

function push(stack: Entry[], entry: Entry): void {
  stack.push(entry);
  if (stack.length > MAX_UNDO_ENTRIES) {
    stack.shift();
  }
  const { write } = entry;
  write.onState(() => {
    if (write.state === 'rejected' && stack.includes(entry)) {
      stack.splice(stack.indexOf(entry), 1);
    }
  });
}

/** What puts back what was there before. */
function reverting({ path, type, added = [], removed = [], before, after }: Change): Mutation[] {
  const one = (op: Op, value: Value = null): Mutation => ({ path, type, op, value });
  switch (type) {
    case 'counter': {
      const amount = (before as bigint) - (after as bigint);
      return BigInt.asIntN(64, amount) === amount ? [one('increment', amount)] : [];
    }
    case 'register':
    case 'mvregister': {
      const [value] = before as readonly Value[];
      return [value === undefined ? one('clear') : one('set', value)];
    }
    case 'flag':
    case 'dwflag':
      return [...added.map(() => one('disable')), ...removed.map(() => one('enable'))];
    case 'set':
    case 'rwset':
      return [...added.map((element) => one('remove', element)), ...removed.map((element) => one('add', element))];
    default:
      return [];
  }
}
