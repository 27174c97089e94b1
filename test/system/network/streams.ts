/**
 * Someone who holds TCP connections, `streams.ts NAME PORT`, to be run in a container: serves on the port, where it says its name and the client's port first, and
 * opens connections. Takes a `StreamCommand` as a JSON line and answers each with one line. A connection's key is the port of
 * whoever opened it, as the other end sees it.
 */
import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';

export type StreamCommand =
  /** Gives an `Opened`. With `from` 0, by any port. */
  | { readonly do: 'open'; readonly host: string; readonly port: number; readonly from: number }
  /** Sends that many bytes; gives their hash when they are on their way. */
  | { readonly do: 'send'; readonly key: number; readonly bytes: number }
  /** Sends a little every 50 ms, until `hush`, which gives how much that was. */
  | { readonly do: 'babble'; readonly key: number }
  | { readonly do: 'hush'; readonly key: number }
  /** Ends its own half. */
  | { readonly do: 'end'; readonly key: number }
  | { readonly do: 'reset'; readonly key: number }
  /** Gives a `Heard`: of what came since it was asked for the last time with `afresh`. */
  | { readonly do: 'heard'; readonly key: number; readonly afresh?: boolean };

export interface Opened {
  readonly key: number;
  /** Who answered, or `error CODE`. */
  readonly who: string;
}

/** What came by a connection. */
export interface Heard {
  readonly bytes: number;
  readonly hash: string;
  /** The longest silence, in ms, up to now. */
  readonly silence: number;
  /** `open`, `ended` by the other end, `closed` by both, or the code of an error. */
  readonly state: string;
}

interface Stream {
  readonly socket: Socket;
  bytes: number;
  hash: Hash;
  heardAt: number;
  silence: number;
  state: string;
  babbled: number;
  timer?: NodeJS.Timeout;
}

const babble = Buffer.alloc(2_000, 'tutti');
const openMs = 2_000;
const streams = new Map<number, Stream>();

function hold(key: number, socket: Socket): Stream {
  const stream: Stream = {
    socket,
    bytes: 0,
    hash: createHash('sha256'),
    heardAt: performance.now(),
    silence: 0,
    state: 'open',
    babbled: 0,
  };
  socket.setNoDelay(true);
  socket.on('data', (chunk) => {
    stream.bytes += chunk.length;
    stream.hash.update(chunk);
    stream.silence = Math.max(stream.silence, performance.now() - stream.heardAt);
    stream.heardAt = performance.now();
  });
  socket.on('end', () => (stream.state = 'ended'));
  socket.on('error', (error) => (stream.state = 'code' in error ? String(error.code) : String(error)));
  socket.on('close', () => {
    clearInterval(stream.timer);
    if (stream.state === 'open' || stream.state === 'ended') stream.state = 'closed';
  });
  streams.set(key, stream);
  return stream;
}

const open = async (host: string, port: number, from: number): Promise<Opened> =>
  await new Promise((resolve) => {
    const socket = connect({ host, port, allowHalfOpen: true, ...(from > 0 && { localPort: from }) });
    const fail = (why: string): void => resolve({ key: 0, who: `error ${why}` });
    const late = setTimeout(() => {
      socket.destroy();
      fail('TIMEOUT');
    }, openMs);
    socket.once('error', (error) => fail('code' in error ? String(error.code) : String(error)));
    // That comes alone: it waits for what it is sent before it says more.
    socket.once('data', (said) => {
      clearTimeout(late);
      const [who = '', key] = String(said).split(' ');
      hold(Number(key), socket);
      resolve({ key: Number(key), who });
    });
  });

function heard(stream: Stream, isAfresh: boolean): Heard {
  const { bytes, state } = stream;
  const silence = Math.round(Math.max(stream.silence, performance.now() - stream.heardAt));
  const answer: Heard = { bytes, state, silence, hash: stream.hash.copy().digest('hex') };
  if (isAfresh) Object.assign(stream, { bytes: 0, hash: createHash('sha256'), silence: 0, heardAt: performance.now() });
  return answer;
}

async function act(command: StreamCommand): Promise<unknown> {
  if (command.do === 'open') return await open(command.host, command.port, command.from);
  const stream = streams.get(command.key);
  if (stream === undefined) throw new Error(`nobody opened a connection by port ${command.key}`);
  const { socket } = stream;
  switch (command.do) {
    case 'send': {
      const bytes = Buffer.alloc(command.bytes, createHash('sha256').update(`${command.key} ${stream.bytes}`).digest());
      socket.write(bytes);
      return createHash('sha256').update(bytes).digest('hex');
    }
    case 'babble':
      stream.timer = setInterval(() => {
        stream.babbled += babble.length;
        socket.write(babble);
      }, 50);
      return null;
    case 'hush':
      clearInterval(stream.timer);
      return stream.babbled;
    case 'end':
      socket.end();
      return null;
    case 'reset':
      socket.resetAndDestroy();
      return null;
    case 'heard':
      return heard(stream, command.afresh === true);
  }
}

const [name = '', port = ''] = process.argv.slice(2);
const server = createServer({ allowHalfOpen: true }, (socket) => {
  hold(socket.remotePort ?? 0, socket);
  socket.write(`${name} ${socket.remotePort}`);
});
await new Promise<void>((resolve) => server.listen(Number(port), '0.0.0.0', resolve));
for await (const line of createInterface({ input: process.stdin })) {
  const { id, command } = JSON.parse(line) as { id: number; command: StreamCommand };
  void act(command).then(
    (value) => process.stdout.write(`${JSON.stringify({ id, value })}\n`),
    (error: unknown) => process.stdout.write(`${JSON.stringify({ id, error: String(error) })}\n`),
  );
}
process.exit(0);
