import type { Located, Outcome, Question } from './answer.ts';
import type { Rotating } from './replies.ts';
import {
  addressRecord,
  authorityRecord,
  encodedName,
  encodedRecord,
  headerLength,
  pointer,
  questionAt,
  recordPlaces,
  serviceRecord,
  typeName,
  types,
} from './wire.ts';
import type { OutRecord, RecordPlace } from './wire.ts';

/** A question as it came in. */
export interface Query {
  readonly id: number;
  readonly question: Question;
  /** The bytes of the question section, to be given back as they are. */
  readonly section: Uint8Array;
  readonly recursionDesired: boolean;
  readonly checkingDisabled: boolean;
  /** The client speaks EDNS: the answer has to say so too. */
  readonly edns: { readonly dnssec: boolean } | undefined;
  /** The same bytes will come again: nothing in them is for once. */
  readonly repeatable: boolean;
  /** What the answer may measure. */
  readonly limit: number;
}

export type Parsed =
  | { readonly kind: 'query'; readonly query: Query }
  /** An answer to send back at once. */
  | { readonly kind: 'reply'; readonly reply: Buffer }
  /** Nothing that an answer would help. */
  | { readonly kind: 'ignore' };

/** An answer, and which part of it is to be turned before it is given again. `once`: it is to be made anew each time. */
export interface Encoded {
  readonly message: Buffer;
  readonly rotating?: Rotating;
  readonly once?: true;
}

const internet = 1;
const plainUdpLimit = 512;
/** What passes everywhere without fragments: see DNS Flag Day 2020. */
export const ednsUdpLimit = 1232;
const tcpLimit = 65_535;
const flags = {
  response: 0x8000,
  authoritative: 0x0400,
  truncated: 0x0200,
  recursionDesired: 0x0100,
  recursionAvailable: 0x0080,
  checkingDisabled: 0x0010,
} as const;

/**
 * Seconds. A task that is no longer ready has to be out of use within about a second; a service's own address stays for as
 * long as the service does, but that there is none has to be noticed soon as well.
 */
const timeToLive = { task: 1, virtual: 5, none: 1 } as const;

const codes = { noError: 0, formatError: 1, serverFailure: 2, nameError: 3, notImplemented: 4, refused: 5 } as const;
export type ResponseCode = keyof typeof codes;

/** Reads a message of a client; whatever it holds, it does not throw. */
export function parseQuery(message: Buffer, transport: 'udp' | 'tcp'): Parsed {
  if (message.length < headerLength || (message.readUInt16BE(2) & flags.response) !== 0) return { kind: 'ignore' };
  const asked = message.readUInt16BE(2);
  const opcode = (asked >> 11) & 0xf;
  if (opcode !== 0) return { kind: 'reply', reply: header(message.readUInt16BE(0), asked, codes.notImplemented) };
  const question = message.readUInt16BE(4) === 1 ? questionAt(message) : undefined;
  const options = recordPlaces(message)?.filter(({ type }) => type === types.OPT);
  if (question === undefined || options === undefined || options.length > 1) {
    return { kind: 'reply', reply: header(message.readUInt16BE(0), asked, codes.formatError) };
  }
  const section = message.subarray(headerLength, question.end);
  const edns = options[0] === undefined ? undefined : ednsOf(message, options[0]);
  if ((edns?.version ?? 0) !== 0) return { kind: 'reply', reply: badVersion(message, section) };
  const udpLimit = Math.min(Math.max(edns?.size ?? 0, plainUdpLimit), ednsUdpLimit);
  const query: Query = {
    id: message.readUInt16BE(0),
    question: { name: question.name.toLowerCase(), type: typeName(question.type) },
    section,
    recursionDesired: (asked & flags.recursionDesired) !== 0,
    checkingDisabled: (asked & flags.checkingDisabled) !== 0,
    edns,
    // Cookies and the like are new each time.
    repeatable: edns?.isPlain ?? true,
    limit: transport === 'tcp' ? tcpLimit : udpLimit,
  };
  // Other classes than that of the internet have nothing to do with it, whatever their names are.
  return question.class === internet ? { kind: 'query', query } : { kind: 'reply', reply: reply(query, 'refused') };
}

/** See RFC 6891; `isPlain`: it has no options. */
function ednsOf(
  message: Buffer,
  { ttlAt }: RecordPlace,
): {
  readonly size: number;
  readonly version: number;
  readonly dnssec: boolean;
  readonly isPlain: boolean;
} {
  return {
    size: message.readUInt16BE(ttlAt - 2),
    version: message.readUInt8(ttlAt + 1),
    dnssec: (message.readUInt16BE(ttlAt + 2) & 0x8000) !== 0,
    isPlain: message.readUInt16BE(ttlAt + 4) === 0,
  };
}

/** The message for what was found in our own table. `turn` is any number: each value begins with another address. */
export function encodeOutcome(query: Query, outcome: Exclude<Outcome, { kind: 'forward' }>, turn = 0): Encoded {
  switch (outcome.kind) {
    case 'addresses':
      return addressReply(query, outcome, turn);
    case 'name': {
      const data = encodedName(outcome.name);
      if (data === undefined) return negative(query, 'noError');
      return {
        message: encode(query, 'noError', { answers: [{ owner: asked, type: 'PTR', ttl: timeToLive.task, data }] }),
      };
    }
    case 'services':
      return { message: serviceReply(query, outcome.services) };
    case 'empty':
      return negative(query, 'noError');
    case 'unknown':
      return negative(query, 'nameError');
    case 'refused':
      return { message: reply(query, 'refused') };
  }
}

