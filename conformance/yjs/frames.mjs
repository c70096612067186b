// Big-endian reading and writing of the frames between the two sides.

export class Reader {
  constructor (bytes) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.at = 0
  }

  byte () {
    return this.bytes[this.at++]
  }

  int () {
    this.at += 4
    return this.view.getInt32(this.at - 4)
  }

  ints () {
    const values = new Int32Array(this.int())
    for (let i = 0; i < values.length; i++) values[i] = this.int()
    return values
  }

  // a view of its own: yjs keeps what it is given
  blob () {
    const length = this.int()
    this.at += length
    return new Uint8Array(this.bytes.slice(this.at - length, this.at))
  }

  blobs () {
    return Array.from({ length: this.int() }, () => this.blob())
  }
}

export class Writer {
  constructor () {
    this.bytes = Buffer.allocUnsafe(1 << 16)
    this.at = 4 // room for the length of the frame
  }

  room (more) {
    if (this.at + more > this.bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(2 * this.bytes.length, this.at + more))
      this.bytes.copy(larger, 0, 0, this.at)
      this.bytes = larger
    }
  }

  byte (value) {
    this.room(1)
    this.bytes[this.at++] = value
  }

  int (value) {
    this.room(4)
    this.bytes.writeInt32BE(value | 0, this.at)
    this.at += 4
  }

  blob (value) {
    this.room(4 + value.length)
    this.int(value.length)
    this.bytes.set(value, this.at)
    this.at += value.length
  }

  // UTF-16 units one by one: a description may hold halves of pairs
  text (value) {
    this.room(4 + 2 * value.length)
    this.int(value.length)
    for (let i = 0; i < value.length; i++) {
      this.bytes.writeUInt16BE(value.charCodeAt(i), this.at)
      this.at += 2
    }
  }

  // fills in the length of what was written since
  length (start) {
    this.bytes.writeInt32BE(this.at - start - 4, start)
  }

  frame () {
    this.bytes.writeInt32BE(this.at - 4, 0)
    return this.bytes.subarray(0, this.at)
  }
}
