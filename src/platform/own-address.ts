import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { InterfaceAddress } from './addresses.ts';
import { every } from '../rpc/every.ts';
import type { Clock } from './ports.ts';

/** The address that other nodes reach this one by, and its interface where it has been seen there. */
export interface OwnAddress {
  readonly address: string;
  readonly interface?: string;
}

/** Of engines and ours: no other machine reaches this one by them. */
const inside = /^(docker|br-|veth|tutti|virbr)/;

/** Subnets are no larger than this, as far as one address tells of another. */
const leastPrefix = 16;

/**
 * The address after a look at the machine's: the same while it is there, else what its interface has now. With an interface that
 * was never seen, after a restart, the one most alike, else that of the default route (`addresses` begins with it).
 */
export const ownAddressAmong = (addresses: readonly InterfaceAddress[], before: OwnAddress): OwnAddress => {
  const same = addresses.find(({ address }) => address === before.address);
  if (same !== undefined) return same;
  if (before.interface !== undefined) {
    return addresses.find((one) => one.interface === before.interface) ?? before;
  }
  const outside = addresses.filter((one) => !inside.test(one.interface));
  const [alike] = outside.toSorted(
    (a, b) => commonBits(b.address, before.address) - commonBits(a.address, before.address),
  );
  if (alike !== undefined && commonBits(alike.address, before.address) >= leastPrefix) return alike;
  return outside[0] ?? before;
};

const commonBits = (a: string, b: string): number => Math.clz32((numberOf(a) ^ numberOf(b)) >>> 0);

const numberOf = (address: string): number =>
  address.split('.').reduce((number, part) => ((number << 8) | Number(part)) >>> 0, 0);

const everyMs = 1_000;
const anyPort = 9;

/** Calls about once a second while the machine does not have the address, until it is disposed of. */
export const watchAddress = (clock: Pick<Clock, 'after'>, address: () => string, call: () => void): Disposable =>
  every(clock, everyMs, async (over) => {
    const isOwn = await isOwnAddress(address());
    if (!isOwn && !over.aborted) call();
  });

/**
 * Whether the machine has the address, be its interface up or down (while it is down nothing takes its place anyway): by what the
 * kernel sends from there, which is the address itself only where it is its own. A list of interfaces, as `networkInterfaces`
 * asks for it, waits for whoever changes one of them: where containers start, an agent stood still for a quarter of a second;
 * `/proc/net/fib_trie` is every route of the machine; and a socket may be bound to what is not there (`ip_nonlocal_bind`). Where
 * routing says otherwise (an address in a VRF, a local route with a source of its own), it looks as if it were not there.
 */
export const isOwnAddress = async (address: string): Promise<boolean> => {
  const socket = createSocket('udp4');
  try {
    // Nothing is sent: it only looks the way up.
    const connected = once(socket, 'connect');
    socket.connect(anyPort, address);
    await connected;
    return socket.address().address === address;
  } catch {
    return false;
  } finally {
    socket.close();
  }
};
