import { addressBytes } from '../address.ts';

export const headerLength = 12;
const longestName = 255;

/** Numbers of record types that are read or written here. */
export const types = { A: 1, SOA: 6, PTR: 12, AAAA: 28, SRV: 33, OPT: 41, ANY: 255 } as const;
const typeNames = new Map<number, string>(Object.entries(types).map(([name, number]) => [number, name]));
/** Those that mean nothing here as RFC 3597 has them: `TYPE16`. */
export const typeName = (type: number): string => typeNames.get(type) ?? `TYPE${type}`;

/** A record to be written. */
export interface OutRecord {
  /** Its name, or 0xc000 and where in the message it is written. */
  readonly owner: Buffer;
  readonly type: Exclude<keyof typeof types, 'ANY' | 'OPT'>;
  readonly ttl: number;
  readonly data: Buffer;
}

/** A name written out; undefined for one that DNS has no room for. */
export function encodedName(name: string): Buffer | undefined {
  const labels = name.split('.').map((label) => Buffer.from(label, 'utf8'));
  if (labels.some(({ length }) => length === 0 || length > 63)) return undefined;
  const bytes = Buffer.concat([...labels.flatMap((label) => [Buffer.from([label.length]), label]), Buffer.alloc(1)]);
  return bytes.length > longestName ? undefined : bytes;
}

/** The name that begins at an offset of the message. */
export const pointer = (offset: number): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(0xc000 | offset);
  return bytes;
};

export function encodedRecord({ owner, type, ttl, data }: OutRecord): Buffer {
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(types[type], 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt32BE(ttl, 4);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([owner, fixed, data]);
}

export const addressRecord = (owner: Buffer, address: string, ttl: number): OutRecord => {
  const data = Buffer.from(addressBytes(address) ?? [0, 0, 0, 0]);
  return { owner, type: data.length === 4 ? 'A' : 'AAAA', ttl, data };
};

export function serviceRecord(owner: Buffer, port: number, target: Buffer, ttl: number): OutRecord {
  const fixed = Buffer.alloc(6);
  fixed.writeUInt16BE(port, 4);
  return { owner, type: 'SRV', ttl, data: Buffer.concat([fixed, target]) };
}

/** Says for how long nothing more is to be asked: see RFC 2308. */
export function authorityRecord(owner: Buffer, ttl: number): OutRecord {
  const server = encodedName('resolver.tutti') ?? Buffer.alloc(1);
  const mailbox = encodedName('nobody.tutti') ?? Buffer.alloc(1);
  const numbers = Buffer.alloc(20);
  for (const [index, value] of [1, 3600, 600, 86_400, ttl].entries()) numbers.writeUInt32BE(value, index * 4);
  return { owner, type: 'SOA', ttl, data: Buffer.concat([server, mailbox, numbers]) };
}

/** What a message with one question asks for. */
export interface AskedFor {
  /** Without the dot at the end, spelled as it came. */
  readonly name: string;
  readonly type: number;
  readonly class: number;
  /** Where the section ends. */
  readonly end: number;
}

/** Undefined when the name is not written out in full, as it has no reason not to be, or is longer than names may be. */
export function questionAt(message: Buffer): AskedFor | undefined {
  const labels: string[] = [];
  let at = headerLength;
  for (let length = message[at]; length !== 0; length = message[at]) {
    if (length === undefined || length > 63) return undefined;
    labels.push(message.toString('utf8', at + 1, at + 1 + length));
    at += length + 1;
  }
  const end = at + 5;
  if (end > message.length || at + 1 - headerLength > longestName) return undefined;
  return { name: labels.join('.'), type: message.readUInt16BE(at + 1), class: message.readUInt16BE(at + 3), end };
}

/**
 * The same for questions that have the same answer: byte for byte but for the case of letters. A text of the name would not do:
 * a dot may be in a label, and what is no UTF-8 would all look alike.
 */
export function questionKey(section: Uint8Array): string {
  const text = Buffer.from(section.buffer, section.byteOffset, section.length).toString('latin1');
  return text.slice(0, -4).replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) + text.slice(-4);
}

/** Where a record of a message is. */
export interface RecordPlace {
  readonly section: 'answer' | 'authority' | 'additional';
  readonly type: number;
  readonly start: number;
  /** Of the time to live, which data of `dataLength` bytes follow after two more. */
  readonly ttlAt: number;
  readonly end: number;
}

/** The records of a message with one question; undefined where it does not hold what it says. */
export function recordPlaces(message: Buffer): readonly RecordPlace[] | undefined {
  let at = message.length < headerLength || message.readUInt16BE(4) !== 1 ? undefined : questionAt(message)?.end;
  const places: RecordPlace[] = [];
  for (const [index, section] of (['answer', 'authority', 'additional'] as const).entries()) {
    for (let left = at === undefined ? 0 : message.readUInt16BE(6 + index * 2); left > 0; left -= 1) {
      const start: number = at ?? 0;
      const named = nameEnd(message, start);
      if (named === undefined || named + 10 > message.length) return undefined;
      const end = named + 10 + message.readUInt16BE(named + 8);
      if (end > message.length) return undefined;
      places.push({ section, type: message.readUInt16BE(named), start, ttlAt: named + 4, end });
      at = end;
    }
  }
  return at === undefined ? undefined : places;
}

/** Where a name ends in its place, wherever it goes on. */
function nameEnd(message: Buffer, start: number): number | undefined {
  for (let at = start; ; ) {
    const length = message[at];
    if (length === undefined) return undefined;
    if (length === 0) return at + 1;
    if (length >= 0xc0) return at + 2;
    if (length > 63) return undefined;
    at += length + 1;
  }
}
