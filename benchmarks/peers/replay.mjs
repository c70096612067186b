// Replays traces with one library and prints one JSON line per file, in the words of the Java tool of the same name.
//
//   node --expose-gc replay.mjs LIBRARY FILE…
//
// LIBRARY is a file name in ./libraries. REPLAY_BUDGET_MS (default 2000) bounds a cold replay; past it a prefix is
// replayed and the figure scaled, see measure.mjs; "prefix" says how many edits that were.
import { createRequire } from 'node:module'
import { createHash } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { heapPerCopy, measure, measurePrefix, round } from './measure.mjs'
import { readTrace } from './trace.mjs'

const BUDGET_MS = Number(process.env.REPLAY_BUDGET_MS ?? 2_000)
const LOOK_EVERY = 64
const RECEIVER = 0xffff_ffff

/** Every measured figure also says its cold first run, its best run and, if there was one, its prefix. */
function put (line, name, timed) {
  line[`${name}_ms`] = round(timed.warm)
  line[`${name}_cold_ms`] = round(timed.cold)
  line[`${name}_best_ms`] = round(timed.best)
  if (timed.prefix !== undefined) line[`${name}_prefix`] = timed.prefix
}

/** The trace as one loop over steps, for this library; null where the library has no such type. */
function script (library, trace) {
  switch (trace.kind) {
    case 'sequential': {
      const { position, deleted, inserted } = trace[library.positions]
      return {
        open: () => {},
        step: (held, i) => library.edit(held, position[i], deleted[i], inserted[i]),
        text: library.text,
        matches: held => library.text(held) === trace.end
      }
    }
    case 'rich':
      return library.rich && {
        open: () => {},
        step: (held, i) => library.rich.step(held, trace.ops[i]),
        text: library.text,
        matches: held => library.text(held) === trace.end && library.rich.matches(held, trace)
      }
    case 'tree':
      return library.tree && {
        open: held => library.tree.open(held),
        step: (held, i) => library.tree.step(held, trace.ops[i]),
        text: library.tree.text,
        matches: held => library.tree.text(held) === trace.end && library.tree.matches(held, trace)
      }
    default: return null
  }
}

function replayAll (library, trace, play, listener) {
  const held = library.create(listener)
  play.open(held)
  for (let i = 0; i < trace.edits; i++) play.step(held, i)
  return held
}

function replayPrefix (library, play, listener, count, stop) {
  const held = library.create(listener)
  play.open(held)
  for (let i = 0; i < count; i++) {
    play.step(held, i)
    if (i % LOOK_EVERY === 0 && stop(i + 1)) break
  }
  return held
}

function receive (library, updates, count, stop) {
  const held = library.createEmpty ? library.createEmpty() : library.create(undefined, RECEIVER)
  for (let i = 0; i < count; i++) {
    library.apply(held, updates[i])
    if (i % LOOK_EVERY === 0 && stop(i + 1)) break
  }
  return held
}

function measureSequence (library, trace, line) {
  const play = script(library, trace)
  if (!play) return false
  let complete = null
  const keep = (held, count) => {
    if (count === trace.edits && !complete) complete = held
    else library.close(held)
  }
  put(line, 'local', measurePrefix(trace.edits, BUDGET_MS, (count, stop) =>
    replayPrefix(library, play, undefined, count, stop), keep))

  const { updates, edits } = measureUpdates(library, trace, play, line)
  const remote = measurePrefix(updates.length, BUDGET_MS, (count, stop) => receive(library, updates, count, stop),
    (held, count) => {
      if (count === updates.length && edits === trace.edits) line.ok &&= play.matches(held)
      library.close(held)
    })
  const share = trace.edits / edits
  put(line, 'remote', {
    cold: remote.cold * share,
    warm: remote.warm * share,
    best: remote.best * share,
    ...(remote.prefix !== undefined || share > 1 ? { prefix: remote.prefix ?? updates.length } : {})
  })

  complete ??= replayAll(library, trace, play)
  line.ok &&= play.matches(complete)
  measureWhole(library, line, complete, play.text, held => play.matches(held))
  return true
}

/** The updates of as long a prefix as could be replayed; an edit that changes nothing sends none. */
function measureUpdates (library, trace, play, line) {
  let last = []
  let longest = { updates: [], edits: 0 }
  put(line, 'local_updates', measurePrefix(trace.edits, BUDGET_MS, (count, stop) => {
    last = []
    const sent = last
    return replayPrefix(library, play, update => { sent.push(update) }, count, stop)
  }, (held, count) => {
    if (count > longest.edits) longest = { updates: last, edits: count }
    library.close(held)
  }))
  return longest
}

