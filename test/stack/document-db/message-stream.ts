import type { Socket } from 'node:net';
import { MAX_MESSAGE_BYTES, WireProtocolError } from './wire-protocol.ts';

const LENGTH_BYTES = 4;
const HEADER_BYTES = 16;

/** Cuts the bytes of a socket into messages of the wire protocol. */
export class MessageStream {
  readonly #chunks: AsyncIterator<Buffer>;
  #buffered = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.#chunks = socket[Symbol.asyncIterator]();
  }

  /** The next whole message, or undefined when the peer has closed or broken the connection. */
  async next(): Promise<Buffer | undefined> {
    for (;;) {
      const message = this.#takeMessage();
      if (message) return message;
      const chunk = await this.#chunk();
      if (!chunk) return undefined;
      this.#buffered = Buffer.concat([this.#buffered, chunk]);
    }
  }

  /** Waits until the peer is gone, and drops what it still says. */
  async untilClosed(): Promise<void> {
    while (await this.#chunk());
  }

  async #chunk(): Promise<Buffer | undefined> {
    try {
      const { value, done } = await this.#chunks.next();
      return done ? undefined : value;
    } catch {
      // A reset connection is a closed one: who reads can't do more about it.
      return undefined;
    }
  }

  #takeMessage(): Buffer | undefined {
    if (this.#buffered.length < LENGTH_BYTES) return undefined;
    const length = this.#buffered.readInt32LE(0);
    if (length <= HEADER_BYTES || length > MAX_MESSAGE_BYTES) {
      throw new WireProtocolError(`a message of ${length} bytes`);
    }
    if (this.#buffered.length < length) return undefined;
    const message = this.#buffered.subarray(0, length);
    this.#buffered = this.#buffered.subarray(length);
    return message;
  }
}
