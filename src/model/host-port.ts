/** Ports of a node, as texts: `tcp/80` at all its addresses, `tcp/127.0.0.1:80` and `udp/[::1]:53` at one, `tcp/8000-8010` any one of them. */
export interface HostPort {
  readonly protocol: string;
  /** Empty: at all addresses. `0.0.0.0` and `::` are all of one family. */
  readonly address: string;
  readonly first: number;
  /** More than `first`: one of these, which its engine chooses. */
  readonly last: number;
}

const anyIpv4 = '0.0.0.0';
const anyIpv6 = '::';
const pattern = /^([a-z]+)\/(?:\[([^\]]*)\]:|([^:]*):)?(\d+)(?:-(\d+))?$/;

/**
 * The text of a port, from what `-p` makes of it: `('tcp', '127.0.0.1', '80')` → `tcp/127.0.0.1:80`. Undefined for a port that the
 * engine is to choose, and for what is none.
 */
export const hostPortKey = (protocol: string, address: string, ports: string): string | undefined => {
  const [, first = '', last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(ports) ?? [];
  if (!isPort(Number(first)) || !isPort(Number(last)) || Number(last) < Number(first)) return undefined;
  const number = first === last ? `${Number(first)}` : `${Number(first)}-${Number(last)}`;
  const host = plainAddress(address);
  const before = host === '' ? '' : host.includes(':') ? `[${host}]:` : `${host}:`;
  return `${protocol.toLowerCase()}/${before}${number}`;
};

const isPort = (port: number): boolean => port > 0 && port < 65_536;

/** One spelling for each address. */
const plainAddress = (address: string): string => {
  if (address === '') return '';
  const plain = address.replace(/^\[|\]$/g, '').toLowerCase();
  if (!plain.includes(':')) return plain;
  return URL.canParse(`http://[${plain}]/`) ? new URL(`http://[${plain}]/`).hostname.slice(1, -1) : plain;
};

/** Undefined for a text that is none. */
export const parseHostPort = (key: string): HostPort | undefined => {
  const [, protocol, ipv6, ipv4, first, last = first] = pattern.exec(key) ?? [];
  if (protocol === undefined) return undefined;
  return { protocol, address: ipv6 ?? ipv4 ?? '', first: Number(first), last: Number(last) };
};

/** Whether who has a port at one of the addresses keeps others from it at the other. */
export const addressesMeet = (one: string, other: string): boolean =>
  one === other || one === '' || other === '' || covers(one, other) || covers(other, one);

const covers = (any: string, address: string): boolean =>
  (any === anyIpv4 && !address.includes(':')) || (any === anyIpv6 && address.includes(':'));

/** The ports of one node that are taken. Of a range each that has it takes one, whichever its engine chose. */
export class HostPorts {
  /** `tcp/80` → address → how many have it. */
  readonly #taken = new Map<string, Map<string, number>>();
  /** Range → how many have one of it. */
  readonly #ranges = new Map<string, number>();

  constructor(keys: Iterable<string> = []) {
    for (const key of keys) this.count(key, 1);
  }

  /** One more, or one less, has the port. */
  count(key: string, by: 1 | -1): void {
    const port = parseHostPort(key);
    if (port === undefined) return;
    if (port.first !== port.last) {
      this.#ranges.set(key, (this.#ranges.get(key) ?? 0) + by);
      return;
    }
    const slot = `${port.protocol}/${port.first}`;
    const addresses = this.#taken.get(slot) ?? new Map<string, number>();
    const next = (addresses.get(port.address) ?? 0) + by;
    if (next === 0) addresses.delete(port.address);
    else addresses.set(port.address, next);
    if (addresses.size === 0) this.#taken.delete(slot);
    else this.#taken.set(slot, addresses);
  }

  /** Whether it is taken; of a range, whether all are. */
  has(key: string): boolean {
    if (this.#taken.size === 0 && this.#ranges.size === 0) return false;
    const port = parseHostPort(key);
    if (port === undefined) return false;
    let others = this.#ranges.get(key) ?? 0;
    for (let number = port.first; number <= port.last; number += 1) {
      if (this.#isTaken(`${port.protocol}/${number}`, port.address)) continue;
      if (others === 0) return false;
      others -= 1;
    }
    return true;
  }

  #isTaken(slot: string, address: string): boolean {
    for (const taken of this.#taken.get(slot)?.keys() ?? []) if (addressesMeet(taken, address)) return true;
    return false;
  }
}
