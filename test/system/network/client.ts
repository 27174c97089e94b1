import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { connect } from 'node:net';

/**
 * What a client is told: `tcp HOST PORT`, `udp HOST PORT [LOCAL-PORT]`, `hold HOST PORT MS` (says something every 20 ms on one
 * connection to an echo; gives the longest silence in ms), `large HOST PORT BYTES` (a datagram; gives who and the size of the answer), or `dns TYPE NAME [SERVER]` (records as JSON).
 * What fails gives `error CODE`.
 */
export async function question(kind: string, first: string, second: string, third?: string): Promise<string> {
  try {
    if (kind === 'tcp') return await tcp(first, Number(second));
    if (kind === 'hold') return await hold(first, Number(second), Number(third ?? 1000));
    if (kind === 'large') return await large(first, Number(second), Number(third ?? 0));
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
