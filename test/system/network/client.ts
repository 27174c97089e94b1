import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { connect } from 'node:net';
import * as packet from 'dns-packet';
import { flows } from './flows.ts';

/**
 * What a client is told: `tcp HOST PORT`, `udp HOST PORT [LOCAL-PORT]`, `hold HOST PORT MS` (says something every 20 ms on one
 * connection to an echo; gives the longest silence in ms), `large HOST PORT BYTES` (a datagram; gives who and the size of the answer), `dns TYPE NAME [SERVER]` (records as JSON), `query TYPE NAME udp|tcp` (a `Reply` of 127.0.0.11,
 * as JSON), `nonsense NAME COUNT` (sends it as many broken questions),
 * or `open`, `answers` and `close HOST PORT` (UDP flows that are held, see flows.ts).
 * What fails gives `error CODE`.
 */
export async function question(kind: string, first: string, second: string, third?: string): Promise<string> {
  try {
    if (kind === 'tcp') return await tcp(first, Number(second));
    if (kind === 'hold') return await hold(first, Number(second), Number(third ?? 1000));
    if (kind === 'large') return await large(first, Number(second), Number(third ?? 0));
    if (['open', 'answers', 'close'].includes(kind)) return JSON.stringify(await flows(kind, first, Number(second)));
    if (kind === 'query') return JSON.stringify(await query(first, second, third === 'tcp'));
    if (kind === 'nonsense') return await nonsense(first, Number(second));
    if (kind === 'udp') return await udp(first, Number(second), Number(third ?? 0));
    return await dns(first, second, third ?? '127.0.0.11');
  } catch (error) {
    return `error ${error instanceof Error && 'code' in error ? String(error.code) : String(error)}`;
  }
}

const deadlineMs = 3_000;
const noAnswer = (): Error => Object.assign(new Error('no answer'), { code: 'TIMEOUT' });

const tcp = async (host: string, port: number): Promise<string> =>
  await new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    let text = '';
    socket.setTimeout(deadlineMs, () => socket.destroy(noAnswer()));
    socket.on('error', reject);
    socket.on('data', (chunk) => (text += String(chunk)));
    socket.on('close', () => resolve(text));
  });

const hold = async (host: string, port: number, ms: number): Promise<string> =>
  await new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true });
    const end = performance.now() + ms;
    let heard = performance.now();
    let longest = 0;
    const timer = setInterval(() => {
      longest = Math.max(longest, performance.now() - heard);
      socket.write('x'.repeat(2_000));
      if (performance.now() < end) return;
      clearInterval(timer);
      socket.end();
    }, 20);
    socket.on('error', (error) => {
      clearInterval(timer);
      reject(error);
    });
    socket.on('data', () => (heard = performance.now()));
    socket.on('close', () => resolve(String(Math.round(longest))));
  });

const large = async (host: string, port: number, bytes: number): Promise<string> => {
  const answer = await udp(host, port, 0, 'x'.repeat(bytes));
  return `${answer.trimEnd()} ${answer.length}`;
};

const udp = async (host: string, port: number, localPort: number, message = 'who'): Promise<string> =>
  await new Promise((resolve, reject) => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    const timer = setTimeout(() => end(() => reject(noAnswer())), deadlineMs);
    const end = (then: () => void): void => {
      clearTimeout(timer);
      socket.close(then);
    };
    socket.on('error', (error) => end(() => reject(error)));
    socket.on('message', (answer) => end(() => resolve(String(answer))));
    // Connected, so that a port that refuses is an error and not silence.
    socket.bind(localPort, () => socket.connect(port, host, () => socket.send(message)));
  });

async function dns(type: string, name: string, server: string): Promise<string> {
  const resolver = new Resolver({ timeout: deadlineMs, tries: 1 });
  resolver.setServers([server]);
  return JSON.stringify(type === 'PTR' ? await resolver.reverse(name) : await resolver.resolve(name, type));
}

/** A message of a resolver. */
export interface Reply {
  readonly rcode: string;
  /** It was cut. */
  readonly cut: boolean;
  readonly answers: readonly Found[];
  readonly additionals: readonly Found[];
}

interface Found {
  readonly name: string;
  readonly ttl?: number | undefined;
  readonly data?: unknown;
}

const dockerResolver = '127.0.0.11';

async function query(type: string, name: string, isTcp: boolean): Promise<Reply> {
  const asked: packet.Packet = {
    type: 'query',
    id: Math.floor(Math.random() * 0x1_0000),
    flags: packet.RECURSION_DESIRED,
    questions: [{ type: type as 'A', name }],
  };
  const found = isTcp
    ? packet.streamDecode(await overTcp(packet.streamEncode(asked)))
    : await overUdp(packet.encode(asked));
  const told = (rows: readonly packet.Answer[] = []): Found[] =>
    rows.filter((row) => row.type !== 'OPT').map((row) => ({ ...row, data: 'data' in row ? row.data : undefined }));
  return {
    rcode: 'rcode' in found ? String(found.rcode) : '',
    cut: 'flag_tc' in found && found.flag_tc === true,
    answers: told(found.answers),
    additionals: told(found.additionals),
  };
}

const overUdp = async (question: Buffer): Promise<packet.DecodedPacket> =>
  await new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    const timer = setTimeout(() => socket.close(() => reject(noAnswer())), deadlineMs);
    socket.on('message', (answer) => {
      clearTimeout(timer);
      socket.close(() => resolve(packet.decode(answer)));
    });
    socket.send(question, 53, dockerResolver);
  });

const overTcp = async (question: Buffer): Promise<Buffer> =>
  await new Promise((resolve, reject) => {
    const socket = connect({ host: dockerResolver, port: 53 }, () => socket.write(question));
    let all = Buffer.alloc(0);
    socket.setTimeout(deadlineMs, () => socket.destroy(noAnswer()));
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      all = Buffer.concat([all, chunk]);
      if (all.length < 2 || all.length < all.readUInt16BE(0) + 2) return;
      socket.destroy();
      resolve(all);
    });
    socket.on('close', () => reject(noAnswer()));
  });

/** Questions with a byte that is another one, and cut short. */
async function nonsense(name: string, count: number): Promise<string> {
  const question = packet.encode({ type: 'query', id: 7, questions: [{ type: 'A', name }] });
  const socket = createSocket('udp4');
  for (let turn = 0; turn < count; turn += 1) {
    const broken = Buffer.from(question.subarray(0, 1 + (turn % question.length)));
    broken[(turn * 7) % broken.length] = (turn * 31) & 255;
    await new Promise<void>((resolve) => socket.send(broken, 53, dockerResolver, () => resolve()));
  }
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return 'sent';
}
