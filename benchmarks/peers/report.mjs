// One run of everything, one after the other on this machine: the engine and the libraries it is measured against replay the same files. Prints Markdown.
//
//   node report.mjs [FILE…]
//
// Without files, the traces of the project. Further files may be traces or whole Yjs documents. All is measured warm, cold figures stand in a table of their own.
// The last table has every row of the targets: what must be, the figure, the ratio to whom it is measured against, and the verdict.
// REPORT_BRIEF=1 measures little and proves nothing but that it runs. REPORT_CLOCK=cpu measures processor time: of the engine's thread without its collector, of Node's
// whole process, so that it favours the engine a little; cold loads stay by the clock. REPORT_TRACES=NAME,… takes only these of the project's traces and the paper's, REPORT_PEERS=NAME,… only these libraries.
// Each row is kept in benchmarks/target/report.jsonl as soon as it is known. REPORT_GO_ON=1 takes what is there and measures the rest.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'

const HERE = dirname(fileURLToPath(import.meta.url))
const JAR = join(HERE, '../target/benchmarks.jar')
const KEPT = join(HERE, '../target/report.jsonl')
const TRACES = join(HERE, '../traces')
const PAPER = 'automerge-paper'
const BRIEF = process.env.REPORT_BRIEF === '1'
const PROCESSOR = process.env.REPORT_CLOCK === 'cpu'
const GO_ON = process.env.REPORT_GO_ON === '1'
const chosen = name => process.env[name]?.split(',').filter(word => word.length > 0)

/** A first run may take so long, in milliseconds; what takes longer replays as much of the trace as it can in that time, and says so. */
const ALL_PEERS = {
  yjs: { name: 'Yjs', budget: 12_000, all: true },
  'json-joy': { name: 'json-joy', budget: 12_000, format: 'binary' },
  'diamond-types': { name: 'diamond-types', budget: 1_200, format: 'binary' },
  loro: { name: 'Loro', budget: 1_200, format: 'update' },
  ywasm: { name: 'ywasm', budget: 700, documents: true },
  automerge: { name: 'Automerge', budget: 700, format: 'binary' }
}

const PEERS = Object.fromEntries(Object.entries(ALL_PEERS).filter(([peer]) => chosen('REPORT_PEERS')?.includes(peer) ?? true))

/** Rows of the table of the paper's trace: what, the field, and how many times less than a library the engine must take. */
const ROWS = [
  ['T1 local', 'local_ms', { Yjs: 75, 'json-joy': 9, 'diamond-types': 2, Loro: 45 }],
  ['T2 local, an update each', 'local_updates_ms', { Yjs: 90, 'json-joy': 7, Loro: 140 }],
  ['T3 remote, one by one', 'remote_ms', { Yjs: 60, 'json-joy': 7, ywasm: 125 }],
  ['T4b load', 'load_v1_ms', { Yjs: 3.7, 'json-joy': 7.5, 'diamond-types': 2.5, Loro: 13.5, ywasm: 2.9, Automerge: 74 }],
  ['T6 encode v1', 'encode_v1_ms', { Yjs: 2 }],
  ['T6 encode v2', 'encode_v2_ms', { Yjs: 1.4 }],
  ['T8 heap, bytes', 'heap_bytes', { Yjs: 4.7, 'json-joy': 3.1 }]
]

/** Own formats until the text is readable: whose, called what, the field, and how many times less the engine must take. */
const T5 = 'T5 own format until the text is readable'
const T5_MUSTS = [
  ['Loro', "Loro's snapshot", 'load_snapshot_ms', 2.7],
  ['Loro', "Loro's shallow snapshot", 'load_shallow_ms', 1.7],
  ['diamond-types', 'diamond-types', 'load_binary_ms', 13]
]
const SUM_MUST = { Yjs: 11, ywasm: 3 }

const started = Date.now()
const lines = []

let running

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    running?.kill()
    note(`Cut short; what is finished is in ${KEPT}`)
    process.exit(1)
  })
}

