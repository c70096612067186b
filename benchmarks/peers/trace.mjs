// Editing traces and whole Yjs documents, read from files and made ready to replay.
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { gunzipSync } from 'node:zlib'

/**
 * Reads a file: a trace (.json or .json.gz) or a Yjs document in update encoding 2 (any other name).
 * Positions in files count Unicode code points. What is returned counts UTF-16 units, and code points beside them.
 */
export function readTrace (path) {
  const name = basename(path).replace(/\.(json|json\.gz|yjs-v2|yjs)$/, '')
  let bytes = readFileSync(path)
  if (!/\.json(\.gz)?$/.test(path)) return { name, kind: 'document', bytes: new Uint8Array(bytes) }
  if (path.endsWith('.gz')) bytes = gunzipSync(bytes)
  const json = JSON.parse(bytes.toString('utf8'))
  switch (json.kind ?? 'sequential') {
    case 'sequential': return sequential(name, json)
    case 'concurrent': return concurrent(name, json)
    case 'rich': return rich(name, json)
    case 'tree': return tree(name, json)
    default: throw new Error(`${path}: unknown kind of trace ${json.kind}`)
  }
}

const ASTRAL = /[\u{10000}-\u{10ffff}]/u

const codePoints = text => ASTRAL.test(text) ? [...text].length : text.length

/** A plain text that turns code point positions into UTF-16 positions while it is edited. Slow and simple. */
class Shadow {
  constructor (text = '') {
    this.points = [...text]
  }

  /** The UTF-16 position of code point `position`. */
  utf16 (position) {
    let units = 0
    for (let i = 0; i < position; i++) units += this.points[i].length
    return units
  }

  splice (position, deleted, inserted) {
    return this.points.splice(position, deleted, ...inserted).reduce((sum, point) => sum + point.length, 0)
  }

  toString () {
    return this.points.join('')
  }
}

function sequential (name, json) {
  const patches = json.startContent ? [[0, 0, json.startContent]] : []
  for (const txn of json.txns) for (const patch of txn.patches) patches.push(patch)
  const trace = { name, kind: 'sequential', edits: patches.length, end: json.endContent }
  trace.points = columns(patches)
  trace.units = patches.some(patch => ASTRAL.test(patch[2])) ? columns(inUnits(patches, new Shadow())) : trace.points
  return trace
}

function inUnits (patches, shadow) {
  return patches.map(([position, deleted, inserted]) => {
    const at = shadow.utf16(position)
    return [at, shadow.splice(position, deleted, inserted), inserted]
  })
}

function columns (patches) {
  return {
    position: Int32Array.from(patches, patch => patch[0]),
    deleted: Int32Array.from(patches, patch => patch[1]),
    inserted: patches.map(patch => patch[2])
  }
}

/**
 * Typing by several agents. Every transaction goes to a replica that has seen exactly its ancestors: the agent's own
 * replica if it has seen no more than them, else a new one. `steps` says which transactions that replica has to be
 * given first.
 */
function concurrent (name, json) {
  const replicas = [] // what each has seen: transactions by replica
  const byAgent = new Map()
  const known = [] // of each transaction, after it
  const steps = []
  for (const txn of json.txns) {
    const needed = []
    for (const parent of txn.parents) join(needed, known[parent])
    const mine = byAgent.get(txn.agent) ?? []
    byAgent.set(txn.agent, mine)
    let at = mine.find(candidate => covers(needed, replicas[candidate].seen))
    if (at === undefined) {
      at = replicas.length
      replicas.push({ seen: [], own: [] })
      mine.push(at)
    }
    const replica = replicas[at]
    const receive = []
    needed.forEach((count, other) => {
      for (let i = replica.seen[other] ?? 0; i < count; i++) receive.push(replicas[other].own[i])
    })
    replica.own.push(steps.length)
    replica.seen = [...needed]
    replica.seen[at] = replica.own.length
    known.push([...replica.seen])
    steps.push({ replica: at, receive: receive.sort((a, b) => a - b), patches: columns(txn.patches) })
  }
  const edits = json.txns.reduce((sum, txn) => sum + txn.patches.length, 0)
  if (json.txns.some(txn => txn.patches.some(patch => ASTRAL.test(patch[2])))) {
    throw new Error(`${name}: concurrent traces with characters beyond the basic plane are not supported`)
  }
  return { name, kind: 'concurrent', edits, end: json.endContent, replicas: replicas.length, steps }
}

function join (into, other) {
  other.forEach((count, i) => { into[i] = Math.max(into[i] ?? 0, count) })
}

const covers = (more, less) => less.every((count, i) => (more[i] ?? 0) >= count)

/** Rich text: `["i", at, text, attributes?]`, `["e", at, embed]`, `["d", at, length]`, `["f", at, length, attributes]`. */
function rich (name, json) {
  const shadow = new Shadow()
  const ops = json.ops.map(([what, position, second, attributes]) => {
    const at = shadow.utf16(position)
    switch (what) {
      case 'i': shadow.splice(position, 0, second); return ['i', at, second, attributes]
      case 'e': shadow.splice(position, 0, '\ufffc'); return ['e', at, second]
      case 'd': return ['d', at, shadow.splice(position, second, '')]
      case 'f': return ['f', at, shadow.utf16(position + second) - at, attributes]
      default: throw new Error(`${name}: unknown operation ${what}`)
    }
  })
  return { name, kind: 'rich', edits: ops.length, end: json.endContent, delta: json.endDelta, ops }
}

/**
 * A tree of paragraphs, each with one formatted text. `["p", at, name, attributes, segments]` makes one,
 * `["i", paragraph, at, text, attributes?]`, `["d", paragraph, at, length]`, `["f", paragraph, at, length, attributes]`
 * edit one, `["a", paragraph, attribute, value]` sets an attribute, `["s", paragraph, at, name, attributes, segments]`
 * splits one (the segments are what moves), `["j", paragraph, segments]` appends the next one's segments and removes it.
 */
function tree (name, json) {
  const shadows = []
  const text = segments => segments.map(segment => segment[0]).join('')
  const ops = json.ops.map(op => {
    const [what, paragraph, third, fourth] = op
    const shadow = shadows[paragraph]
    switch (what) {
      case 'p':
        shadows.splice(paragraph, 0, new Shadow(text(op[4])))
        return op
      case 'i': {
        const at = shadow.utf16(third)
        shadow.splice(third, 0, fourth)
        return ['i', paragraph, at, fourth, op[4]]
      }
      case 'd': {
        const at = shadow.utf16(third)
        return ['d', paragraph, at, shadow.splice(third, fourth, '')]
      }
      case 'f': {
        const at = shadow.utf16(third)
        return ['f', paragraph, at, shadow.utf16(third + fourth) - at, op[4]]
      }
      case 'a': return op
      case 's': {
        const moved = text(op[5])
        const at = shadow.utf16(third)
        shadow.splice(third, codePoints(moved), '')
        shadows.splice(paragraph + 1, 0, new Shadow(moved))
        return ['s', paragraph, at, op[3], op[4], op[5], moved.length]
      }
      case 'j': {
        const at = shadow.toString().length
        shadow.splice(shadow.points.length, 0, text(third))
        shadows.splice(paragraph + 1, 1)
        return ['j', paragraph, at, third]
      }
      default: throw new Error(`${name}: unknown operation ${what}`)
    }
  })
  return { name, kind: 'tree', edits: ops.length, end: json.endContent, digest: json.endDigest, ops }
}
