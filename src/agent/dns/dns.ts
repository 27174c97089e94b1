import type { Clock, Log } from '../../platform/ports.ts';
import { TuttiError } from '../../model/errors.ts';
import { answer } from './answer.ts';
import { createCache } from './cache.ts';
import { encodeOutcome, parseQuery, readdressed, reply } from './message.ts';
import type { Query } from './message.ts';
import type { Rows } from './row.ts';
import { listen } from './server.ts';
import type { Transport } from './server.ts';
import { gatewaysOf, nameTable } from './table.ts';
import type { Client, NameTable } from './table.ts';
import { askUpstream } from './upstream.ts';

export interface DnsPorts {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly log: Log;
  /** The node's own resolvers, asked for what is not ours. */
  readonly nameservers: () => readonly string[];
  /** Default: 53, for listening and for asking. */
  readonly port?: number;
  readonly upstreamPort?: number;
}

/** The resolver of the node's containers. */
export interface Dns extends AsyncDisposable {
  /** Answers from these from now on, and listens no more on what is no network's gateway. The others stay open. */
  update(rows: Rows): void;
  /** Listens on a network's gateway. @throws TuttiError `conflict` where the port is taken, `unavailable` without the address. */
  listen(address: string): Promise<void>;
}

/** Questions that wait for an answer from elsewhere, over all clients and of one. */
const mostForwarded = 512;
const mostForwardedOfOne = 64;

export function createDns(ports: DnsPorts): Dns {
  const { clock, log, nameservers, port = 53, upstreamPort = 53 } = ports;
  const cache = createCache();
  const listeners = new Map<string, Promise<AsyncDisposable>>();
  const waiting = new Map<string, number>();
  const ended = new AbortController();
  let forwarded = 0;
  let turn = 0;
  let rows: Rows = new Map();
  /** Made when it is first asked for, so that a burst of changes costs one table. */
  let table: NameTable | undefined;

  const tableNow = (): NameTable => (table ??= nameTable(rows));

  const handle = (message: Buffer, address: string, transport: Transport): Buffer | undefined | Promise<Buffer> => {
    const parsed = parseQuery(message, transport);
    if (parsed.kind === 'ignore') return undefined;
    if (parsed.kind === 'reply') return parsed.reply;
    const names = tableNow();
    const client = names.client(address);
    const outcome = answer(parsed.query.question, client, names, turn++);
    if (outcome.kind !== 'forward') return encodeOutcome(parsed.query, outcome);
    return forward(message, parsed.query, client, address, transport);
  };

  const forward = (
    message: Buffer,
    query: Query,
    client: Client | undefined,
    address: string,
    transport: Transport,
  ): Buffer | Promise<Buffer> => {
    const own = client?.nameservers ?? [];
    const servers = (own.length > 0 ? own : nameservers()).filter((server) => !listeners.has(server));
    const key = [query.question.type, query.question.name, query.variant, transport, ...servers].join(' ');
    const kept = cache.get(key, clock.monotonic());
    if (kept !== undefined) return readdressed(kept, query);
    const mine = waiting.get(address) ?? 0;
    if (servers.length === 0 || forwarded >= mostForwarded || mine >= mostForwardedOfOne) {
      return reply(query, 'serverFailure');
    }
    forwarded += 1;
    waiting.set(address, mine + 1);
    const ask = async (): Promise<Buffer> => {
      try {
        const found = await askUpstream(message, servers, transport, ended.signal, upstreamPort);
        if (found === undefined) return reply(query, 'serverFailure');
        cache.put(key, found, clock.monotonic());
        return readdressed(found, query);
      } finally {
        forwarded -= 1;
        const left = (waiting.get(address) ?? 1) - 1;
        if (left > 0) waiting.set(address, left);
        else waiting.delete(address);
      }
    };
    return ask();
  };

  const open = async (address: string): Promise<void> => {
    if (ended.signal.aborted) return;
    const present = listeners.get(address);
    const opening = present ?? listen(address, port, handle);
    listeners.set(address, opening);
    try {
      await opening;
    } catch (thrown) {
      if (listeners.get(address) === opening) listeners.delete(address);
      throw thrown;
    }
  };

  const close = async (address: string): Promise<void> => {
    const listener = listeners.get(address);
    listeners.delete(address);
    await (await listener?.catch(() => undefined))?.[Symbol.asyncDispose]();
  };

  return {
    update(next) {
      rows = next;
      table = undefined;
      const gateways = gatewaysOf(rows);
      for (const address of listeners.keys()) {
        if (gateways.has(address)) continue;
        close(address).catch((thrown: unknown) => log.warn('resolver', { reason: TuttiError.from(thrown).message }));
      }
    },
    listen: open,
    async [Symbol.asyncDispose]() {
      ended.abort();
      for (const address of listeners.keys()) await close(address);
    },
  };
}
