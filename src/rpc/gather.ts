/** Beyond this many bytes a body is read for its pace, not for its first byte. */
const bulkBytes = 64 * 1024;
/** A chunk that is worth to be written by itself. */
const largeBytes = 32 * 1024;
/** What has been passed on is garbage; see ADR 35. */
const sweepBytes = 8 * 1024 * 1024;

/** Takes chunks and hands them on; see createGatherer. */
export interface Gatherer {
  readonly take: (chunk: Uint8Array) => void;
  /** Hands on what is held. */
  readonly flush: () => void;
  /** Forgets what is held. */
  readonly drop: () => void;
}

/**
 * Of a long body it makes one chunk of what arrives in one turn of the event loop, of 64 KiB or a little more: chunks are
 * as small as a line or a TLS record, and each that is written costs a call of the kernel, wakes its reader, and gets a
 * frame of its own on the way. What is large is handed on at once, and the beginning of a body, so a short one, too.
 */
export const createGatherer = (write: (chunk: Uint8Array) => void, sweep: () => void = sweepYoung): Gatherer => {
  let passed = 0;
  let unswept = 0;
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let timer: NodeJS.Immediate | undefined;
  const drop = (): void => {
    clearImmediate(timer);
    timer = undefined;
    held = [];
    heldBytes = 0;
  };
  const pass = (chunk: Uint8Array): void => {
    write(chunk);
    if (unswept < sweepBytes) return;
    unswept = 0;
    sweep();
  };
  const flush = (): void => {
    const [first] = held;
    if (first === undefined) return;
    const chunk = held.length === 1 ? first : Buffer.concat(held, heldBytes);
    drop();
    pass(chunk);
  };
  const take = (chunk: Uint8Array): void => {
    passed += chunk.length;
    unswept += chunk.length;
    if (passed < bulkBytes || (heldBytes === 0 && chunk.length >= largeBytes)) {
      pass(chunk);
      return;
    }
    held.push(chunk);
    heldBytes += chunk.length;
    if (heldBytes >= bulkBytes) flush();
    else timer ??= setImmediate(flush);
  };
  return { take, flush, drop };
};

/** Where the process was started with --expose-gc, as the daemons are. */
const sweepYoung = (): void => globalThis.gc?.({ type: 'minor' });
