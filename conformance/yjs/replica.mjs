// Replicas of a script, and documents made of bytes from outside.
import { Operations, live, pick } from './operations.mjs'
import { Digest, Text, addDelta, addDocument, describe, pendingBits, roots } from './describe.mjs'
import * as Y from 'yjs'

const REMOTE = 'remote'
const UNTRACKED = 'untracked'

const GC = 1
const UNDO = 2
const PAIRS = 4
const CLEANUP = 8
const MERGED_UNDO = 16

class Replica {
  constructor (client, gc, flags) {
    this.flags = flags
    this.gc = gc
    this.onUpdate = (update, origin) => {
      if (origin !== REMOTE) this.made.push(update)
    }
    this.onUpdateV2 = (update, origin) => {
      if (origin !== REMOTE) this.madeV2.push(update)
    }
    this.open(client)
  }

  open (client) {
    const doc = new Y.Doc({ gc: this.gc, guid: 'doc' })
    doc.clientID = client
    this.doc = doc
    this.made = []
    this.madeV2 = []
    this.listen()
    if ((this.flags & CLEANUP) === 0) {
      doc.on('afterTransaction', transaction => {
        transaction._needFormattingCleanup = false
      })
    }
    const { t, p, a, m, x } = roots(doc)
    if ((this.flags & UNDO) !== 0) {
      this.undo = new Y.UndoManager([t, p, a, m, x], { captureTimeout: (this.flags & MERGED_UNDO) !== 0 ? 1e12 : 0 })
    }
    this.operations = new Operations(doc, (this.flags & PAIRS) !== 0)
    this.snapshots = []
    this.positions = []
  }

  listen () {
    this.doc.on('update', this.onUpdate)
    this.doc.on('updateV2', this.onUpdateV2)
  }

  // both versions of what the document has made since
  take () {
    const both = [
      this.made.length < 2 ? this.made[0] : Y.mergeUpdates(this.made),
      this.madeV2.length < 2 ? this.madeV2[0] : Y.mergeUpdatesV2(this.madeV2)
    ]
    this.made = []
    this.madeV2 = []
    return both
  }

  // the update that yjs makes of a remote one is of no use here, and is not made unless its own clean-up may be among it
  apply (update, version) {
    const deaf = (this.flags & CLEANUP) === 0
    if (deaf) {
      this.doc.off('update', this.onUpdate)
      this.doc.off('updateV2', this.onUpdateV2)
    }
    take(this.doc, version, update)
    if (deaf) this.listen()
  }

  encode (version, stateVector) {
    return version === 0 ? Y.encodeStateAsUpdate(this.doc, stateVector) : Y.encodeStateAsUpdateV2(this.doc, stateVector)
  }
}

// what a document would be if it took in what it keeps waiting: yjs does not always notice that something can go on
const unstuck = doc => {
  const copy = load(doc.gc, [0], [Y.encodeStateAsUpdate(doc)])
  Y.applyUpdate(copy, Y.encodeStateAsUpdate(copy), REMOTE)
  return copy
}

const EMPTY = new Uint8Array(0)

// how much is told of what a replica looks like
const DIFFERENCES = 0 // the digest, where it is not the one that the other side has
const DIGESTS = 1 // the digest, and that of what it would be if it took in what waits
const TEXTS = 2 // the text too

// of the answer, per look: two bits of what waits, and what follows
const AS_EXPECTED = 4
const WITH_UNSTUCK = 8

/**
 * Script: [flags, replicas, per replica (client high, client low, gc)], then steps [kind, count, numbers...].
 * Given the other side's blobs, replicas are fed with those instead of their own.
 */
