import { chainAfter } from './bytes.ts';
import { decodeFragment, encodeFragment, voidOf, type Fragment } from './fragment.ts';
import { Store } from './store.ts';

/** What became of one transaction. */
export interface Decision {
  readonly first: number;
  readonly last: number;
  readonly chain: number;
  readonly code: string;
  /** What the others get. */
  readonly effect: Uint8Array;
}

/** The judge of one document, as small as the specification allows: a state, and per replica what it decided. */
export class Judge {
  readonly state = new Store('0000000000000001', () => 0);
  readonly histories = new Map<string, Decision[]>();

  judge(replica: string, fragment: Uint8Array, refuse: (fragment: Fragment) => string): Decision {
    const decoded = decodeFragment(fragment);
    const history = this.histories.get(replica) ?? [];
    this.histories.set(replica, history);
    const { last: before, chain } = history.at(-1) ?? { last: 0, chain: 0 };
    const own = [...decoded.get(replica)!.claims].filter(([, high]) => high > before);
    const [low, last] = own.at(-1)!;
    const first = Math.max(low, before + 1);
    if (own.length !== 1 || first !== before + 1) {
      throw new Error(`dots ${low}…${last} of ${replica} do not follow ${before}`);
    }
    for (const [other, { claims, cells }] of decoded) {
      for (const [from, to] of claims) {
        for (let counter = from; counter <= to; counter++) {
          const mine = other === replica && counter >= first;
          if (!mine && (cells.has(counter) || !this.state.context.get(other)?.contains(counter))) {
            throw new Error(`${other}:${counter} is not a removal of something observed`);
          }
        }
      }
    }
    const code = refuse(decoded);
    const effect = code ? encodeFragment(voidOf(replica, { first, last })) : fragment;
    this.state.join(decodeFragment(effect));
    const decision = { first, last, chain: chainAfter(chain, fragment), code, effect };
    history.push(decision);
    return decision;
  }

  /** Everything, as a delta for somebody who holds nothing. */
  everything(): Uint8Array {
    return this.state.state();
  }
}
