import type { Buffer } from 'node:buffer';

/** A message of protocol buffers by its fields' numbers: numbers as they are, all else as bytes. The last of a name counts. */
export type Fields = ReadonlyMap<number, bigint | Buffer>;

const wire = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 };

/** Undefined where it is none. */
export const readFields = (message: Buffer): Fields | undefined => {
  const fields = new Map<number, bigint | Buffer>();
  let at = 0;
  const varint = (): bigint | undefined => {
    let value = 0n;
    for (let shift = 0n; shift < 70n && at < message.length; shift += 7n) {
      const byte = message.readUInt8(at++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return undefined;
  };
  while (at < message.length) {
    const tag = varint();
    if (tag === undefined) return undefined;
    const field = Number(tag >> 3n);
    const kind = Number(tag & 7n);
    const value = kind === wire.varint || kind === wire.bytes ? varint() : undefined;
    if (kind === wire.varint) {
      if (value === undefined) return undefined;
      fields.set(field, value);
      continue;
    }
    const length = kind === wire.fixed64 ? 8 : kind === wire.fixed32 ? 4 : Number(value ?? -1);
    if (length < 0 || at + length > message.length) return undefined;
    fields.set(field, message.subarray(at, at + length));
    at += length;
  }
  return fields;
};

export const bytesIn = (fields: Fields, field: number): Buffer | undefined => {
  const value = fields.get(field);
  return typeof value === 'bigint' ? undefined : value;
};

export const numberIn = (fields: Fields, field: number): number => {
  const value = fields.get(field);
  return typeof value === 'bigint' ? Number(value) : 0;
};
