import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import type { Clock } from '../../../platform/ports.ts';
import { ednsRecord } from '../message.ts';
import type { Query } from '../message.ts';
import { framed } from '../server.ts';
import { headerLength, questionKey } from '../wire.ts';

/** Resolvers that are asked for what is not ours. */
export interface Upstream {
  /**
   * Asks one after another, those that did not answer lately last, over TCP where an answer is too long for a datagram. The
   * source port and the id are new for each question. Undefined when none answers in time; an answer that says no more than
   * that the resolver has trouble is given only when no other has a better one.
   */
  ask(query: Query, servers: readonly string[], signal: AbortSignal): Promise<Buffer | undefined>;
}

/** Three of them are less than the five seconds that clients wait, and the four of Docker's resolver. */
const perServerMs = 1_200;
const mostServers = 3;
/** One that said nothing is not waited for again so soon. */
const silentMs = 10_000;
const mostRemembered = 64;

const codes = { formatError: 1, serverFailure: 2, notImplemented: 4, refused: 5 } as const;
const trouble: readonly number[] = Object.values(codes);
const codeOf = (message: Buffer): number => message.readUInt16BE(2) & 0xf;

export function createUpstream({
  clock,
  port = 53,
}: {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly port?: number | undefined;
}): Upstream {
  const silentUntil = new Map<string, number>();
  const isSilent = (server: string): boolean => (silentUntil.get(server) ?? 0) > clock.monotonic();

  const askOne = async (query: Query, server: string, signal: AbortSignal): Promise<Buffer | undefined> => {
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(perServerMs)]);
    const found = await overEither(questionOf(query, true), server, port, deadline);
    // A server from before EDNS.
    const isOld =
      found !== undefined && [codes.formatError, codes.notImplemented].some((code) => code === codeOf(found));
    const answer = isOld ? await overEither(questionOf(query, false), server, port, deadline) : found;
    if (answer !== undefined) silentUntil.delete(server);
    else if (!signal.aborted) {
      if (silentUntil.size >= mostRemembered) silentUntil.clear();
      silentUntil.set(server, clock.monotonic() + silentMs);
    }
    return answer;
  };

  return {
    async ask(query, servers, signal) {
      const asked = servers.slice(0, mostServers);
      const ordered = [...asked.filter((each) => !isSilent(each)), ...asked.filter(isSilent)];
      let poor: Buffer | undefined;
      for (const server of ordered) {
        const found = await askOne(query, server, signal);
        if (signal.aborted) return undefined;
        if (found === undefined) continue;
        // A resolver that has trouble of its own: the next one may know.
        if (!trouble.includes(codeOf(found))) return found;
        poor ??= found;
      }
      return poor;
    },
  };
}

function questionOf(query: Query, edns: boolean): Buffer {
  const head = Buffer.alloc(headerLength);
  head.writeUInt16BE(randomInt(0x1_0000), 0);
  head.writeUInt16BE(0x0100 | (query.checkingDisabled ? 0x0010 : 0), 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(edns ? 1 : 0, 10);
  return Buffer.concat([head, query.section, ...(edns ? [ednsRecord(0, query.edns?.dnssec ?? false)] : [])]);
}

/** Its id, and the question itself: whoever sends something else cannot have seen it. */
function isAnswerTo(asked: Buffer, found: Buffer): boolean {
  const end = asked.length - (asked.readUInt16BE(10) === 1 ? 11 : 0);
  if (found.length < end || (found.readUInt16BE(2) & 0x8000) === 0) return false;
  if (found.readUInt16BE(0) !== asked.readUInt16BE(0) || found.readUInt16BE(4) !== 1) return false;
  const key = (message: Buffer): string => questionKey(message.subarray(headerLength, end));
  return key(asked) === key(found);
}

async function overEither(
  asked: Buffer,
  server: string,
  port: number,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  const found = await overUdp(asked, server, port, signal);
  const isCut = found !== undefined && (found.readUInt16BE(2) & 0x0200) !== 0;
  // With no TCP there, what the datagram held is better than nothing.
  return isCut ? ((await overTcp(asked, server, port, signal)) ?? found) : found;
}

async function overUdp(asked: Buffer, server: string, port: number, signal: AbortSignal): Promise<Buffer | undefined> {
  return await new Promise((resolve) => {
    const socket = createSocket(server.includes(':') ? 'udp6' : 'udp4');
    const end = (found?: Buffer): void => {
      signal.removeEventListener('abort', stop);
      socket.removeAllListeners().on('error', () => undefined);
      socket.close();
      resolve(found);
    };
    const stop = (): void => end();
    signal.addEventListener('abort', stop, { once: true });
    socket.on('error', stop);
    socket.on('message', (found) => {
      if (isAnswerTo(asked, found)) end(found);
    });
    // Connected, so that the kernel drops what anyone else sends.
    socket.connect(port, server, () => socket.send(asked));
  });
}

async function overTcp(asked: Buffer, server: string, port: number, signal: AbortSignal): Promise<Buffer | undefined> {
  return await new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect({ host: server, port, signal });
    const end = (found?: Buffer): void => {
      socket.removeAllListeners().on('error', () => undefined);
      socket.destroy();
      resolve(found);
    };
    socket.on('error', () => end());
    socket.on('close', () => end());
    socket.on('connect', () => socket.write(framed(asked)));
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      const whole = Buffer.concat(chunks);
      const length = whole.length >= 2 ? whole.readUInt16BE(0) : Number.POSITIVE_INFINITY;
      if (whole.length < length + 2) return;
      const found = whole.subarray(2, length + 2);
      end(isAnswerTo(asked, found) ? found : undefined);
    });
  });
}
