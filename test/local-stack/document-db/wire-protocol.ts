import { type Document, deserialize, serialize } from 'bson';

const HEADER_BYTES = 16;
const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;

const CHECKSUM_PRESENT = 1;
const MORE_TO_COME = 1 << 1;
const CHECKSUM_BYTES = 4;

/** The largest message that MongoDB takes, and so the most that a front will buffer. */
export const MAX_MESSAGE_BYTES = 48_000_000;

/** A command or a reply, with what is needed to write it again in the form it came in. */
export interface WireMessage {
  readonly form: 'msg' | 'query' | 'reply';
  readonly requestId: number;
  readonly responseTo: number;
  readonly body: Document;
  /** Further sections of an OP_MSG, passed on as they are. */
  readonly sections: Buffer;
  /** The sender of this message waits for no answer. */
  readonly unacknowledged: boolean;
  /** The database that the command is for. */
  readonly database: string;
}

/** The bytes are no message that a front understands. */
export class WireProtocolError extends Error {
  override readonly name = 'WireProtocolError';
}

/** Reads one whole message; its length was already checked by who cut it from the stream. */
export const decode = (bytes: Buffer): WireMessage => {
  const opCode = bytes.readInt32LE(12);
  const ids = { requestId: bytes.readInt32LE(4), responseTo: bytes.readInt32LE(8) };
  if (opCode === OP_MSG) return { ...ids, ...decodeMsg(bytes) };
  if (opCode === OP_QUERY) return { ...ids, ...decodeQuery(bytes) };
  if (opCode === OP_REPLY) return { ...ids, ...decodeReply(bytes) };
  // OP_COMPRESSED ends here too: a front's hello never offers compression.
  throw new WireProtocolError(`unsupported opcode ${opCode}`);
};

/** Writes a message in the form it was read in. */
export const encode = (message: WireMessage): Buffer => {
  const body = serialize(message.body);
  if (message.form === 'msg') return encodeMsg(message, body);
  if (message.form === 'reply') return encodeReply(message, body);
  return encodeQuery(message, body);
};

/** An answer to a command, in the form that its sender can read. */
export const replyTo = (request: WireMessage, body: Document): WireMessage => ({
  form: request.form === 'query' ? 'reply' : 'msg',
  requestId: 0,
  responseTo: request.requestId,
  body,
  sections: Buffer.alloc(0),
  unacknowledged: false,
  database: '',
});

/** The command's name: the first field of its document. */
export const commandName = (message: WireMessage): string => {
  const name = Object.keys(message.body)[0] ?? '';
  return name === 'ismaster' ? 'isMaster' : name;
};

type Decoded = Omit<WireMessage, 'requestId' | 'responseTo'>;

const decodeMsg = (bytes: Buffer): Decoded => {
  const flags = bytes.readUInt32LE(HEADER_BYTES);
  const end = bytes.length - (flags & CHECKSUM_PRESENT ? CHECKSUM_BYTES : 0);
  let body: Document | undefined;
  const others: Buffer[] = [];
  for (let at = HEADER_BYTES + 4; at < end; ) {
    const kind = bytes.readUInt8(at);
    if (kind > 1) throw new WireProtocolError(`unknown section kind ${kind}`);
    const next = at + 1 + bytes.readInt32LE(at + 1);
    if (next <= at + 1 || next > end) throw new WireProtocolError('a section ends outside its message');
    if (kind === 0) body = read(bytes.subarray(at + 1, next));
    else others.push(bytes.subarray(at, next));
    at = next;
  }
  if (!body) throw new WireProtocolError('an OP_MSG without a body');
  const database = typeof body.$db === 'string' ? body.$db : '';
  const unacknowledged = (flags & MORE_TO_COME) !== 0;
  return { form: 'msg', body, sections: Buffer.concat(others), unacknowledged, database };
};

const decodeQuery = (bytes: Buffer): Decoded => {
  const nameStart = HEADER_BYTES + 4;
  const nameEnd = bytes.indexOf(0, nameStart);
  const documentStart = nameEnd + 1 + 8;
  if (nameEnd < 0 || documentStart + 4 > bytes.length) throw new WireProtocolError('a broken OP_QUERY');
  const documentEnd = documentStart + bytes.readInt32LE(documentStart);
  const database = bytes.toString('utf8', nameStart, nameEnd).replace(/\..*$/, '');
  const body = read(bytes.subarray(documentStart, documentEnd));
  return { form: 'query', body, sections: Buffer.alloc(0), unacknowledged: false, database };
};

const decodeReply = (bytes: Buffer): Decoded => {
  const body = read(bytes.subarray(HEADER_BYTES + 20));
  return { form: 'reply', body, sections: Buffer.alloc(0), unacknowledged: false, database: '' };
};

// The numbers keep their types, so that what is written again is what was read.
const read = (bytes: Buffer): Document =>
  deserialize(bytes, { promoteValues: false, promoteLongs: false, bsonRegExp: true });

const encodeMsg = (message: WireMessage, body: Uint8Array): Buffer => {
  const start = Buffer.alloc(HEADER_BYTES + 5);
  // Exhaust and checksums are not passed on: one command, one answer.
  start.writeUInt32LE(message.unacknowledged ? MORE_TO_COME : 0, HEADER_BYTES);
  return withHeader(message, OP_MSG, [start, Buffer.from(body), message.sections]);
};

const encodeQuery = (message: WireMessage, body: Uint8Array): Buffer => {
  const name = Buffer.from(`${message.database}.$cmd\0`);
  const paging = Buffer.alloc(8);
  paging.writeInt32LE(-1, 4);
  return withHeader(message, OP_QUERY, [Buffer.alloc(HEADER_BYTES + 4), name, paging, Buffer.from(body)]);
};

const encodeReply = (message: WireMessage, body: Uint8Array): Buffer => {
  const start = Buffer.alloc(HEADER_BYTES + 20);
  start.writeInt32LE(8, HEADER_BYTES);
  start.writeInt32LE(1, HEADER_BYTES + 16);
  return withHeader(message, OP_REPLY, [start, Buffer.from(body)]);
};

const withHeader = (message: WireMessage, opCode: number, parts: readonly Buffer[]): Buffer => {
  const bytes = Buffer.concat(parts);
  bytes.writeInt32LE(bytes.length, 0);
  bytes.writeInt32LE(message.requestId, 4);
  bytes.writeInt32LE(message.responseTo, 8);
  bytes.writeInt32LE(opCode, 12);
  return bytes;
};
