// Reads what goes over the wire in the two dialects, for counting and for showing. Nothing here answers or changes a frame.
import * as decoding from 'lib0/decoding'
import * as Y from 'yjs'

const SYNC_STEPS = ['SyncStep1', 'SyncStep2', 'Update']
const AUTH_STEPS = ['Token', 'PermissionDenied', 'Authenticated']
const HOCUSPOCUS_TYPES = [
  'Sync', 'Awareness', 'Auth', 'QueryAwareness', 'SyncReply', 'Stateless', 'BroadcastStateless', 'Close', 'SyncStatus',
  'Ping', 'Pong'
]

const readSync = decoder => {
  const step = decoding.readVarUint(decoder)
  const type = SYNC_STEPS[step] ?? 'Sync' + step
  const body = decoding.readVarUint8Array(decoder)
  if (step !== 0) return { type, update: body }
  return { type, stateVector: Object.fromEntries(Y.decodeStateVector(body)) }
}

const readAwareness = decoder => {
  const body = decoding.createDecoder(decoding.readVarUint8Array(decoder))
  const states = []
  for (let left = decoding.readVarUint(body); left > 0; left--) {
    const client = decoding.readVarUint(body)
    const clock = decoding.readVarUint(body)
    states.push({ client, clock, state: JSON.parse(decoding.readVarString(body)) })
  }
  return { type: states.length > 0 ? 'Awareness' : 'EmptyAwareness', states }
}

/** The messages of a y-websocket frame: one, unless somebody packs several. */
const readYWebsocket = decoder => {
  const messages = []
  while (decoding.hasContent(decoder)) {
    const type = decoding.readVarUint(decoder)
    if (type === 0) messages.push(readSync(decoder))
    else if (type === 1) messages.push(readAwareness(decoder))
    else if (type === 2) {
      decoding.readVarUint(decoder)
      messages.push({ type: 'PermissionDenied', reason: decoding.readVarString(decoder) })
    } else if (type === 3) messages.push({ type: 'QueryAwareness' })
    else throw new Error('unknown type ' + type)
  }
  return messages
}

const readAuth = (decoder, sent) => {
  const step = decoding.readVarUint(decoder)
  const type = AUTH_STEPS[step] ?? 'Auth' + step
  // the server asks for a token with the bare number
  if (step === 0 && !sent) return { type: 'TokenRequest' }
  const text = decoding.readVarString(decoder)
  if (step === 1) return { type, reason: text }
  if (step === 2) return { type, scope: text }
  if (!decoding.hasContent(decoder)) return { type, token: text }
  return { type, token: text, version: decoding.readVarString(decoder) }
}

const readHocuspocusBody = (decoder, type, sent) => {
  switch (type) {
    case 0:
    case 4:
      return readSync(decoder)
    case 1:
      return readAwareness(decoder)
    case 2:
      return readAuth(decoder, sent)
    case 5:
      return { type: 'Stateless', payload: decoding.readVarString(decoder) }
    case 7:
      return decoding.hasContent(decoder) ? { type: 'Close', reason: decoding.readVarString(decoder) } : { type: 'Close' }
    case 8:
      return { type: 'SyncStatus', applied: decoding.readVarInt(decoder) === 1 }
    default:
      return { type: HOCUSPOCUS_TYPES[type] ?? 'Unknown' + type }
  }
}

const readHocuspocus = (decoder, sent) => {
  if (decoder.arr.length === 1) return [{ type: HOCUSPOCUS_TYPES[decoding.readVarUint(decoder)] ?? 'Unknown' }]
  const address = decoding.readVarString(decoder)
  const message = { address, ...readHocuspocusBody(decoder, decoding.readVarUint(decoder), sent) }
  const left = decoder.arr.length - decoder.pos
  return left > 0 ? [message, { type: 'Trailing', bytes: left }] : [message]
}

/**
 * The messages of a frame, each with its `type`. A frame that cannot be read is one message of type `Unreadable`.
 *
 * @param {'y-websocket' | 'hocuspocus'} dialect
 * @param {Uint8Array} bytes
 * @param {boolean} sent by the client
 */
export const readFrame = (dialect, bytes, sent) => {
  try {
    const decoder = decoding.createDecoder(bytes)
    return dialect === 'hocuspocus' ? readHocuspocus(decoder, sent) : readYWebsocket(decoder)
  } catch (unreadable) {
    return [{ type: 'Unreadable', reason: String(unreadable) }]
  }
}

/** What an update inserts and deletes, as ranges {client, from, to} of clocks. */
export const rangesOf = update => {
  const { structs, ds } = Y.decodeUpdate(update)
  const inserted = structs
    .filter(struct => !(struct instanceof Y.Skip))
    .map(({ id, length }) => ({ client: id.client, from: id.clock, to: id.clock + length }))
  const deleted = []
  for (const [client, ranges] of ds.clients) {
    for (const { clock, len } of ranges) deleted.push({ client, from: clock, to: clock + len })
  }
  return { inserted, deleted }
}

/** Cuts the ranges out of others; what is left. */
const without = (ranges, holes) => {
  let left = ranges
  for (const hole of holes) {
    left = left.flatMap(range => {
      if (range.client !== hole.client || range.to <= hole.from || range.from >= hole.to) return [range]
      return [{ ...range, to: hole.from }, { ...range, from: hole.to }].filter(({ from, to }) => from < to)
    })
  }
  return left
}

/**
 * Which of the client's own changes the server has sent back, in whatever form. Yjs 14's provider takes an own change
 * for saved once its ids return; here the same is told for every client.
 */
export class Echoes {
  #inserted = []
  #deleted = []

  /** Changes that were sent and have not come back, as ranges. */
  get missing () {
    return [...this.#inserted, ...this.#deleted]
  }

  /** On a new connection the client sends again what the server turns out to lack, and nothing of what it has. */
  startAgain () {
    this.#inserted = []
    this.#deleted = []
  }

  /** A SyncStep2 repeats everything that was ever deleted, so only its insertions are news. */
  sent (update, type) {
    const { inserted, deleted } = rangesOf(update)
    this.#inserted.push(...inserted)
    if (type === 'Update') this.#deleted.push(...deleted)
  }

  received (update) {
    const { inserted, deleted } = rangesOf(update)
    this.#inserted = without(this.#inserted, inserted)
    this.#deleted = without(this.#deleted, deleted)
  }
}