/** Runs a tool, which prints a row on a line, and keeps each row as soon as it is there. */
async function run (command, args, { env = {}, cwd = HERE } = {}) {
  running = spawn(command, args, {
    cwd, env: { ...process.env, ...(PROCESSOR ? { REPLAY_CLOCK: 'cpu' } : {}), ...env }, stdio: ['ignore', 'pipe', 'inherit']
  })
  const ended = once(running, 'close')
  const rows = []
  for await (const line of createInterface({ input: running.stdout })) {
    if (line.startsWith('{')) rows.push(keep(JSON.parse(line)))
  }
  const [status, signal] = await ended
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status ?? signal}`)
  return rows
}

function keep (row) {
  appendFileSync(KEPT, `${JSON.stringify(row)}\n`)
  note(`  ${[row.peer, row.trace ?? `${row.row} ${row.case}`].join(', ')}`)
  return row
}

/** What an earlier run has kept, if this one goes on from it; it must have been of the same kind. */
function kept () {
  const kind = { jar: statSync(JAR).mtimeMs, node: process.version, clock: PROCESSOR ? 'cpu' : 'wall', brief: BRIEF }
  const before = GO_ON && existsSync(KEPT) ? readFileSync(KEPT, 'utf8') : ''
  // the last line may have been cut short
  const whole = before.slice(0, before.lastIndexOf('\n') + 1) || `${JSON.stringify(kind)}\n`
  const [former, ...rows] = whole.trimEnd().split('\n').map(line => JSON.parse(line))
  if (!isDeepStrictEqual(former, kind)) {
    console.error(`${KEPT} is of another kind of run: ${JSON.stringify(former)}, and this one is ${JSON.stringify(kind)}`)
    process.exit(2)
  }
  writeFileSync(KEPT, whole)
  return rows
}

/** Rows that are measured together: kept before, if an earlier run came to the end of them, or measured now. */
async function part (name, measure) {
  const end = before.findIndex(row => row.end === name)
  if (end >= 0) return before.slice(before.findLastIndex((row, i) => i < end && row.begin === name) + 1, end)
  note(name)
  appendFileSync(KEPT, `${JSON.stringify({ begin: name })}\n`)
  const rows = await measure()
  appendFileSync(KEPT, `${JSON.stringify({ end: name })}\n`)
  return rows
}

function note (text) {
  process.stderr.write(`${((Date.now() - started) / 1000).toFixed(0).padStart(4)} s  ${text}\n`)
}

function engine (main, args) {
  return run('java', [...(BRIEF ? ['-Drejoin.replay.brief=true'] : []), ...(PROCESSOR ? ['-Drejoin.replay.processor=true'] : []), '-cp', JAR, main, ...args])
}

/** What there is of one library on these files: kept before, or measured now. */
async function replay (name, files, measure) {
  const trace = file => basename(file).replace(/\.(json|json\.gz|yjs-v2|yjs)$/, '')
  const found = before.filter(row => row.peer === name && files.some(file => trace(file) === row.trace))
  const left = files.filter(file => !found.some(row => row.trace === trace(file)))
  lines.push(...found)
  if (left.length === 0) return
  note(name)
  lines.push(...await measure(left))
}

async function measureAll (files) {
  const paper = files.filter(file => file.includes(PAPER))
  const documents = files.filter(file => !/\.json(\.gz)?$/.test(file))
  await replay('Rejoin', files, left => engine('dev.rejoin.benchmarks.Replay', left))
  for (const [peer, { name, budget, all, documents: whole }] of Object.entries(PEERS)) {
    const theirs = all ? files : whole ? [...paper, ...files.filter(file => isPlain(file) && !paper.includes(file)), ...documents] : paper
    await replay(name, theirs, left => run(process.execPath, ['--expose-gc', 'replay.mjs', peer, ...left],
      { env: { REPLAY_BUDGET_MS: String(BRIEF ? 100 : budget), ...(BRIEF ? { REPLAY_BRIEF: '1' } : {}) } }))
  }
}

const isPlain = file => /\.json(\.gz)?$/.test(file) && !/rich-text|prosemirror-tree|\.concurrent\./.test(file)

const line = (peer, trace) => lines.find(found => found.peer === peer && found.trace === trace)

/** A figure of a library; what the engine calls v1 goes by another name where there is one encoding. */
function figure (found, field) {
  if (!found) return undefined
  const format = Object.values(PEERS).find(({ name }) => name === found.peer)?.format
  return found[field] ?? (format ? found[field.replace('_v1', `_${format}`)] : undefined)
}

function digits (value) {
  if (value === undefined || value === null) return '–'
  return value >= 1000 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)))
}

const times = (theirs, ours) => theirs === undefined || theirs === null || !ours ? '–' : `${digits(theirs / ours)}×`

function table (head, rows) {
  console.log(`\n| ${head.join(' | ')} |\n|---|${'--:|'.repeat(head.length - 1)}`)
  for (const row of rows) console.log(`| ${row.join(' | ')} |`)
}

const isPart = (found, field) => field.endsWith('_ms') && found?.[field.replace('_ms', '_prefix')] !== undefined

function ratios (trace, suffix = '') {
  const ours = line('Rejoin', trace)
  const names = Object.values(PEERS).map(({ name }) => name).filter(name => line(name, trace))
  const rows = []
  for (const [what, field] of ROWS) {
    const key = suffix && field.endsWith('_ms') ? field.replace('_ms', `${suffix}_ms`) : field
    if (suffix && !field.endsWith('_ms')) continue
    const floor = ['local_ms', 'local_updates_ms'].includes(field) && ours[`floor${suffix}_ms`]
    rows.push([what, digits(ours[key]), floor ? `${digits(ours[key] / floor)}` : '–', ...names.map(name => {
      const theirs = line(name, trace)
      const value = figure(theirs, key)
      return value === undefined || value === null ? '–' : `${digits(value)}${isPart(theirs, field) ? '*' : ''} (${times(value, ours[key])})`
    })])
  }
  table(['', 'Rejoin', '÷ gap buffer', ...names], rows)
}

/** Row, what must be, the figure, the ratio to whom it is measured against, and whether it holds. */
const verdicts = []

function verdict (row, must, figure, ratio, holds) {
  verdicts.push([row, must, figure, ratio, holds === undefined ? 'not measured' : holds ? 'holds' : '**missed**'])
}

function verdictAgainst (row, name, must, figure, theirs, ours) {
  verdict(row, `${digits(must)} × less than ${name}`, figure, times(theirs, ours), theirs === undefined || theirs === null ? undefined : theirs / ours >= must)
}

function judge () {
  const ours = line('Rejoin', PAPER)
  for (const [what, field, musts] of ROWS) {
    for (const [name, must] of Object.entries(musts)) {
      const theirs = figure(line(name, PAPER), field)
      if (line(name, PAPER)) verdictAgainst(what, name, must, field.endsWith('_ms') ? `${digits(ours[field])} ms` : digits(ours[field]), theirs, ours[field])
    }
  }
  const archive = `${digits(ours.open_archive_ms)} ms`
  verdict(T5, '≤ 0.25 ms', archive, '–', ours.open_archive_ms <= 0.25)
  for (const [name, whose, field, must] of T5_MUSTS) {
    if (line(name, PAPER)) verdictAgainst(T5, whose, must, archive, line(name, PAPER)[field], ours.open_archive_ms)
  }
  verdict('T8 heap of a loaded document', '≤ 750,000 B', `${digits(ours.heap_bytes)} B`, '–', ours.heap_bytes <= 750_000)
  const yjs = line('Yjs', PAPER)
  if (yjs) {
    verdict("T9 stored, second encoding", `Yjs' ${digits(yjs.bytes_v2)} B`, `${digits(ours.bytes_v2)} B`, times(yjs.bytes_v2, ours.bytes_v2),
      ours.bytes_v2 === yjs.bytes_v2)
  }
  verdict('T9 the same, deflated', '≤ 72,000 B', `${digits(ours.bytes_v2_deflated)} B`, '–', ours.bytes_v2_deflated <= 72_000)
}

