// What users would complain about, counted: nothing here is made up by the page, all of it is seen.

const LOOK_MILLIS = 250;
const QUIET_MILLIS = 2_000;

export function openScore() {
  const counts = { stale: 0, lost: 0, flickers: 0, divergences: 0 };
  /** What a server has said to be on its disk and nobody has removed since. */
  const promised = new Set();
  const count = (what, about) => {
    counts[what]++;
    const shown = document.getElementById(`score-${what}`);
    shown.textContent = String(counts[what]);
    shown.dataset.bad = '';
    shown.title = about;
  };
  let settledSince;
  let before = '';
  let told = '';

  return {
    counts,
    /** Somebody has read and not found what was theirs. */
    stale: (item) => count('stale', item),
    flicker: (item) => count('flickers', item),
    saved: (item) => promised.add(item),
    removed: (item) => promised.delete(item),

    /** From now on compares two panes whenever both are settled and the servers have had the time to exchange what they have. */
    compare(left, right, isOpen, delay) {
      setInterval(() => {
        const now = left.shown() + right.shown();
        if (!isOpen() || !left.isSettled() || !right.isSettled() || now !== before) settledSince = undefined;
        before = now;
        settledSince ??= performance.now();
        if (performance.now() - settledSince < 2 * delay() + QUIET_MILLIS || told === now) return;
        told = now;
        if (left.shown() !== right.shown()) count('divergences', now);
        const both = new Set(left.items().filter((item) => right.items().includes(item)));
        for (const item of promised) {
          if (!both.has(item)) {
            promised.delete(item);
            count('lost', item);
          }
        }
      }, LOOK_MILLIS);
    },
  };
}
