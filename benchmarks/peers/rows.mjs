// The rows that a replay does not show, T7, T10, T11 and T13, with Yjs: the same work as Rows.java, one JSON line per figure.
//
//   node --expose-gc rows.mjs TRACE
import * as Y from 'yjs'
import { measure, round } from './measure.mjs'
import { readTrace } from './trace.mjs'

const BRIEF = process.env.REPLAY_BRIEF === '1'
const KEYSTROKES = BRIEF ? 10 : 1_000
const SCATTERED = BRIEF ? 100 : 2_000
const size = (full, brief) => BRIEF ? brief : full

function print (row, what, of, figures) {
  console.log(JSON.stringify({ row, case: what, size: of, peer: 'Yjs', ...figures }))
}

function document (client) {
  const doc = new Y.Doc()
  doc.clientID = client
  return doc
}

/** The update of each keystroke of somebody who types so many characters. */
function typed (count) {
  const doc = document(1)
  const updates = []
  doc.on('update', update => updates.push(update))
  const text = doc.getText('text')
  for (let i = 0; i < count; i++) text.insert(i, String.fromCharCode(97 + i % 26))
  return updates
}

function merging () {
  const count = size(8_000, 80)
  const updates = typed(count)
  const timed = measure(() => Y.mergeUpdates(updates), { few: true })
  print('T7', 'typed', count, { time_ms: round(timed.warm), bytes: Y.mergeUpdates(updates).length })
}

function hotSpot () {
  const clients = size(1_540, 15)
  const updates = Array.from({ length: clients }, (_, i) => {
    const doc = document(i + 1)
    doc.getText('text').insert(0, 'x')
    return Y.encodeStateAsUpdate(doc)
  })
  const apply = order => () => {
    const doc = new Y.Doc()
    for (const update of order) Y.applyUpdate(doc, update)
    return doc
  }
  print('T10', 'ascending', clients, { time_ms: round(measure(apply(updates)).warm) })
  print('T10', 'descending', clients, { time_ms: round(measure(apply([...updates].reverse())).warm) })
}

function loaded (bytes, client) {
  const doc = document(client)
  Y.applyUpdate(doc, bytes)
  return doc
}

function keystrokes (bytes, length) {
  for (const observed of [false, true]) {
    const doc = loaded(bytes, 2)
    const text = doc.getText('text')
    let last
    if (observed) text.observe(event => { last = event.delta })
    const timed = measure(() => {
      for (let i = 0; i < KEYSTROKES; i += 2) {
        text.insert(length >> 1, 'x')
        text.delete(length >> 1, 1)
      }
      return last
    }, { few: true })
    print('T11', observed ? 'observed' : 'unobserved', length, { time_ns: round(timed.warm * 1e6 / KEYSTROKES) })
  }
}

/** Characters at random places of a text of so many runs. */
function scattered () {
  const runs = size(60_000, 600)
  const doc = document(1)
  const text = doc.getText('text')
  let seed = 42
  const random = below => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
    return Math.floor(seed / 2 ** 32 * below)
  }
  for (let i = 0; i < runs; i++) text.insert(random(i + 1), 'x')
  const bytes = Y.encodeStateAsUpdate(doc)
  const timed = measure(copy => {
    const target = copy.getText('text')
    for (let i = 0; i < SCATTERED; i++) target.insert(random(target.length + 1), 'y')
  }, { before: () => loaded(bytes, 2), few: true })
  print('T13', 'random', runs, { time_ns: round(timed.warm * 1e6 / SCATTERED) })
}

const trace = readTrace(process.argv[2])
const writer = document(1)
const text = writer.getText('text')
for (let i = 0; i < trace.edits; i++) {
  const { position, deleted, inserted } = trace.units
  if (deleted[i] > 0) text.delete(position[i], deleted[i])
  if (inserted[i].length > 0) text.insert(position[i], inserted[i])
}
merging()
hotSpot()
keystrokes(Y.encodeStateAsUpdate(writer), text.length)
scattered()
