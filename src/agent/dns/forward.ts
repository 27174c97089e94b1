import type { Clock } from '../../platform/ports.ts';
import { createCache, foreignAnswer } from './cache.ts';
import { cutReply, ednsRecord, reply } from './message.ts';
import type { Query } from './message.ts';
import type { Client } from './table.ts';
import type { Upstream } from './upstream.ts';
import { headerLength } from './wire.ts';

/** Answers what others know. */
export interface Forwarder extends Disposable {
  /** `address`: the client's. At once where the answer is kept here, or nobody may be asked. */
  forward(query: Query, client: Client | undefined, address: string): Buffer | Promise<Buffer>;
}

export interface ForwarderPorts {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly upstream: Upstream;
  /** Of the node. */
  readonly nameservers: () => readonly string[];
  /** An address that is answered here: to ask there would go round in a circle. */
  readonly isHere: (server: string) => boolean;
}

/** Questions that wait for an answer from elsewhere: of all clients, and of one. */
const mostWaiting = 512;
const mostWaitingOfOne = 64;
/** Seconds for which a question that nobody answered is not asked again. */
const failureLife = 1;

export function createForwarder({ clock, upstream, nameservers, isHere }: ForwarderPorts): Forwarder {
  const cache = createCache();
  const ended = new AbortController();
  /** What is being asked, by all that an answer depends on. */
  const underWay = new Map<string, Promise<Buffer | undefined>>();
  const waitingOf = new Map<string, number>();
  let waiting = 0;

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

  const wait = async (found: Promise<Buffer | undefined>, query: Query, address: string): Promise<Buffer> => {
    waiting += 1;
    waitingOf.set(address, (waitingOf.get(address) ?? 0) + 1);
    try {
      const message = await found;
      return message === undefined ? reply(query, 'serverFailure') : readdressed(message, query);
    } finally {
      waiting -= 1;
      const left = (waitingOf.get(address) ?? 1) - 1;
      if (left > 0) waitingOf.set(address, left);
      else waitingOf.delete(address);
    }
  };

  return {
    forward(query, client, address) {
      const own = client?.nameservers ?? [];
      const servers = (own.length > 0 ? own : nameservers()).filter((server) => !isHere(server));
      const { type, name } = query.question;
      const variant = `${query.edns?.dnssec === true ? 'do' : ''}${query.checkingDisabled ? 'cd' : ''}`;
      const key = [type, name, variant, ...servers].join(' ');
      const kept = cache.get(key, clock.monotonic());
      if (kept !== undefined) return readdressed(kept, query);
      const isFull = waiting >= mostWaiting || (waitingOf.get(address) ?? 0) >= mostWaitingOfOne;
      if (servers.length === 0 || isFull) return reply(query, 'serverFailure');
      const found = underWay.get(key) ?? ask(key, query, servers);
      underWay.set(key, found);
      return wait(found, query, address);
    },
    [Symbol.dispose]: () => ended.abort(),
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
