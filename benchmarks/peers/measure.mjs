// The clock and the scales: warm medians, cold first runs, bytes of heap per retained copy.

const BRIEF = process.env.REPLAY_BRIEF === '1'

/** Milliseconds that have passed, or that the process has had a processor: for a machine that does other work too. */
const now = process.env.REPLAY_CLOCK === 'cpu' ? processor : () => performance.now()

function processor () {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

const WARM_UPS = BRIEF ? 0 : 3
const WARM_MS = BRIEF ? 0 : 5_000
const RUNS = BRIEF ? 1 : 10
const RUN_MS = BRIEF ? 0 : 500

/** Of work that is slow at it. */
const FEW_RUNS = BRIEF ? 1 : 3

export function median (numbers) {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

export const round = ms => ms === null || ms === undefined ? null : Number(ms.toPrecision(4))

/**
 * Runs `work` once cold, then until it is warm (at least three times and five seconds), then at least ten times and half a
 * second for the median; where `few` is enough, three times. `before` prepares each run and `after` disposes of its result, both outside the clock.
 */
export function measure (work, { before = () => undefined, after = () => {}, few = false } = {}) {
  const once = () => {
    const prepared = before()
    const start = now()
    const result = work(prepared)
    const ms = now() - start
    after(result)
    return ms
  }
  const cold = once()
  let spent = 0
  for (let i = 0; i < (few ? Math.min(1, WARM_UPS) : WARM_UPS) || spent < WARM_MS; i++) spent += once()
  const runs = []
  for (spent = 0; runs.length < (few ? FEW_RUNS : RUNS) || spent < RUN_MS; spent += runs.at(-1)) runs.push(once())
  return { cold, warm: median(runs), best: Math.min(...runs), runs: runs.length }
}

/**
 * Measures work that consists of `total` steps. A first run past `budgetMs` stops where it is, and all later ones do
 * that prefix only; figures are then scaled to `total` in proportion, which flatters work that grows dearer as it goes.
 */
export function measurePrefix (total, budgetMs, work, after = () => {}) {
  let prefix = total
  const start = now()
  const deadline = start + budgetMs
  const first = work(total, done => {
    if (now() < deadline) return false
    prefix = done
    return true
  })
  const cold = now() - start
  after(first, prefix)
  const timed = measure(() => work(prefix, () => false), { after: result => after(result, prefix) })
  const scale = total / prefix
  return {
    cold: cold * scale,
    warm: timed.warm * scale,
    best: timed.best * scale,
    runs: timed.runs,
    ...(prefix < total ? { prefix } : {})
  }
}

function settle () {
  for (let i = 0; i < 4; i++) globalThis.gc()
}

/**
 * Bytes per copy while `copies` of them are held: of the JavaScript heap (with array buffers), or of the resident set
 * for libraries that live in WebAssembly memory, which JavaScript's heap figures do not show.
 */
export function heapPerCopy (copies, make, where) {
  const held = new Array(copies)
  const used = () => {
    const memory = process.memoryUsage()
    return where === 'rss' ? memory.rss : memory.heapUsed + memory.arrayBuffers
  }
  make()
  settle()
  const before = used()
  for (let i = 0; i < copies; i++) held[i] = make()
  settle()
  const bytes = (used() - before) / copies
  if (held.some(copy => copy === undefined)) throw new Error('a copy is missing')
  return Math.round(bytes)
}