/** What the rows beyond the replay must reach: row, case, size, the field, the bound with its unit, and how many times less than Yjs. */
const ROW_MUSTS = [
  ['T7', 'typed', 8_000, 'time_ms', 3, 'ms', 190],
  ['T7', 'typed', 8_000, 'bytes', 8_100, 'B', 5.8],
  ['T10', 'ascending', 1_540, 'time_ms', 6, 'ms', 30],
  ['T11', 'observed', undefined, 'time_ns', 1_000, 'ns'],
  ['T12', 'repeated', undefined, 'time_ms', 3_000, 'ms'],
  ['T12', 'repeated', undefined, 'heap_bytes', 80_000_000, 'B'],
  ['T13', 'random', 60_000, 'time_ns', 400, 'ns', 75],
  ['T14', 'delete', 1_000_000, 'time_ms', Infinity, 'ms'],
  ['T15', 'local', undefined, 'alloc_bytes', undefined, 'B'],
  ['T15', 'remote', undefined, 'alloc_bytes', 0, 'B']
]

/** T4: all plain traces and all documents together. */
function sums () {
  const traces = lines.filter(found => found.peer === 'Rejoin' && (found.kind === 'sequential' || found.kind === 'document'))
    .map(found => found.trace)
  const rows = []
  for (const name of ['Rejoin', ...Object.keys(SUM_MUST)]) {
    const found = traces.map(trace => line(name, trace))
    if (found.some(one => one?.load_v1_ms === undefined)) continue
    rows.push([name, digits(sum(found, 'load_v1_ms')), digits(sum(found, 'load_v2_ms')), digits(sum(found, 'load_v1_cold_ms'))])
    if (name !== 'Rejoin') {
      const ours = traces.map(trace => line('Rejoin', trace))
      verdictAgainst(`T4 load, the sum of ${traces.length}`, name, SUM_MUST[name], `${digits(sum(ours, 'load_v1_ms'))} ms`,
        sum(found, 'load_v1_ms'), sum(ours, 'load_v1_ms'))
    }
  }
  console.log(`\n## T4: load until the text is readable, ms, the sum of ${traces.join(', ')}`)
  table(['', 'v1', 'v2', 'v1, cold'], rows)
}

