import * as packet from 'dns-packet';

/** Answers from elsewhere, for a few seconds. */
export interface AnswerCache {
  get(key: string, now: number): Buffer | undefined;
  put(key: string, message: Buffer, now: number): void;
}

/** Answers are given on with the life that they came with: kept no longer than this, that is little too long. */
const longestMs = 5_000;

/** At most `size` answers; the oldest goes first. Times in milliseconds, from any monotonic clock. */
export function createCache(size = 2_000): AnswerCache {
  const kept = new Map<string, { readonly message: Buffer; readonly until: number }>();
  return {
    get(key, now) {
      const found = kept.get(key);
      if (found === undefined) return undefined;
      if (found.until > now) return found.message;
      kept.delete(key);
      return undefined;
    },
    put(key, message, now) {
      const ms = lifeMs(message);
      if (ms <= 0) return;
      kept.delete(key);
      const [oldest] = kept.keys();
      if (kept.size >= size && oldest !== undefined) kept.delete(oldest);
      kept.set(key, { message, until: now + ms });
    },
  };
}

/** Only whole answers that say yes or no are kept. */
function lifeMs(message: Buffer): number {
  const flags = message.readUInt16BE(2);
  const code = flags & 0xf;
  if ((flags & 0x0200) !== 0 || (code !== 0 && code !== 3)) return 0;
  try {
    const { answers = [], authorities = [] } = packet.decode(message);
    const lives = [...answers, ...authorities].flatMap((record) => ('ttl' in record ? [record.ttl ?? 0] : []));
    return Math.min(longestMs, ...lives.map((seconds) => seconds * 1000));
  } catch {
    return 0;
  }
}
