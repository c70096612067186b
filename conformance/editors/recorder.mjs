// A WebSocket for providers that counts and keeps every frame, in both directions, before the provider sees it.
import { WebSocket } from 'ws'
import { Echoes, readFrame } from './wire.mjs'

const HEX_BYTES = 96
const KEPT_FRAMES = 5_000

/** The traffic of one client over all its connections. */
export class Recorder {
  frames = []
  counts = { sent: {}, received: {} }
  connections = 0
  closes = []
  refusals = []
  echoes = new Echoes()
  socket = null

  /** @param {'y-websocket' | 'hocuspocus'} dialect */
  constructor (dialect, report) {
    this.dialect = dialect
    this.report = report
    this.start = performance.now()
  }

  record (direction, bytes) {
    const messages = readFrame(this.dialect, bytes, direction === 'sent')
    const counts = this.counts[direction]
    const count = name => { counts[name] = (counts[name] ?? 0) + 1 }
    count('frames')
    if (messages.length > 1) count('packed')
    for (const message of messages) {
      count(message.type)
      const { update } = message
      if (update === undefined) continue
      message.update = update.length
      try {
        if (direction === 'received') this.echoes.received(update)
        else this.echoes.sent(update, message.type)
      } catch (unreadable) {
        count('UnreadableUpdate')
      }
    }
    this.frames.push({
      at: Math.round(performance.now() - this.start),
      connection: this.connections,
      direction,
      bytes: bytes.length,
      hex: Buffer.from(bytes.subarray(0, HEX_BYTES)).toString('hex'),
      messages
    })
    if (this.frames.length > KEPT_FRAMES) this.frames.shift()
    this.report({ event: 'frame', direction, types: messages.map(({ type }) => type) })
  }

  /** The class to give to a provider as its WebSocket. */
  get WebSocket () {
    const recorder = this
    return class extends WebSocket {
      constructor (url, protocols, options) {
        super(url, protocols, options)
        recorder.socket = this
        this.on('upgrade', () => {
          recorder.connections++
          recorder.echoes.startAgain()
          recorder.report({ event: 'open', url: String(url) })
        })
        this.on('message', data => recorder.record('received', new Uint8Array(data)))
        this.on('close', (code, reason) => {
          recorder.closes.push(code)
          recorder.report({ event: 'close', code, reason: reason.toString() })
        })
        this.on('error', error => {
          const status = /Unexpected server response: (\d+)/.exec(error.message)
          if (status !== null) recorder.refusals.push(Number(status[1]))
          recorder.report({ event: 'connectionError', message: error.message })
        })
      }

      send (data, ...rest) {
        recorder.record('sent', new Uint8Array(data))
        super.send(data, ...rest)
      }
    }
  }
}
