import * as Y from 'yjs';
import { add, subtract, unitsOf, type Units, type UnitSet } from './units.ts';

/** A change of this document that the server has made void. */
export interface Rejection {
  /** Why, for programs; empty where the protocol carries no reason (y-websocket). */
  code: string;
  /** Why, for people; empty where the protocol carries no reason. */
  message: string;
  /** The text that is about to vanish, to be offered for copying. */
  text: string;
  /** Units that are void. */
  refused: Units[];
  /** Units that were deleted and stand again, as copies. */
  restored: Units[];
  /** Whether all units are named; a notice names 64 ranges of each kind. */
  complete: boolean;
}

const RANGES = ['refused', 'restored'] as const;

/** The notice of the server in a stateless message of Hocuspocus, if it is one. */
export function noticeOf(payload: string): Omit<Rejection, 'text'> | undefined {
  try {
    const told = JSON.parse(payload);
    if (told?.type === 'rejected' && RANGES.every((name) => Array.isArray(told[name]))) {
      const { code, message, refused, restored, complete } = told;
      return { code, message, refused, restored, complete };
    }
  } catch {
    // a message of the application that is not JSON
  }
  return undefined;
}

/** What of the document is among these units and not deleted. */
function* visible(doc: Y.Doc, units: Units[]): Generator<[item: Y.Item, from: number, to: number]> {
  for (const { client, from, to } of units) {
    for (const struct of doc.store.clients.get(client) ?? []) {
      const { id, length } = struct;
      if (struct instanceof Y.Item && !struct.deleted && id.clock < to && id.clock + length > from) {
        yield [struct, Math.max(0, from - id.clock), Math.min(length, to - id.clock)];
      }
    }
  }
}

export function isVisible(doc: Y.Doc, units: Units[]): boolean {
  return !visible(doc, units).next().done;
}

export function textOf(doc: Y.Doc, units: Units[]): string {
  let text = '';
  for (const [{ content }, from, to] of visible(doc, units)) {
    text += content instanceof Y.ContentString ? content.str.slice(from, to) : '';
  }
  return text;
}

/**
 * Takes what was refused out of the steps that can be undone: the server has undone it, and a second time would bring deleted text twice.
 * A step of which nothing is left goes.
 */
export function forgetSteps(manager: Y.UndoManager, { refused, restored, complete }: Omit<Rejection, 'text'>): void {
  if (!complete) {
    manager.clear();
    return;
  }
  const gone = [...refused, ...restored];
  for (const stack of [manager.undoStack, manager.redoStack]) {
    for (let i = stack.length - 1; i >= 0; i--) {
      const step = stack[i]!;
      // the set of deletions is the transaction's, and others may hold it
      step.insertions = without(step.insertions, gone);
      step.deletions = without(step.deletions, gone);
      if (step.insertions.clients.size + step.deletions.clients.size === 0) {
        stack.splice(i, 1);
      }
    }
  }
}

type DeleteSet = ReturnType<typeof Y.createDeleteSet>;

function without(set: DeleteSet, gone: Units[]): DeleteSet {
  const units: UnitSet = new Map();
  add(units, unitsOf(set));
  subtract(units, gone);
  const left = Y.createDeleteSet();
  for (const [client, ranges] of units) {
    left.clients.set(client, ranges.map(([clock, to]) => ({ clock, len: to - clock })));
  }
  return left;
}