const sum = (found, field) => found.reduce((total, one) => total + one[field], 0)

async function rows () {
  const ours = await part('Rows: Rejoin', () => engine('dev.rejoin.benchmarks.yjs.Rows',
    [join(TRACES, `${PAPER}.json.gz`), 'T7', 'T10', 'T11', 'T12', 'T13', 'T14', 'T15']))
  for (const { row, case: what, figures } of await part('Rows: JMH, T15', allocation)) {
    Object.assign(ours.find(our => our.row === row && our.case === what) ?? {}, figures)
  }
  const theirs = 'yjs' in PEERS
    ? await part('Rows: Yjs', () => run(process.execPath, ['--expose-gc', 'rows.mjs', join(TRACES, `${PAPER}.json.gz`)], { env: BRIEF ? { REPLAY_BRIEF: '1' } : {} }))
    : []
  const counterpart = our => theirs.find(one => one.row === our.row && one.case === our.case && one.size === our.size)
  console.log('\n## Rows that a replay does not show')
  console.log('\nT7, T10, T12 and T14 in ms, T11 and T13 in ns per keystroke, T15 in bytes that a keystroke allocates: the median of single ones, and gc.alloc.rate.norm of JMH.')
  table(['', 'size', 'Rejoin', 'Yjs', ''], ours.map(our => {
    const their = counterpart(our)
    const value = our.time_ms ?? our.time_ns ?? our.median_bytes
    const other = their && (their.time_ms ?? their.time_ns)
    const update = our.update_object_bytes ? ` (the update is ${our.update_object_bytes})` : ''
    const means = our.mean_update_bytes === undefined ? '' : `, whose updates are ${digits(our.mean_update_bytes)}`
    const norm = our.alloc_bytes === undefined ? '' : `; ${digits(our.alloc_bytes)} by JMH${means}`
    return [`${our.row} ${our.case}`, our.size.toLocaleString('en'), digits(value) + update + norm, digits(other), times(other, value)]
  }))
  for (const [row, what, of, field, bound, unit, ratio] of ROW_MUSTS) {
    const our = ours.find(one => one.row === row && one.case === what && (of === undefined || one.size === of))
    if (our?.[field] === undefined) continue
    const must = bound ?? our.mean_update_bytes
    const their = counterpart(our)
    const name = `${row} ${what}, ${our.size.toLocaleString('en')}${field === 'heap_bytes' ? ', heap' : field === 'bytes' ? ', size' : ''}`
    // what grows with the document itself, a byte or so per keystroke, is no object of the keystroke
    const holds = our[field] <= must || field === 'alloc_bytes' && our[field] - must < 8
    verdict(name, must === Infinity ? 'done at all' : must === 0 ? 'no object' : `≤ ${digits(must)} ${unit}`, `${digits(our[field])} ${unit}`,
      times(their?.[field], our[field]), holds)
    if (ratio && their?.[field]) verdictAgainst(name, 'Yjs', ratio, `${digits(our[field])} ${unit}`, their[field], our[field])
  }
}

