// What users would complain about, counted: nothing here is made up by the page, all of it is seen. The score outlives a reload, as its reader does.

const LOOK_MILLIS = 250;
const QUIET_MILLIS = 2_000;
const KEPT = 'rejoin-demo:score:';

export function openScore(name) {
  const kept = JSON.parse(sessionStorage.getItem(KEPT + name));
  const counts = kept?.counts ?? { stale: 0, lost: 0, flickers: 0, divergences: 0 };
  /** What each was counted for last. */
  const reasons = kept?.reasons ?? {};
  /** What a server has said to be on its disk and nobody has removed since. */
  const promised = new Set(kept?.promised);
  const keep = () => sessionStorage.setItem(KEPT + name, JSON.stringify({ counts, reasons, promised: [...promised] }));
  const show = (what) => {
    const shown = document.getElementById(`score-${what}`);
    shown.textContent = String(counts[what]);
    shown.toggleAttribute('data-bad', counts[what] > 0);
    shown.title = reasons[what] ?? '';
  };
  const count = (what, about) => {
    counts[what]++;
    reasons[what] = about;
    keep();
    show(what);
  };
  Object.keys(counts).forEach((what) => show(what));
  let settledSince;
  let before = '';
  let told = '';
  let together = () => '';

  return {
    counts,
    /** Somebody has read and not found what was theirs. */
    stale: (item) => count('stale', item),
    flicker: (item) => count('flickers', item),
    saved: (item) => {
      promised.add(item);
      keep();
    },
    removed: (item) => {
      promised.delete(item);
      keep();
    },
    /** Whether a server has said that this is on its disk, and nobody has taken it off since. */
    isPromised: (item) => promised.has(item),
    /** Whether what is on the screen now has been compared. */
    isSure: () => told !== '' && told === together(),

    /** From now on compares two panes whenever both are settled and the servers have had the time to exchange what they have. */
    compare(left, right, isOpen, delay) {
      together = () => left.shown() + right.shown();
      setInterval(() => {
        const now = together();
        if (!isOpen() || !left.isSettled() || !right.isSettled() || now !== before) settledSince = undefined;
        before = now;
        settledSince ??= performance.now();
        if (performance.now() - settledSince < 2 * delay() + QUIET_MILLIS || told === now) return;
        told = now;
        if (left.shown() !== right.shown()) count('divergences', now);
        const both = new Set(left.items().filter((item) => right.items().includes(item)));
        for (const item of [...promised].filter((item) => !both.has(item))) {
          promised.delete(item);
          count('lost', item);
        }
      }, LOOK_MILLIS);
    },
  };
}