export const runScript = (script, foreign, detail, expected, out) => {
  const flags = script[0]
  const replicas = []
  let at = 2
  for (let i = 0; i < script[1]; i++, at += 3) {
    replicas.push(new Replica(script[at] * 4294967296 + (script[at + 1] >>> 0), (script[at + 2] & GC) !== 0, flags))
  }
  const slots = [] // every blob a step gives, and a fixed number of them per kind of step
  const offered = [] // slots that hold the v1 form of an update; v2 follows
  const checks = []
  const give = blob => slots.push(blob ?? EMPTY)
  const fed = slot => (foreign.length > 0 ? foreign[slot] : slots[slot])
  const check = (write, pending, doc) => {
    const digest = new Digest()
    let text = null
    if (detail === TEXTS) {
      text = new Text()
      write(text)
      digest.add(text.text)
    } else {
      write(digest)
    }
    const known = 2 * checks.length < expected.length
    const equal = known && digest.equals(expected[2 * checks.length], expected[2 * checks.length + 1])
    let other = null
    if (pending !== 0 && (detail !== DIFFERENCES || (known && !equal))) {
      other = new Digest()
      addDocument(other, unstuck(doc))
    }
    checks.push({ digest, text, pending, equal, other })
  }
  const checkDocument = (doc, pending) => check(out => addDocument(out, doc), pending, doc)
  const made = replica => {
    const [v1, v2] = replica.take()
    if (v1 !== undefined) offered.push(slots.length)
    give(v1)
    give(v2)
  }
  while (at < script.length) {
    const kind = script[at]
    const g = Array.from(script.subarray(at + 2, at + 2 + script[at + 1]))
    at += 2 + script[at + 1]
    const replica = replicas[g[0] % replicas.length]
    const doc = replica.doc
    switch (kind) {
      case 1: {
        // transaction: replica, origin, operations
        doc.transact(
          () => {
            for (let i = 2; i < g.length; i += 2 + g[i + 1]) {
              replica.operations.perform(g[i], g.slice(i + 2, i + 2 + g[i + 1]))
            }
          },
          g[1] === 1 ? UNTRACKED : null
        )
        made(replica)
        checkDocument(doc, 0)
        break
      }
      case 2: {
        // delivery: replica, update, version
        if (offered.length > 0) replica.apply(fed(pick(offered, g[1]) + g[2]), g[2])
        made(replica)
        checkDocument(doc, pendingBits(doc))
        break
      }
      case 3: {
        // what another lacks: to, from, version
        const from = replicas[g[1] % replicas.length]
        give(from.encode(g[2], Y.encodeStateVector(doc)))
        replica.apply(fed(slots.length - 1), g[2])
        made(replica)
        checkDocument(doc, pendingBits(doc))
        break
      }
      case 4:
      case 5:
      case 6: {
        if (replica.undo) {
          if (kind === 4) replica.undo.undo()
          else if (kind === 5) replica.undo.redo()
          else replica.undo.stopCapturing()
        }
        made(replica)
        checkDocument(doc, 0)
        break
      }
      case 7: {
        // snapshot: replica, version
        const snapshot = Y.snapshot(doc)
        replica.snapshots.push(snapshot)
        give(g[1] === 0 ? Y.encodeSnapshot(snapshot) : Y.encodeSnapshotV2(snapshot))
        break
      }
      case 8: {
        // look back: replica, snapshot
        if (replica.snapshots.length > 0 && !replica.gc) {
          const snapshot = pick(replica.snapshots, g[1])
          check(out => {
            addDelta(out, doc.get('t', Y.Text).toDelta(snapshot))
            out.add('\n')
            addDocument(out, Y.createDocFromSnapshot(doc, snapshot))
          }, 0)
        }
        break
      }
      case 9: {
        // relative position: replica, type, index, association
        const types = live(doc).all.filter(type => !(type instanceof Y.Map))
        const type = pick(types, g[1])
        const encoded = Y.encodeRelativePosition(
          Y.createRelativePositionFromTypeIndex(type, g[2] % (type.length + 1), g[3] - 1)
        )
        replica.positions.push(slots.length)
        give(encoded)
        break
      }
      case 10: {
        // where is it now: replica, position of any replica
        const owner = replicas[g[1] % replicas.length]
        if (owner.positions.length > 0) {
          const position = Y.decodeRelativePosition(fed(pick(owner.positions, g[2])))
          const absolute = Y.createAbsolutePositionFromRelativePosition(position, doc)
          const text = absolute === null ? 'nowhere' : live(doc).all.indexOf(absolute.type) + ':' + absolute.index + ':' + absolute.assoc
          check(out => out.add(text), 0)
        }
        break
      }
      case 11: {
        // whole state, and the document it makes: replica, version
        give(replica.encode(g[1]))
        checkDocument(load(replica.gc, [g[1]], [fed(slots.length - 1)]), 0)
        break
      }
      case 12: {
        // reopened from its bytes under another id: replica, version, client high, client low
        give(replica.encode(g[1]))
        replica.open(g[2] * 4294967296 + (g[3] >>> 0))
        replica.apply(fed(slots.length - 1), g[1])
        made(replica)
        checkDocument(replica.doc, pendingBits(replica.doc))
        break
      }
      case 13: {
        // several updates as one: replica, version, updates
        const version = g[1]
        const parts = offered.length === 0 ? [] : g.slice(2).map(raw => fed(pick(offered, raw) + version))
        const merged = parts.length === 0 ? EMPTY : version === 0 ? Y.mergeUpdates(parts) : Y.mergeUpdatesV2(parts)
        give(merged)
        if (parts.length > 0) replica.apply(fed(slots.length - 1), version)
        made(replica)
        checkDocument(replica.doc, pendingBits(replica.doc))
        break
      }
      default:
        throw new Error('no step ' + kind)
    }
  }
  out.int(slots.length)
  for (const slot of slots) out.blob(slot)
  out.int(checks.length)
  for (const { digest, text, pending, equal, other } of checks) {
    out.byte(pending | (equal ? AS_EXPECTED : 0) | (other !== null ? WITH_UNSTUCK : 0))
    for (const told of [equal ? null : digest, other]) {
      if (told === null) continue
      out.int(told.a)
      out.int(told.b)
    }
    if (text !== null) out.text(text.text)
  }
}

const load = (gc, versions, updates) => {
  const doc = new Y.Doc({ gc, guid: 'doc' })
  doc.clientID = 4294967295
  doc.on('afterTransaction', transaction => {
    transaction._needFormattingCleanup = false
  })
  updates.forEach((update, i) => take(doc, versions[i % versions.length], update))
  return doc
}

const take = (doc, version, update) => {
  if (version === 0) Y.applyUpdate(doc, update, REMOTE)
  else Y.applyUpdateV2(doc, update, REMOTE)
}

export const apply = (gc, versions, updates, out) => out.text(describe(load(gc, versions, updates)))

export const compare = (versions, updates, otherVersions, otherUpdates, out) => {
  const one = describe(load(true, versions, updates))
  const other = describe(load(true, otherVersions, otherUpdates))
  out.byte(one === other ? 1 : 0)
  out.text(one === other ? '' : one)
  out.text(one === other ? '' : other)
}
