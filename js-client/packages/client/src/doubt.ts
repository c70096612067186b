import type { StoredDoubt } from './client-store.ts';
import { AMOUNT, BASELINE, decodeFragment, EXTENDED, type Fragment } from './fragment.ts';
import type { Mutation } from './mutation.ts';
import type { PendingTransaction } from './store.ts';

/*
 * A write that a judge was sent who is gone before he has answered, and what state of other servers tells of it.
 *
 * A judge accepts or voids a transaction whole, and a delta that claims a dot carries its fate. So a cell of the transaction in what another server sends says
 * that it was accepted. If its dots are claimed and its cells are not there, it was void, or somebody has removed them since. Amounts of a counter, whose author
 * does not know their verdict, are never folded; only a reset removes them, and it leaves a baseline that names their owner up to their dots, unless the owner
 * itself has reset. So where the author has not reset or removed anything afterwards, and no baseline reaches the dots, absence says that it was void.
 */

/** `hidden`: it has been judged, and what has happened since hides how. */
export type DoubtOutcome = 'open' | 'accepted' | 'voided' | 'hidden';

/** What is in doubt of a transaction of this replica, behind which these were written. */
export function doubtOf(replica: string, { first, last, fragment, mutations }: PendingTransaction, later: readonly PendingTransaction[]): StoredDoubt {
  const all = [...mutations, ...later.flatMap((each) => each.mutations)];
  return { replica, first, last, fragment, absenceTells: amountsOf(fragment).size > 0 && !all.some(removes) };
}

/** What this delta, or state, tells. O(its cells) */
export function outcomeOf({ replica, first, last, fragment, absenceTells }: StoredDoubt, remote: Fragment): DoubtOutcome {
  const { claims, cells } = remote.get(replica) ?? {};
  let isThere = false;
  for (let counter = first; counter <= last; counter++) {
    if (!claims?.contains(counter)) {
      return 'open';
    }
    isThere ||= cells!.has(counter);
  }
  return isThere ? 'accepted' : absenceTells && !isReset(remote, amountsOf(fragment), replica, first) ? 'voided' : 'hidden';
}

function removes({ op }: Mutation): boolean {
  return op === 'reset' || op === 'remove' || op === 'clear';
}

/** The counters that it increments. */
function amountsOf(fragment: Uint8Array): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { cells } of decodeFragment(fragment).values()) {
    cells.forEach(({ object, payload }) => payload.kind === AMOUNT && found.add(object.id));
  }
  return found;
}

/** Whether somebody has taken away in one of the counters what this replica had counted from this dot on. */
function isReset(remote: Fragment, counters: ReadonlySet<string>, owner: string, first: number): boolean {
  return [...remote.values()].some(({ cells }) =>
    [...cells.values()].some(
      ({ object, payload }) =>
        payload.kind === EXTENDED && payload.code === BASELINE && counters.has(object.id) && payload.totals!.some(({ replica, upto }) => replica === owner && upto >= first),
    ),
  );
}