/** What JMH says a keystroke allocates, for the rows of T15. */
async function allocation () {
  const folder = mkdtempSync(join(tmpdir(), 'report-'))
  try {
    const file = join(folder, 'jmh.json')
    const few = BRIEF ? ['-wi', '1', '-i', '1', '-w', '100ms', '-r', '100ms', '-f', '0'] : ['-f', '1']
    await run('java', ['-jar', JAR, 'T15AllocationBenchmark', '-prof', 'gc', ...few, '-rf', 'json', '-rff', file], { cwd: join(HERE, '../..') })
    return JSON.parse(readFileSync(file, 'utf8')).map(({ benchmark, secondaryMetrics: metrics }) => {
      const figures = {}
      const name = Object.keys(metrics).find(key => key.endsWith('gc.alloc.rate.norm'))
      if (name) figures.alloc_bytes = Number(metrics[name].score.toPrecision(4))
      const { updateBytes, updates } = metrics
      if (updates) figures.mean_update_bytes = Number((updateBytes.score / updates.score).toPrecision(4))
      return keep({ row: 'T15', case: benchmark.slice(benchmark.lastIndexOf('.') + 1), peer: 'JMH', figures })
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

if (!existsSync(JAR)) {
  console.error('benchmarks/target/benchmarks.jar is missing: mvn -ntp -DskipTests package')
  process.exit(2)
}
const given = process.argv.slice(2)
const own = readdirSync(TRACES)
  .filter(name => name.endsWith('.json.gz') && (chosen('REPORT_TRACES')?.concat(PAPER).some(trace => name.startsWith(`${trace}.`)) ?? true))
  .map(name => join(TRACES, name))
const files = [...own, ...given]
const before = kept()
const load = loadavg()[0]
await measureAll(files)

const java = execFileSync('java', ['--version'], { encoding: 'utf8' }).split('\n')[0]
if (PROCESSOR) console.log('Processor time, not the time that has passed.\n')
console.log(`${java}; Node ${process.version}; ${cpus().length} × ${cpus()[0].model.trim()}.`)
console.log(`\nVersions: ${Object.values(PEERS).map(({ name }) => `${name} ${line(name, PAPER)?.version}`).join(', ')}.`)
const wrong = lines.filter(found => !found.ok)
console.log(wrong.length === 0
  ? '\nEvery text, every remote copy and every loaded one was right.'
  : `\n**Wrong:** ${wrong.map(found => `${found.peer} on ${found.trace}`).join(', ')}`)
console.log(`\n## ${PAPER}, ${line('Rejoin', PAPER).edits.toLocaleString('en')} edits: ms, warm, medians`)
console.log('\nIn brackets how many times what the engine takes. * as much of the trace as the time allowed, in proportion.')
console.log('Heap of libraries in WebAssembly is the resident set of the process.')
ratios(PAPER)
console.log('\n## The same cold: the first run; loads in a process of their own')
ratios(PAPER, '_cold')
for (const found of lines.filter(one => one.peer === 'Rejoin' && one.kind !== 'document' && one.trace !== PAPER)) {
  console.log(`\n## ${found.trace}, ${found.edits?.toLocaleString('en')} edits`)
  ratios(found.trace)
}
judge()
sums()
await rows()
console.log('\n## What was to be reached')
table(['row', 'must', 'figure', 'ratio', 'verdict'], verdicts)
console.log(`\nTook ${((Date.now() - started) / 60_000).toFixed(1)} minutes; load average ${load.toFixed(1)} before, ${loadavg()[0].toFixed(1)} after: ` +
  `about 1 means that nothing else ran.${GO_ON ? ' It went on from an earlier run.' : ''}`)