/** A message without answers. */
export const reply = (query: Query, code: ResponseCode): Buffer => encode(query, code, {});

/** An answer that is too long for the client: it has to ask again over TCP. */
export const cutReply = (query: Query): Buffer => encode(query, 'noError', {}, flags.truncated);

/** The name that was asked for. */
const asked = pointer(headerLength);

/** For a name that is there the answer speaks for it; for one that is not, for what is above it. */
function negative(query: Query, code: 'noError' | 'nameError'): Encoded {
  const above = headerLength + 1 + (query.section[0] ?? 0);
  const owner = code === 'noError' || query.section[0] === 0 ? asked : pointer(above);
  return { message: encode(query, code, { authorities: [authorityRecord(owner, timeToLive.none)] }) };
}

function addressReply(
  query: Query,
  { addresses, virtual }: Extract<Outcome, { kind: 'addresses' }>,
  turn: number,
): Encoded {
  const first = turn % addresses.length;
  const ordered = [...addresses.slice(first), ...addresses.slice(0, first)];
  const ttl = virtual ? timeToLive.virtual : timeToLive.task;
  const answers = ordered.map((address) => addressRecord(asked, address, ttl));
  const message = encode(query, 'noError', { answers });
  const size = encodedRecord(answers[0] ?? authorityRecord(asked, 0)).length;
  const isWhole = message.readUInt16BE(6) === answers.length;
  const isEven = answers.every(({ type }) => type === answers[0]?.type);
  const rotating = { start: headerLength + query.section.length, size, count: answers.length };
  // Where only some of them fit, it has to be others the next time.
  if (!isWhole || !isEven) return { message, once: true };
  return answers.length > 1 ? { message, rotating } : { message };
}

function serviceReply(query: Query, services: readonly Located[]): Buffer {
  const answers: OutRecord[] = [];
  const additionals: OutRecord[] = [];
  for (const { name, port, addresses } of services) {
    const target = encodedName(name);
    if (target === undefined) continue;
    answers.push(serviceRecord(asked, port, target, timeToLive.task));
    additionals.push(...addresses.map((address) => addressRecord(target, address, timeToLive.task)));
  }
  return encode(query, 'noError', { answers, additionals });
}

interface Sections {
  readonly answers?: readonly OutRecord[];
  readonly authorities?: readonly OutRecord[];
  readonly additionals?: readonly OutRecord[];
}

/** What does not fit of the answers is left out, and the message marked as cut; what does not fit of the rest is left out. */
function encode(query: Query, code: ResponseCode, sections: Sections, mark = 0): Buffer {
  const option = query.edns === undefined ? undefined : ednsRecord(0, query.edns.dnssec);
  const parts = [Buffer.alloc(headerLength), query.section];
  const counts: number[] = [];
  let room = query.limit - headerLength - query.section.length - (option?.length ?? 0);
  let cut = mark;
  for (const records of [sections.answers, sections.authorities, sections.additionals]) {
    let count = 0;
    for (const record of records ?? []) {
      const bytes = encodedRecord(record);
      if (bytes.length > room) {
        if (records === sections.answers) cut |= flags.truncated;
        room = 0;
        break;
      }
      room -= bytes.length;
      parts.push(bytes);
      count += 1;
    }
    counts.push(count);
  }
  if (option !== undefined) parts.push(option);
  const message = Buffer.concat(parts);
  const wanted = query.recursionDesired ? flags.recursionDesired : 0;
  message.writeUInt16BE(query.id, 0);
  message.writeUInt16BE(
    flags.response | flags.recursionAvailable | flags.authoritative | wanted | cut | codes[code],
    2,
  );
  const [answers = 0, authorities = 0, additionals = 0] = counts;
  for (const [index, count] of [1, answers, authorities, additionals + (option === undefined ? 0 : 1)].entries()) {
    message.writeUInt16BE(count, 4 + index * 2);
  }
  return message;
}

/** Says that EDNS is spoken here, and how long a datagram may be. */
export function ednsRecord(extendedCode: number, dnssec: boolean): Buffer {
  const record = Buffer.alloc(11);
  record.writeUInt16BE(41, 1);
  record.writeUInt16BE(ednsUdpLimit, 3);
  record.writeUInt8(extendedCode, 5);
  record.writeUInt16BE(dnssec ? 0x8000 : 0, 7);
  return record;
}

/** BADVERS is 16: its upper bits are in the record. */
function badVersion(message: Buffer, section: Uint8Array): Buffer {
  const whole = Buffer.concat([
    header(message.readUInt16BE(0), message.readUInt16BE(2), 0),
    section,
    ednsRecord(1, false),
  ]);
  whole.writeUInt16BE(1, 4);
  whole.writeUInt16BE(1, 10);
  return whole;
}

function header(id: number, question: number, code: number): Buffer {
  const message = Buffer.alloc(headerLength);
  message.writeUInt16BE(id, 0);
  message.writeUInt16BE(flags.response | (question & (0x7800 | flags.recursionDesired)) | code, 2);
  return message;
}
