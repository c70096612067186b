import { expect, test } from 'vitest';
import { toJson } from '../src/json.ts';
import { decodeFragment, encodeFragment } from '../src/fragment.ts';
import { Document } from '../src/document.ts';
import { Store } from '../src/store.ts';
import { Judge, type Decision } from '../src/testing-judge.ts';
import { Random, SEED, replay } from './random.ts';

const NAMES = ['a', 'b', 'c'];

/** A client whose transactions go to a judge, one by one, whenever the schedule says so. */
class Writer {
  readonly store: Store;
  readonly document: Document;
  readonly inbox: Uint8Array[] = [];
  offered = 0;
  verdicts: Decision[] = [];

  constructor(replica: string, clock: () => number) {
    this.store = new Store(replica, clock);
    this.document = new Document(this.store);
  }
}

type Action = (document: Document) => void;

function anyAction(random: Random): Action {
  const name = random.pick(NAMES);
  const element = random.pick(['x', 'y', 3, null, ['z']] as const) as never;
  const amount = 1 + random.below(9);
  const map = random.chance(0.3);
  const at = (document: Document) => (map ? document.map('m') : document);
  return random.pick<Action>([
    (d) => at(d).counter(name).add(amount),
    (d) => at(d).counter(name).decrement(amount),
    (d) => at(d).counter(name).reset(),
    (d) => at(d).gcounter(name).increment(amount),
    (d) => at(d).set(name).add(element),
    (d) => at(d).set(name).remove(element),
    (d) => at(d).set(name).clear(),
    (d) => at(d).removeWinsSet(name).add(element),
    (d) => at(d).removeWinsSet(name).remove(element),
    (d) => at(d).removeWinsSet(name).clear(),
    (d) => d.map('m').clear(),
    (d) => at(d).register(name).set(element),
    (d) => at(d).register(name).clear(),
    (d) => at(d).mvRegister(name).set(amount),
    (d) => at(d).flag(name).enable(),
    (d) => at(d).flag(name).disable(),
    (d) => at(d).disableWinsFlag(name).enable(),
    (d) => at(d).disableWinsFlag(name).disable(),
    (d) => d.map('m').remove(name),
    (d) =>
      d.transact(() => {
        d.counter(name).increment(amount);
        d.set(name).add(element);
        d.set(name).remove(element);
        d.register(name).set(amount);
      }),
  ]);
}

/**
 * Runs a schedule of two writers before one judge. In the twin world the writes that the judge refuses are never issued:
 * same schedule, but the writer skips them. What both worlds show in the end must be equal.
 */
function run(seed: number, refused: ReadonlySet<string>, twin: boolean): { shown: unknown; states: string[] } {
  const random = new Random(seed);
  let now = 1000;
  const clock = () => now;
  const judge = new Judge();
  const writers = [new Writer('00000000000000aa', clock), new Writer('00000000000000bb', clock)];
  // In the order of issue; `real` says whether this world has a transaction for it.
  const queues = writers.map(() => [] as { name: string; real: boolean }[]);
  const nothing = encodeFragment(new Map());
  let issued = 0;

  const offer = (writer: Writer): void => {
    const next = queues[writers.indexOf(writer)]!.shift();
    let effect = nothing;
    if (next?.real) {
      const { fragment } = writer.store.pending[writer.offered++]!;
      const decision = judge.judge(writer.store.replica, fragment, () => (refused.has(next.name) ? 'no' : ''));
      writer.verdicts.push(decision);
      ({ effect } = decision);
    }
    if (next) {
      writers.filter((other) => other !== writer).forEach((other) => other.inbox.push(effect));
    }
  };
  const deliver = (writer: Writer): void => {
    const remote = writer.inbox.shift();
    // What the judge decided for this writer before must be told first or together.
    const verdicts = writer.verdicts.splice(0);
    const through = verdicts.at(-1)?.last ?? 0;
    const voided = new Set(verdicts.filter(({ code }) => code).map(({ last }) => last));
    writer.document.step('remote', () => {
      const done = writer.store.pending.filter(({ last }) => last <= through);
      done.forEach((each) => writer.store.confirm(each, voided.has(each.last)));
      if (remote) {
        writer.store.join(decodeFragment(remote));
      }
      writer.offered -= done.length;
    });
  };

  for (let step = 0; step < 60; step++) {
    const writer = random.pick(writers);
    const choice = random.below(4);
    const action = anyAction(random);
    // Strictly ascending, so that a stamp does not depend on which writes came before it.
    now += 1 + random.below(3);
    if (choice < 2) {
      const name = `w${issued++}`;
      const before = writer.store.pending.length;
      if (!twin || !refused.has(name)) {
        action(writer.document);
      }
      queues[writers.indexOf(writer)]!.push({ name, real: writer.store.pending.length > before });
    } else if (choice === 2) {
      offer(writer);
    } else {
      deliver(writer);
    }
  }
  for (const writer of writers) {
    while (queues[writers.indexOf(writer)]!.length) {
      offer(writer);
    }
  }
  for (const writer of writers) {
    do {
      deliver(writer);
    } while (writer.inbox.length || writer.verdicts.length);
  }
  const shown = toJson(writers[0]!.document);
  expect(toJson(writers[1]!.document)).toEqual(shown);
  return { shown, states: [...writers.map(({ store }) => hexOf(store.state())), hexOf(judge.everything())] };
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

test('all replicas and the judge end with the same bytes, whatever is refused', () => {
  for (let i = 0; i < 150; i++) {
    const seed = SEED + i;
    const random = new Random(seed ^ 0x5bd1e995);
    const refused = new Set(Array.from({ length: 60 }, (_, n) => `w${n}`).filter(() => random.chance(0.35)));
    const { states } = run(seed, refused, false);
    expect(new Set(states).size, replay(SEED)).toBe(1);
  }
});

test('what is shown in the end is what a world would show in which the refused writes were never issued', () => {
  for (let i = 0; i < 300; i++) {
    const seed = SEED + i;
    const random = new Random(seed ^ 0x2545f491);
    const refused = new Set(Array.from({ length: 60 }, (_, n) => `w${n}`).filter(() => random.chance(0.35)));
    expect(run(seed, refused, false).shown, replay(seed)).toEqual(run(seed, refused, true).shown);
  }
});

test('decoding and encoding the final states gives the same bytes', () => {
  for (let i = 0; i < 30; i++) {
    const { states } = run(SEED + i, new Set(), false);
    const store = new Store('00000000000000cc', () => 0);
    store.join(decodeFragment(Buffer.from(states[0]!, 'hex')));
    expect(hexOf(store.state()), replay(SEED)).toBe(states[0]);
  }
});
