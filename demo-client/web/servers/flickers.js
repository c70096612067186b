// A flicker is what was there, then gone, and there again within a moment, without anybody having taken it off or put it there again.

const MOMENT_MILLIS = 1_000;

/** Counts flickers among the children of an element, which are told apart by a data attribute. What is returned is to be told what somebody here does. */
export function watchFlickers(list, key, score) {
  const gone = new Map();
  const takenOff = new Set();
  new MutationObserver((mutations) => {
    const now = performance.now();
    for (const { removedNodes, addedNodes } of mutations) {
      for (const node of removedNodes) {
        // Where that is refused, it comes back.
        if (!takenOff.delete(node.dataset?.[key])) gone.set(node.dataset?.[key], now);
      }
      for (const node of addedNodes) {
        const left = gone.get(node.dataset?.[key]);
        // Removed and added in one callback is a move, which nobody sees.
        if (left !== undefined && left !== now && now - left < MOMENT_MILLIS) score.flicker(node.dataset[key]);
      }
    }
  }).observe(list, { childList: true });
  return {
    takenOff: (item) => takenOff.add(item),
    putOn: (item) => gone.delete(item),
  };
}
