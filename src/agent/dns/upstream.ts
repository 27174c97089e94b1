import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import type { Transport } from './server.ts';

const perServerMs = 1_800;
const mostServers = 3;

/**
 * Asks resolvers, one after another, for what a client asked, in the transport that the client used. Undefined when
 * none answers in time. The source port and the id are new for each question.
 */
export async function askUpstream(
  message: Buffer,
  servers: readonly string[],
  transport: Transport,
  signal: AbortSignal,
  port = 53,
): Promise<Buffer | undefined> {
  const asked = Buffer.from(message);
  for (const server of servers.slice(0, mostServers)) {
    asked.writeUInt16BE(randomInt(0x1_0000), 0);
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(perServerMs)]);
    const found = await (transport === 'udp' ? overUdp : overTcp)(asked, server, port, deadline);
    if (signal.aborted) return undefined;
    // A resolver that has trouble of its own: the next one may know.
    if (found !== undefined && ![2, 5].includes(found.readUInt16BE(2) & 0xf)) return found;
  }
  return undefined;
}

const isAnswerTo = (asked: Buffer, found: Buffer): boolean =>
  found.length >= 12 && found.readUInt16BE(0) === asked.readUInt16BE(0) && (found.readUInt16BE(2) & 0x8000) !== 0;

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

/** With its length before it, as TCP has it. */
export function framed(message: Buffer): Buffer {
  const whole = Buffer.alloc(message.length + 2);
  whole.writeUInt16BE(message.length, 0);
  message.copy(whole, 2);
  return whole;
}
