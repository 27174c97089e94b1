import { recordPlaces, types } from '../wire.ts';

/** An answer from elsewhere, without what is between two resolvers only (EDNS). */
export interface Foreign {
  readonly message: Buffer;
  /** Where its times to live are. */
  readonly ttls: readonly number[];
  /** For how long it holds, in seconds: 0 where it may not be kept. */
  readonly life: number;
}

/** Answers from elsewhere, for as long as they say; times in milliseconds, from any monotonic clock. */
export interface AnswerCache {
  /** With the times to live that are left of it. */
  get(key: string, now: number): Buffer | undefined;
  put(key: string, foreign: Foreign, now: number): void;
}

/** Seconds: what changes elsewhere is noticed after this, whatever was said. */
const longest = { positive: 300, negative: 60 } as const;
const most = { answers: 2_000, bytes: 4 * 1_048_576 } as const;

/** The oldest go first. */
export function createCache({
  answers,
  bytes,
}: {
  readonly answers: number;
  readonly bytes: number;
} = most): AnswerCache {
  const kept = new Map<string, { readonly foreign: Foreign; readonly since: number }>();
  let size = 0;
  const drop = (key: string): void => {
    size -= kept.get(key)?.foreign.message.length ?? 0;
    kept.delete(key);
  };
  return {
    get(key, now) {
      const found = kept.get(key);
      if (found === undefined) return undefined;
      const age = Math.floor((now - found.since) / 1000);
      if (age >= found.foreign.life) {
        drop(key);
        return undefined;
      }
      const message = Buffer.from(found.foreign.message);
      for (const at of found.foreign.ttls) message.writeUInt32BE(Math.max(message.readUInt32BE(at) - age, 0), at);
      return message;
    },
    put(key, foreign, now) {
      if (foreign.life <= 0) return;
      drop(key);
      kept.set(key, { foreign, since: now });
      size += foreign.message.length;
      for (const oldest of kept.keys()) {
        if (kept.size <= answers && size <= bytes) break;
        drop(oldest);
      }
    },
  };
}

/**
 * An answer as it is kept: whole, and one that says yes or no. RFC 2308: a no holds for as long as the record of the zone says
 * that comes with it, and not at all without. Undefined for what is no message.
 */
export function foreignAnswer(received: Buffer): Foreign | undefined {
  const places = recordPlaces(received);
  if (places === undefined) return undefined;
  const option = places.find(({ type }) => type === types.OPT);
  const kept = option === undefined ? places : places.filter(({ start }) => start < option.start);
  // What a server says after that record is not needed.
  const message = Buffer.from(received.subarray(0, option?.start ?? received.length));
  message.writeUInt16BE(kept.filter(({ section }) => section === 'additional').length, 10);
  return { message, ttls: kept.map(({ ttlAt }) => ttlAt), life: lifeOf(message, kept) };
}

type Places = NonNullable<ReturnType<typeof recordPlaces>>;

function lifeOf(message: Buffer, records: Places): number {
  const marks = message.readUInt16BE(2);
  const code = marks & 0xf;
  if ((marks & 0x0200) !== 0 || (code !== 0 && code !== 3)) return 0;
  const lives = records.map(({ ttlAt }) => message.readUInt32BE(ttlAt));
  const isNo = code === 3 || message.readUInt16BE(6) === 0;
  if (!isNo) return Math.min(longest.positive, ...lives);
  const zone = records.find(({ section, type }) => section === 'authority' && type === types.SOA);
  return zone === undefined ? 0 : Math.min(longest.negative, message.readUInt32BE(zone.end - 4), ...lives);
}
