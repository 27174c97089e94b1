import type { Clock, Log } from '../../platform/ports.ts';
import { TuttiError } from '../../model/errors.ts';
import { answer } from './answer.ts';
import { createForwarder } from './upstream/forward.ts';
import { encodeOutcome, parseQuery } from './message.ts';
import type { RowChange } from './row.ts';
import { listen } from './server.ts';
import type { Handler } from './server.ts';
import { createNameTable } from './table/table.ts';
import { createUpstream } from './upstream/upstream.ts';

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
  /** Answers with this from now on, and listens no more on what is no network's gateway. The others stay open. */
  change(change: RowChange): void;
  /** Rows that it answers from. */
  readonly size: () => number;
  /** Listens on a network's gateway. @throws TuttiError `conflict` where the port is taken, `unavailable` without the address. */
  listen(address: string): Promise<void>;
}

export function createDns({ clock, log, nameservers, port = 53, upstreamPort }: DnsPorts): Dns {
  const listeners = new Map<string, Promise<AsyncDisposable>>();
  const table = createNameTable();
  const upstream = createUpstream({ clock, port: upstreamPort });
  const forwarder = createForwarder({ clock, upstream, nameservers, isHere: (server) => listeners.has(server) });
  let ended = false;
  let turn = 0;

  const handlerAt =
    (gateway: string): Handler =>
    (message, address, transport) => {
      const client = table.client(address, gateway);
      const known = client?.replies.find(message, transport);
      if (known !== undefined) return known;
      const parsed = parseQuery(message, transport);
      if (parsed.kind === 'ignore') return undefined;
      if (parsed.kind === 'reply') return parsed.reply;
      const { query } = parsed;
      const outcome = answer(query.question, client, table);
      if (outcome.kind === 'forward') return forwarder.forward(query, client, { address, gateway });
      const encoded = encodeOutcome(query, outcome, turn++);
      // Names that there are: of others there is no end.
      if (query.repeatable && encoded.once !== true && outcome.kind !== 'unknown') {
        client?.replies.keep(message, transport, encoded.message, encoded.rotating);
      }
      return encoded.message;
    };

  const close = async (address: string): Promise<void> => {
    const listener = listeners.get(address);
    listeners.delete(address);
    await (await listener?.catch(() => undefined))?.[Symbol.asyncDispose]();
  };

  return {
    size: table.size,
    change(next) {
      table.apply(next);
      const gateways = table.gateways();
      for (const address of listeners.keys()) {
        if (gateways.has(address)) continue;
        close(address).catch((thrown: unknown) => log.warn('resolver', { reason: TuttiError.from(thrown).message }));
      }
    },
    async listen(address) {
      if (ended) return;
      const opening = listeners.get(address) ?? listen(address, port, handlerAt(address));
      listeners.set(address, opening);
      try {
        await opening;
      } catch (thrown) {
        if (listeners.get(address) === opening) listeners.delete(address);
        throw thrown;
      }
    },
    async [Symbol.asyncDispose]() {
      ended = true;
      forwarder[Symbol.dispose]();
      for (const address of listeners.keys()) await close(address);
    },
  };
}
