import type { Clock } from '../../platform/ports.ts';
import type { DoorLogOptions } from '../../rpc/door.ts';
import type { ProxyHost } from './ports.ts';

/** After the end of what was followed, and while there is no proxy. */
const againMs = 250;
/** A worker that has been replaced answers what it had begun; so long it is still heard. */
const lastWordsMs = 1_000;
const events = 'show events access';

type Host = Pick<ProxyHost, 'ask' | 'lines' | 'watch'>;

/**
 * Lines of the proxy's access log, a JSON object each. Followed, it goes on with the next worker when routes are loaded and
 * waits while no proxy runs; else it ends with what is there, which is what the worker of now has logged.
 */
export async function* accessLines(
  host: Host,
  clock: Pick<Clock, 'sleep' | 'after'>,
  { follow, tail, backend }: DoorLogOptions,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const route = backend === undefined ? '' : `"route":"${backend}"`;
  // What is no object is HAProxy's own: that it has no log, that lines were lost, that it ends.
  const isWanted = (line: string): boolean => line.startsWith('{') && line.endsWith('}') && line.includes(route);
  let skipped = tail === undefined ? 0 : (await count(host.lines(events, signal), isWanted)) - tail;
  let known: string | undefined;
  for (;;) {
    const worker = await processId(host, signal);
    const heard = worker === known;
    known = worker ?? known;
    const lines = follow ? untilReplaced(host, clock, heard, signal) : host.lines(events, signal);
    for await (const line of worker === undefined ? [] : lines) {
      if (!isWanted(line)) continue;
      if (skipped > 0) skipped -= 1;
      else yield line;
    }
    if (!follow) return;
    skipped = 0;
    await clock.sleep(againMs, signal);
  }
}

/** What the worker of now logs, from its first line on where it was not heard before. A follower keeps a worker from ending. */
async function* untilReplaced(
  host: Host,
  clock: Pick<Clock, 'after'>,
  heard: boolean,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const over = new AbortController();
  using parts = new DisposableStack();
  parts.use(
    host.watch(() => {
      parts.adopt(
        clock.after(lastWordsMs, () => over.abort()),
        (timer) => timer.cancel(),
      );
    }),
  );
  try {
    yield* host.lines(`${events} -w${heard ? ' -n' : ''}`, AbortSignal.any([signal, over.signal]));
  } catch (thrown) {
    if (!over.signal.aborted || signal.aborted) throw thrown;
  }
}

const count = async (lines: AsyncIterable<string>, isCounted: (line: string) => boolean): Promise<number> => {
  let found = 0;
  for await (const line of lines) if (isCounted(line)) found += 1;
  return found;
};

const processId = async (host: Host, signal: AbortSignal): Promise<string | undefined> =>
  /^Pid: (\d+)$/m.exec((await host.ask('control', 'show info', signal)) ?? '')?.[1];
