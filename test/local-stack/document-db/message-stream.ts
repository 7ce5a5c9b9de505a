import type { Socket } from 'node:net';
import { MAX_MESSAGE_BYTES, WireProtocolError } from './wire-protocol.ts';

const LENGTH_BYTES = 4;
const HEADER_BYTES = 16;

/** Cuts the bytes of a socket into messages of the wire protocol. */
export class MessageStream {
  readonly #source: AsyncIterator<Buffer>;
  // Kept apart until a message is whole: joining at each chunk would copy a large one over and over.
  #chunks: Buffer[] = [];
  #buffered = 0;

  constructor(socket: Socket) {
    this.#source = socket[Symbol.asyncIterator]();
  }

  /** The next whole message, or undefined when the peer has closed or broken the connection. */
  async next(): Promise<Buffer | undefined> {
    let needed = LENGTH_BYTES;
    for (;;) {
      if (this.#buffered >= needed) {
        const bytes = this.#join();
        needed = lengthOf(bytes);
        if (bytes.length >= needed) return this.#take(bytes, needed);
      }
      const chunk = await this.#chunk();
      if (!chunk) return undefined;
      this.#chunks.push(chunk);
      this.#buffered += chunk.length;
    }
  }

  /** Waits until the peer is gone, and drops what it still says. */
  async untilClosed(): Promise<void> {
    while (await this.#chunk());
  }

  async #chunk(): Promise<Buffer | undefined> {
    try {
      const { value, done } = await this.#source.next();
      return done ? undefined : value;
    } catch {
      // A reset connection is a closed one: who reads can't do more about it.
      return undefined;
    }
  }

  #join(): Buffer {
    const bytes = Buffer.concat(this.#chunks);
    this.#chunks = [bytes];
    return bytes;
  }

  #take(bytes: Buffer, length: number): Buffer {
    this.#chunks = [bytes.subarray(length)];
    this.#buffered -= length;
    return bytes.subarray(0, length);
  }
}

const lengthOf = (bytes: Buffer): number => {
  const length = bytes.readInt32LE(0);
  if (length <= HEADER_BYTES || length > MAX_MESSAGE_BYTES) {
    throw new WireProtocolError(`a message of ${length} bytes`);
  }
  return length;
};
