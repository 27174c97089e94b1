import { Buffer } from 'node:buffer';
import { bytesIn, numberIn, readFields } from './protobuf.ts';

/** What a few files that a client sends turned out to be, as far as it is whole. */
export type Sent =
  /** A file is listed. BuildKit does not ask for those which it had before. */
  | { readonly kind: 'listed'; readonly key: string }
  | { readonly kind: 'all-listed' }
  /** A file has come to its end. */
  | { readonly kind: 'file'; readonly key: string; readonly text: string };

export interface SentFiles {
  /** Undefined: this is no small set of files, and is not worth looking at any more. */
  take(data: Uint8Array): readonly Sent[] | undefined;
}

/** A Dockerfile comes by itself, with what it ignores; a context has more files than this, or does not matter. */
const mostFiles = 8;
/** Of all of them together. */
const mostBytes = 1024 * 1024;

/** Packets of fsutil, which BuildKit and its clients copy files with: their fields, and their types. */
const packet = { type: 1, stat: 2, id: 3, data: 4 };
const packets = { stat: 0, data: 2 };

/** Reads one stream of gRPC on which a client answers BuildKit's wish for a directory. */
export const createSentFiles = (): SentFiles => {
  let held = Buffer.alloc(0);
  let seen = 0;
  const keys: string[] = [];
  const files = new Map<number, Buffer[]>();

  const read = (message: Buffer): Sent | 'nothing' | undefined => {
    const fields = readFields(message);
    if (fields === undefined) return undefined;
    const type = numberIn(fields, packet.type);
    if (type === packets.stat) {
      const stat = bytesIn(fields, packet.stat);
      if (stat === undefined) return { kind: 'all-listed' };
      const key = stat.toString('base64');
      keys.push(key);
      return keys.length > mostFiles ? undefined : { kind: 'listed', key };
    }
    if (type !== packets.data) return 'nothing';
    const id = numberIn(fields, packet.id);
    const data = bytesIn(fields, packet.data);
    const key = keys[id];
    if (key === undefined) return undefined;
    const chunks = files.get(id) ?? [];
    if (data !== undefined && data.length > 0) {
      files.set(id, [...chunks, data]);
      return 'nothing';
    }
    files.delete(id);
    return { kind: 'file', key, text: Buffer.concat(chunks).toString() };
  };

  return {
    take: (data) => {
      seen += data.length;
      if (seen > mostBytes) return undefined;
      held = Buffer.concat([held, data]);
      const found: Sent[] = [];
      for (;;) {
        const message = firstMessage(held);
        if (message === undefined) return found;
        if (message === 'compressed') return undefined;
        held = held.subarray(message.length + messageHead);
        const sent = read(message);
        if (sent === undefined) return undefined;
        if (sent !== 'nothing') found.push(sent);
      }
    },
  };
};

const messageHead = 5;

/** gRPC puts one byte before each message that says whether it is compressed, and four with its length. */
const firstMessage = (held: Buffer): Buffer | 'compressed' | undefined => {
  if (held.length < messageHead) return undefined;
  if (held[0] !== 0) return 'compressed';
  const end = messageHead + held.readUInt32BE(1);
  return held.length < end ? undefined : held.subarray(messageHead, end);
};
