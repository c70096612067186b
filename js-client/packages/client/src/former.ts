import type { StoredFormer } from './client-store.ts';
import { ABSENT, BASELINE, EXTENDED, decodeFragment, type Cell } from './fragment.ts';
import type { Mutation } from './mutation.ts';
import type { Outcome } from './session.ts';
import { labelOf, type PendingTransaction } from './store.ts';
import { identityOf, type Value } from './values.ts';
import type { Write } from './write.ts';

/*
 * A write was made before those that have followed it, though the client could not show it, or showed it under other dots. So a cell of it is not to stay where a
 * later write of this client's would have taken it off, and is accepted. If the same was issued again, and is accepted, that stands in the place of the whole.
 */

/** What older ones have put somewhere stays when it comes. */
export const MAX_FORMERS = 1_024;

/** A former write, its cells but for baselines, which are the same once and twice, and those of them that are not to stay. */
interface Former extends StoredFormer {
  readonly cells: ReadonlyMap<number, Cell>;
}

/** Cells of one former write that are not to stay, and the pending writes without which some of them are. */
export interface Unwanted {
  readonly former: StoredFormer;
  readonly counters: ReadonlySet<number>;
  readonly after: readonly Write[];
}

/**
 * The writes that former judges were sent and of which it is not known what became of them: when state of other servers brings cells of them that are not to stay,
 * these are taken off by one more write.
 */
export class FormerWrites {
  private all: Former[];

  constructor(stored: readonly StoredFormer[] = []) {
    this.all = stored.map(withCells);
  }

  stored(): StoredFormer[] {
    return this.all.map(({ cells: _, ...stored }) => stored);
  }

  /** Of these nothing is there any more that is not to stay. */
  forget(settled: readonly StoredFormer[]): void {
    this.all = this.all.filter((each) => !settled.includes(each));
  }

  /** There are verdicts on these. A refused one that was to take off cells of former writes is not tried again. */
  judged(done: readonly PendingTransaction[], outcomes: readonly Outcome[]): void {
    for (const { last, fragment, mutations } of done) {
      const { code = '', lost } = outcomes.find((each) => each.last === last) ?? {};
      if (lost || !this.all.length) {
        continue;
      }
      if (code && !mutations.length) {
        const named = decodeFragment(fragment);
        this.all = this.all.filter((each) => ![...(named.get(each.replica)?.claims ?? [])].some(([low, high]) => low <= each.last && high >= each.first));
      }
      this.all = this.all.map((each) => afterVerdict(each, last, mutations, !code));
    }
  }

  /**
   * The client goes on under another replica id, where of these writes it has issued again what stands in `issued`.
   *
   * @param former the replica id that it has left, if dots tell what became of what was sent
   */
  left(former: string | undefined, old: readonly PendingTransaction[], issued: readonly PendingTransaction[]): void {
    /* By write, the highest dot under the new id when it had had its turn, and whether it was issued again. */
    const turns: { readonly last: number; readonly through: number; readonly isAgain: boolean }[] = [];
    let more: Former[] = [];
    let through = 0;
    for (const entry of old) {
      const { first, last, fragment, mutations, write } = entry;
      const again = issued.find((each) => each.write === write);
      through = again?.last ?? through;
      const isAgain = !!again?.mutations.length;
      if (isAgain) {
        // What it finds nothing to do for now is still what it means.
        again.mutations = mutations;
      } else if (write.state === 'durable') {
        this.all = this.all.map((each) => afterVerdict(each, last, mutations, true));
        more = more.map((each) => takenOff(each, mutations));
      }
      turns.push({ last, through, isAgain });
      if (former && write.isSent && decodeFragment(fragment).get(former)!.cells.size) {
        more.push(withCells({ replica: former, first, last, fragment, unwanted: [], before: through, isAgain }));
      }
    }
    const renumbered = this.all.map((each) => {
      const turn = turns.findLast(({ last }) => last <= each.before);
      return { ...each, before: turn?.through ?? 0, isAgain: each.isAgain && turn?.last === each.before && turn.isAgain };
    });
    this.all = [...renumbered, ...more].slice(-MAX_FORMERS);
  }

  /** What is not to stay of those that are known to have been judged, in their order; with what is not if pending writes are accepted. */
  unwanted(isKnown: (former: StoredFormer) => boolean, pending: readonly PendingTransaction[]): Unwanted[] {
    return this.all.filter(isKnown).map((former) => {
      const counters = new Set(former.unwanted);
      const after: Write[] = [];
      for (const { last, mutations, write } of pending) {
        const { size } = counters;
        if (last === former.before && former.isAgain) {
          mutations.length && former.cells.forEach((_, counter) => counters.add(counter));
        } else if (last > former.before) {
          takenOffBy(former, mutations).forEach((counter) => counters.add(counter));
        }
        if (counters.size > size) {
          after.push(write);
        }
      }
      return { former, counters, after };
    });
  }
}

function withCells(stored: StoredFormer): Former {
  const cells = [...decodeFragment(stored.fragment).get(stored.replica)!.cells];
  return { ...stored, cells: new Map(cells.filter(([, { payload }]) => payload.kind !== EXTENDED || payload.code !== BASELINE)) };
}

function afterVerdict(former: Former, last: number, mutations: readonly Mutation[], isAccepted: boolean): Former {
  if (former.isAgain && last === former.before) {
    return { ...former, isAgain: false, ...(isAccepted && mutations.length && { unwanted: [...former.cells.keys()] }) };
  }
  return isAccepted && last > former.before ? takenOff(former, mutations) : former;
}

function takenOff(former: Former, mutations: readonly Mutation[]): Former {
  return { ...former, unwanted: [...new Set([...former.unwanted, ...takenOffBy(former, mutations)])] };
}

/** Those of its cells that these take off, if their author has seen them. */
function takenOffBy({ cells }: Former, mutations: readonly Mutation[]): number[] {
  return [...cells].filter(([, cell]) => mutations.some((mutation) => takesOff(mutation, cell))).map(([counter]) => counter);
}

function takesOff({ path, type, op, value }: Mutation, { object, payload }: Cell): boolean {
  const at: string[] = [];
  for (let up: typeof object | null = object; up; up = up.parent) {
    at.unshift(up.key);
  }
  const below = at.slice(path.length);
  if (!path.every((key, i) => key === at[i])) {
    return false;
  }
  if (type === 'map') {
    return op === 'clear' ? below.length > 0 : below[0] === value;
  }
  if (below.length || labelOf(object) !== type || op === 'increment') {
    return false;
  }
  if (op === 'add' || op === 'remove') {
    return identityOf(value) === identityOf((payload as { value: Value }).value);
  }
  // In a remove-wins set what says that an element is absent goes with the additions of the element, which are other cells.
  return op !== 'clear' || type !== 'rwset' || payload.kind !== ABSENT;
}
