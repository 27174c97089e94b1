import * as packet from 'dns-packet';
import { addressNumber } from '../network/ipv4.ts';
import type { Outcome, Question } from './answer.ts';

/** A question as it came in. */
export interface Query {
  readonly id: number;
  readonly question: Question;
  /** The bytes of the question section, to be given back as they are. */
  readonly section: Uint8Array;
  readonly recursionDesired: boolean;
  /** What the answer may measure. */
  readonly limit: number;
  /** Says what else sets answers apart: EDNS and its DNSSEC flag. */
  readonly variant: string;
}

export type Parsed =
  | { readonly kind: 'query'; readonly query: Query }
  /** An answer to send back at once. */
  | { readonly kind: 'reply'; readonly reply: Buffer }
  /** Nothing that an answer would help. */
  | { readonly kind: 'ignore' };

const headerLength = 12;
const plainUdpLimit = 512;
/** What passes everywhere without fragments: see DNS Flag Day 2020. */
const ednsUdpLimit = 1232;
const tcpLimit = 65_535;
const recursionDesired = 0x0100;
const recursionAvailable = 0x0080;
const truncated = 0x0200;
const authoritative = 0x0400;

/** Seconds. A task that is no longer ready has to be out of use within about a second; Docker's own resolver keeps nothing. */
const timeToLive = 1;

const codes = { noError: 0, formatError: 1, serverFailure: 2, nameError: 3, notImplemented: 4, refused: 5 } as const;
export type ResponseCode = keyof typeof codes;

/** Reads a message of a client; whatever it holds, it does not throw. */
export function parseQuery(message: Buffer, transport: 'udp' | 'tcp'): Parsed {
  if (message.length < headerLength || (message.readUInt16BE(2) & 0x8000) !== 0) return { kind: 'ignore' };
  const opcode = (message.readUInt16BE(2) >> 11) & 0xf;
  if (opcode !== 0) return { kind: 'reply', reply: header(message.readUInt16BE(0), codes.notImplemented) };
  const decoded = decode(message);
  const [question] = decoded?.questions ?? [];
  const sectionEnd = questionEnd(message);
  if (question === undefined || sectionEnd === undefined || decoded?.questions?.length !== 1) {
    return { kind: 'reply', reply: header(message.readUInt16BE(0), codes.formatError) };
  }
  const edns = decoded.additionals?.find((record): record is packet.OptAnswer => record.type === 'OPT');
  const udpLimit =
    edns === undefined ? plainUdpLimit : Math.min(Math.max(edns.udpPayloadSize, plainUdpLimit), ednsUdpLimit);
  return {
    kind: 'query',
    query: {
      id: message.readUInt16BE(0),
      question: { name: question.name.toLowerCase().replace(/\.$/, ''), type: question.type },
      section: message.subarray(headerLength, sectionEnd),
      recursionDesired: (message.readUInt16BE(2) & recursionDesired) !== 0,
      limit: transport === 'tcp' ? tcpLimit : udpLimit,
      variant: edns === undefined ? '' : `edns${edns.flag_do ? '+do' : ''}`,
    },
  };
}

function decode(message: Buffer): packet.DecodedPacket | undefined {
  try {
    return packet.decode(message);
  } catch {
    return undefined;
  }
}

/** Where the first question ends; undefined when its name is not written out in full. */
function questionEnd(message: Buffer): number | undefined {
  let at = headerLength;
  for (let length = message[at]; length !== 0; length = message[at]) {
    if (length === undefined || length > 63) return undefined;
    at += length + 1;
  }
  return at + 5 <= message.length ? at + 5 : undefined;
}

/** The message for what was found in our own table. */
export function encodeOutcome(query: Query, outcome: Exclude<Outcome, { kind: 'forward' }>): Buffer {
  switch (outcome.kind) {
    case 'addresses':
      return addressReply(query, outcome.addresses);
    case 'name':
      return nameReply(query, outcome.name);
    case 'empty':
      return reply(query, 'noError');
    case 'unknown':
      return reply(query, 'nameError');
    case 'refused':
      return reply(query, 'refused');
  }
}

/** A message without answers. */
export function reply(query: Query, code: ResponseCode): Buffer {
  return Buffer.concat([replyHeader(query, codes[code], 0, 0), query.section]);
}

/** A foreign answer for another question of the same: with its id and its spelling of the name. */
export function readdressed(message: Buffer, query: Query): Buffer {
  const copy = Buffer.from(message);
  copy.writeUInt16BE(query.id, 0);
  if (message.length >= headerLength + query.section.length) copy.set(query.section, headerLength);
  return copy;
}

const recordLength = 16;

/**
 * Sixteen bytes an address, the name by reference. What does not fit is left out and the answer marked as cut: the client
 * asks again over TCP, or does with what it has.
 */
function addressReply(query: Query, addresses: readonly string[]): Buffer {
  const start = headerLength + query.section.length;
  const room = Math.floor((query.limit - start) / recordLength);
  const sent = addresses.slice(0, Math.max(room, 0));
  const flags = sent.length < addresses.length ? truncated : 0;
  const message = Buffer.alloc(start + sent.length * recordLength);
  replyHeader(query, codes.noError, sent.length, flags).copy(message);
  message.set(query.section, headerLength);
  for (const [index, address] of sent.entries()) {
    const at = start + index * recordLength;
    message.writeUInt16BE(0xc000 + headerLength, at);
    message.writeUInt16BE(1, at + 2);
    message.writeUInt16BE(1, at + 4);
    message.writeUInt32BE(timeToLive, at + 6);
    message.writeUInt16BE(4, at + 10);
    message.writeUInt32BE(addressNumber(address) ?? 0, at + 12);
  }
  return message;
}

function nameReply(query: Query, name: string): Buffer {
  const encoded = packet.encode({
    answers: [{ type: 'PTR', name: query.question.name, data: name, ttl: timeToLive, class: 'IN' }],
  });
  return Buffer.concat([replyHeader(query, codes.noError, 1, 0), query.section, encoded.subarray(headerLength)]);
}

function replyHeader(query: Query, code: number, answers: number, flags: number): Buffer {
  const message = header(query.id, code);
  const wanted = query.recursionDesired ? recursionDesired : 0;
  message.writeUInt16BE(message.readUInt16BE(2) | wanted | recursionAvailable | authoritative | flags, 2);
  message.writeUInt16BE(1, 4);
  message.writeUInt16BE(answers, 6);
  return message;
}

function header(id: number, code: number): Buffer {
  const message = Buffer.alloc(headerLength);
  message.writeUInt16BE(id, 0);
  message.writeUInt16BE(0x8000 | code, 2);
  return message;
}