/** Typing by several: each step's replica first receives what the step's author had seen. */
function measureConcurrent (library, trace, line) {
  if (!library.apply || library.formats.v1 === undefined) return false
  const received = []
  const session = () => {
    const updates = new Array(trace.steps.length)
    let emitted = []
    const listener = update => { if (emitted) emitted.push(update) }
    const replicas = Array.from({ length: trace.replicas }, (_, i) => library.create(listener, i + 1))
    trace.steps.forEach((step, s) => {
      const held = replicas[step.replica]
      emitted = null
      for (const other of step.receive) for (const update of updates[other]) library.apply(held, update)
      emitted = []
      const { position, deleted, inserted } = step.patches
      for (let i = 0; i < position.length; i++) library.edit(held, position[i], deleted[i], inserted[i])
      updates[s] = emitted
    })
    if (received.length === 0) received.push(...updates.flat())
    return replicas
  }
  put(line, 'session', measure(session, { after: replicas => replicas.forEach(held => library.close(held)) }))
  const apply = () => receive(library, received, received.length, () => false)
  put(line, 'remote', measure(apply, { after: held => library.close(held) }))
  const complete = apply()
  const matches = held => library.text(held) === trace.end
  line.ok &&= matches(complete)
  measureWhole(library, line, complete, library.text, matches)
  return true
}

function measureDocument (library, trace, line) {
  if (library.formats.v2 === undefined) return false
  const held = library.formats.v2.load(trace.bytes)
  const text = library.text(held)
  measureWhole(library, line, held, library.text, copy => library.text(copy) === text)
  return true
}

/** Encoding after one more edit, so that no cached answer counts; loading until the text is readable; heap. */
function measureWhole (library, line, complete, text, matches) {
  for (const [name, format] of Object.entries(library.formats)) {
    const bytes = format.encode(complete)
    line[`bytes_${name}`] = bytes.length
    const timed = measure(() => {
      const held = format.load(bytes)
      return [held, text(held).length]
    }, { after: ([held]) => library.close(held) })
    const fresh = inFreshProcess(library, name, bytes, line.kind)
    put(line, `load_${name}`, { ...timed, cold: fresh.load_ms })
    line.heap_bytes ??= fresh.heap_bytes
    put(line, `encode_${name}`, measure(held => {
      format.encode(held)
      return held
    }, {
      before () {
        const held = format.load(bytes)
        library.edit(held, 0, 0, 'x')
        return held
      },
      after: held => library.close(held)
    }))
    const loaded = format.load(bytes)
    line.ok &&= matches(loaded)
    library.close(loaded)
  }
  line.text_sha256 = createHash('sha256').update(text(complete)).digest('hex').slice(0, 16)
  line.heap_of = library.heap
}

/** WebAssembly memory never shrinks, and code once run is warm: heap and cold loads belong into processes of their own. */
function inFreshProcess (library, format, bytes, kind) {
  const folder = mkdtempSync(join(tmpdir(), 'replay-'))
  try {
    const file = join(folder, 'document')
    writeFileSync(file, bytes)
    const answer = execFileSync(process.execPath,
      ['--expose-gc', fileURLToPath(import.meta.url), '--fresh', library.file, format, file, kind], { encoding: 'utf8' })
    return JSON.parse(answer)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function fresh (libraryName, formatName, file, kind) {
  const { default: library } = await import(`./libraries/${libraryName}.mjs`)
  const format = library.formats[formatName]
  const bytes = new Uint8Array(readFileSync(file))
  const text = kind === 'tree' ? library.tree.text : library.text
  const load = () => {
    const held = format.load(bytes)
    return text(held) === undefined ? undefined : held
  }
  const start = performance.now()
  library.close(load())
  const loadMs = performance.now() - start
  const copies = Math.min(64, Math.max(8, Math.ceil(8_000_000 / bytes.length)))
  return { load_ms: round(loadMs), heap_bytes: heapPerCopy(copies, load, library.heap) }
}

export async function replay (libraryName, path) {
  const { default: library } = await import(`./libraries/${libraryName}.mjs`)
  const trace = readTrace(path)
  library.file = libraryName
  const line = {
    trace: trace.name,
    kind: trace.kind,
    peer: library.name,
    version: version(library.package),
    edits: trace.edits ?? null,
    ok: true
  }
  const measureKind = { document: measureDocument, concurrent: measureConcurrent }[trace.kind] ?? measureSequence
  return measureKind(library, trace, line) ? line : null
}

export function version (name) {
  const require = createRequire(import.meta.url)
  const entry = require.resolve(name)
  const folder = entry.slice(0, entry.lastIndexOf(`node_modules/${name}`) + `node_modules/${name}`.length)
  return JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')).version
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [, , first, ...rest] = process.argv
  if (!globalThis.gc || rest.length === 0) {
    console.error('usage: node --expose-gc replay.mjs LIBRARY FILE…')
    process.exit(2)
  }
  if (first === '--fresh') {
    console.log(JSON.stringify(await fresh(...rest)))
  } else {
    for (const path of rest) {
      const line = await replay(first, path)
      if (line) console.log(JSON.stringify(line))
    }
  }
}
