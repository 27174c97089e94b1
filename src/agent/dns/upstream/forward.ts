import type { Clock } from '../../../platform/ports.ts';
import { createCache, foreignAnswer } from './cache.ts';
import { cutReply, ednsRecord, reply } from '../message.ts';
import type { Query } from '../message.ts';
import type { Client } from '../table/table.ts';
import type { Upstream } from './upstream.ts';
import { headerLength, questionKey } from '../wire.ts';

/** Answers what others know. */
export interface Forwarder extends Disposable {
  /** At once where the answer is kept here, or nobody may be asked. */
  forward(query: Query, client: Client | undefined, from: Asker): Buffer | Promise<Buffer>;
}

/** Addresses of a client and of the gateway that it asks. The first is what the client says it is, the second is sure. */
export interface Asker {
  readonly address: string;
  readonly gateway: string;
}

export interface ForwarderPorts {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly upstream: Upstream;
  /** Of the node. */
  readonly nameservers: () => readonly string[];
  /** An address that is answered here: to ask there would go round in a circle. */
  readonly isHere: (server: string) => boolean;
}

/** Questions that wait for an answer from elsewhere. */
const mostWaiting = { ofAll: 512, ofGateway: 256, ofClient: 64 } as const;
/** Seconds for which a question that nobody answered is not asked again. */
const failureLife = 1;

export function createForwarder({ clock, upstream, nameservers, isHere }: ForwarderPorts): Forwarder {
  const cache = createCache();
  const ended = new AbortController();
  /** What is being asked, by all that an answer depends on. */
  const underWay = new Map<string, Promise<Buffer | undefined>>();
  const gateways = createTally();
  const clients = createTally();

  const ask = async (key: string, query: Query, servers: readonly string[]): Promise<Buffer | undefined> => {
    try {
      const received = await upstream.ask(query, servers, ended.signal);
      const foreign = received === undefined ? undefined : foreignAnswer(received);
      const message = foreign?.message ?? reply({ ...query, edns: undefined }, 'serverFailure');
      const failed = [2, 5].includes(message.readUInt16BE(2) & 0xf);
      cache.put(
        key,
        failed || foreign === undefined ? { message, ttls: [], life: failureLife } : foreign,
        clock.monotonic(),
      );
      return message;
    } finally {
      underWay.delete(key);
    }
  };

  const wait = async (found: Promise<Buffer | undefined>, query: Query, from: Asker): Promise<Buffer> => {
    clients.add(from.address, 1);
    gateways.add(from.gateway, 1);
    try {
      const message = await found;
      return message === undefined ? reply(query, 'serverFailure') : readdressed(message, query);
    } finally {
      clients.add(from.address, -1);
      gateways.add(from.gateway, -1);
    }
  };
  const isFull = ({ address, gateway }: Asker): boolean =>
    clients.all() >= mostWaiting.ofAll ||
    gateways.of(gateway) >= mostWaiting.ofGateway ||
    clients.of(address) >= mostWaiting.ofClient;

  return {
    forward(query, client, from) {
      const own = client?.nameservers ?? [];
      const servers = (own.length > 0 ? own : nameservers()).filter((server) => !isHere(server));
      const variant = `${query.edns?.dnssec === true ? 'do' : ''}${query.checkingDisabled ? 'cd' : ''}`;
      const key = [variant, ...servers, questionKey(query.section)].join(' ');
      const kept = cache.get(key, clock.monotonic());
      if (kept !== undefined) return readdressed(kept, query);
      if (servers.length === 0 || isFull(from)) return reply(query, 'serverFailure');
      const found = underWay.get(key) ?? ask(key, query, servers);
      underWay.set(key, found);
      return wait(found, query, from);
    },
    [Symbol.dispose]: () => ended.abort(),
  };
}

interface Tally {
  readonly all: () => number;
  readonly of: (key: string) => number;
  add(key: string, count: 1 | -1): void;
}

function createTally(): Tally {
  const counts = new Map<string, number>();
  let all = 0;
  return {
    all: () => all,
    of: (key) => counts.get(key) ?? 0,
    add(key, count) {
      all += count;
      const next = (counts.get(key) ?? 0) + count;
      if (next > 0) counts.set(key, next);
      else counts.delete(key);
    },
  };
}

/** A foreign answer for a question of the same: with its id, its spelling of the name, and no longer than it may be. */
function readdressed(message: Buffer, query: Query): Buffer {
  const option = query.edns === undefined ? [] : [ednsRecord(0, query.edns.dnssec)];
  const copy = Buffer.concat([message, ...option]);
  if (copy.length > query.limit) return cutReply(query);
  copy.writeUInt16BE(query.id, 0);
  const flags = copy.readUInt16BE(2) & ~0x0500;
  copy.writeUInt16BE(flags | (query.recursionDesired ? 0x0100 : 0), 2);
  if (copy.length >= headerLength + query.section.length) copy.set(query.section, headerLength);
  if (option.length > 0) copy.writeUInt16BE(copy.readUInt16BE(10) + 1, 10);
  return copy;
}
