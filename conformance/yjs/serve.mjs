// Answers frames on standard input, one at a time; a frame carries many jobs, so that a round trip is paid per batch and
// not per document.
//
//   frame    int32 length, then the payload (all integers are big-endian)
//   request  int32 jobs, then per job: byte kind, int32 length, body
//   answer   int32 jobs, then per job: int32 length, byte 0 and a result or byte 1 and what was thrown
import { Reader, Writer } from './frames.mjs'

// Yjs reports some things to the console, and standard output belongs to the frames
for (const level of ['log', 'info', 'warn', 'error']) console[level] = () => {}

/** Serves jobs, functions from a reader of the body to what they write, by their kinds. */
export const serve = jobs => {
  const answer = request => {
    const body = new Reader(request)
    const out = new Writer()
    const count = body.int()
    out.int(count)
    for (let i = 0; i < count; i++) {
      const kind = body.byte()
      const end = body.int() + body.at
      const start = out.at
      out.int(0)
      out.byte(0)
      try {
        jobs[kind](body, out)
      } catch (thrown) {
        out.at = start + 4
        out.byte(1)
        out.text(String((thrown && thrown.stack) || thrown).slice(0, 2000))
      }
      out.length(start)
      body.at = end
    }
    return out.frame()
  }

  let pending = []
  let have = 0
  const take = size => {
    const whole = pending.length === 1 ? pending[0] : Buffer.concat(pending)
    const head = whole.subarray(0, size)
    const rest = whole.subarray(size)
    pending = rest.length > 0 ? [rest] : []
    have -= size
    return head
  }

  let wanted = -1
  process.stdin.on('data', chunk => {
    pending.push(chunk)
    have += chunk.length
    for (;;) {
      if (wanted < 0) {
        if (have < 4) return
        wanted = take(4).readInt32BE(0)
      }
      if (have < wanted) return
      const request = take(wanted)
      wanted = -1
      process.stdout.write(answer(request))
    }
  })
}
