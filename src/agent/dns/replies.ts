import type { Transport } from './server.ts';

/** Records of one length that follow one another, to be given in another order each time. */
export interface Rotating {
  readonly start: number;
  readonly size: number;
  readonly count: number;
}

/**
 * What was answered: a question that comes again in the same bytes, as nearly all do, has the same answer with its own
 * id, until the names change. Looking it up is a tenth of making it.
 */
export interface Replies {
  find(message: Buffer, transport: Transport): Buffer | undefined;
  keep(message: Buffer, transport: Transport, reply: Buffer, rotating?: Rotating): void;
  clear(): void;
}

interface Kept {
  readonly reply: Buffer;
  readonly rotating: Rotating | undefined;
}

const longestQuestion = 300;

/** `stamp` changes with the names; `noted` is called for each one that is kept. */
export function createReplies(stamp: () => number, noted: () => void): Replies {
  const kept = { udp: new Map<string, Kept>(), tcp: new Map<string, Kept>() } as const;
  let of = stamp();
  const clear = (): void => {
    kept.udp.clear();
    kept.tcp.clear();
  };
  return {
    clear,
    find(message, transport) {
      const now = stamp();
      if (now !== of) {
        of = now;
        clear();
        return undefined;
      }
      const found = kept[transport].get(keyOf(message));
      if (found === undefined) return undefined;
      const copy = Buffer.allocUnsafe(found.reply.length);
      found.reply.copy(copy);
      copy[0] = message[0] ?? 0;
      copy[1] = message[1] ?? 0;
      if (found.rotating !== undefined) rotate(found.reply, found.rotating);
      return copy;
    },
    keep(message, transport, reply, rotating) {
      if (message.length > longestQuestion || stamp() !== of) return;
      kept[transport].set(keyOf(message), { reply: Buffer.from(reply), rotating });
      noted();
    },
  };
}

/** All but the id. */
const keyOf = (message: Buffer): string => message.toString('latin1', 2);

/** The first becomes the last. */
export function rotate(message: Buffer, { start, size, count }: Rotating): void {
  const first = Uint8Array.from(message.subarray(start, start + size));
  const end = start + size * count;
  message.copyWithin(start, start + size, end);
  message.set(first, end - size);
}
