/** UDP flows that are held: two dozen sockets to one place, each of which says something every 50 ms. */
import { createSocket } from 'node:dgram';

const count = 24;
const everyMs = 50;
/** What was answered longer ago than that is silent. */
const freshMs = 500;

/** How flows are answered. */
export interface Answers {
  /** Who answers them now, each once. */
  readonly names: readonly string[];
  /** How many are not answered. */
  readonly silent: number;
  /** The longest that one of them was not answered, since all of them first were. */
  readonly longestMs: number;
}

interface Flow {
  name: string;
  heardAt: number;
}

interface Held {
  answers(): Answers;
  close(): void;
}

const held = new Map<string, Held>();

/** `open`, `answers` or `close` of the flows to a place; gives how they are answered. `open` waits until all of them are. */
export async function flows(kind: string, host: string, port: number): Promise<Answers> {
  const key = `${host} ${port}`;
  const known = held.get(key);
  if (known === undefined) {
    const made = await open(host, port);
    held.set(key, made);
    return made.answers();
  }
  const answers = known.answers();
  if (kind === 'close') {
    known.close();
    held.delete(key);
  }
  return answers;
}

async function open(host: string, port: number): Promise<Held> {
  let longestMs = 0;
  const first = Promise.withResolvers<void>();
  const all = Array.from({ length: count }, () => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    socket.unref();
    const flow: Flow = { name: '', heardAt: 0 };
    socket.on('message', (answer) => {
      const now = performance.now();
      if (isBegun()) longestMs = Math.max(longestMs, now - flow.heardAt);
      [flow.name, flow.heardAt] = [String(answer).split(' ')[0] ?? '', now];
      if (isBegun()) first.resolve();
    });
    return { socket, flow };
  });
  const isBegun = (): boolean => all.every(({ flow }) => flow.heardAt > 0);
  const timer = setInterval(() => {
    for (const { socket } of all) socket.send('who', port, host, () => undefined);
  }, everyMs);
  // A test that fails does not wait for them.
  timer.unref();
  const late = setTimeout(() => first.reject(new Error('not all were answered')), 15_000);
  const close = (): void => {
    clearInterval(timer);
    for (const { socket } of all) socket.close();
  };
  try {
    await first.promise;
  } catch (thrown) {
    close();
    throw thrown;
  } finally {
    clearTimeout(late);
  }
  return {
    close,
    answers() {
      const since = performance.now() - freshMs;
      const answered = all.filter(({ flow }) => flow.heardAt > since);
      return {
        names: [...new Set(answered.map(({ flow }) => flow.name))].toSorted(),
        silent: all.length - answered.length,
        longestMs: Math.round(longestMs),
      };
    },
  };
}
