/** A peer as WireGuard has it. Keys are in base64. */
export interface TunnelPeer {
  /** Where its packets go: the peer's address on the wire. */
  readonly endpoint: string;
  /** Whether what is for that address goes to this key. A key that is only just known does not have it yet. */
  readonly carries: boolean;
}

/** A peer as it was read: with when it last shook hands, milliseconds since the epoch; 0: never. */
export interface FoundPeer extends TunnelPeer {
  readonly handshake: number;
}

/** The node's WireGuard device. */
export interface TunnelLink {
  readonly mtu: number;
  /** An address of the node's own: without one the kernel takes nothing in where `rp_filter` is on. */
  readonly address: string;
  /** Secret. */
  readonly privateKey: string;
  readonly port: number;
}

export interface FoundTunnel {
  /** Undefined: there is no such device, or it does not answer. */
  readonly link: TunnelLink | undefined;
  /** By public key. */
  readonly peers: ReadonlyMap<string, FoundPeer>;
  /** Addresses that the overlay's packets are sent to through the device. */
  readonly routes: ReadonlySet<string>;
  /** The overlay's packets are looked up among these routes. */
  readonly rule: boolean;
}

export const noTunnel: FoundTunnel = { link: undefined, peers: new Map(), routes: new Set(), rule: false };

/** What is wanted of WireGuard. */
export interface WantedTunnel {
  readonly link: TunnelLink;
  /** Address of a peer on the wire → its public key. */
  readonly keys: ReadonlyMap<string, string>;
  readonly routes: ReadonlySet<string>;
}

/** Sessions end after three minutes without a new handshake (WireGuard's REJECT_AFTER_TIME). */
const sessionMs = 180_000;

/**
 * The peers that the device should have. While a peer changes its key it has both: the old one carries what goes to it until
 * the new one has shaken hands, or the old one is dead.
 */
export function wantedPeers(
  keys: ReadonlyMap<string, string>,
  found: ReadonlyMap<string, FoundPeer>,
  now: number,
): ReadonlyMap<string, TunnelPeer> {
  const carrying = new Map([...found].flatMap(([key, peer]) => (peer.carries ? [[peer.endpoint, key] as const] : [])));
  const wanted = new Map<string, TunnelPeer>();
  for (const [endpoint, key] of keys) {
    const old = carrying.get(endpoint);
    const alive = old !== undefined && old !== key && now - (found.get(old)?.handshake ?? 0) < sessionMs;
    const met = (found.get(key)?.handshake ?? 0) > 0;
    if (alive && !met) wanted.set(old, { endpoint, carries: true });
    wanted.set(key, { endpoint, carries: !alive || met });
  }
  return wanted;
}

/** Peers whose next key has not shaken hands yet. */
export const isChanging = (peers: ReadonlyMap<string, TunnelPeer>): boolean =>
  [...peers.values()].some(({ carries }) => !carries);

/** In words, what the kernel lacks of what is wanted. */
export function differences(found: FoundTunnel, wanted: WantedTunnel): readonly string[] {
  if (found.link === undefined) return ['the WireGuard device was not there'];
  const { mtu, address, privateKey } = wanted.link;
  const routes = [...wanted.routes].filter((to) => !found.routes.has(to));
  const keys = new Set(found.peers.keys());
  const peers = [...wanted.keys].filter(([, key]) => !keys.has(key));
  return [
    ...(found.link.mtu === mtu ? [] : [`the WireGuard device was down, or its MTU not ${mtu}`]),
    ...(found.link.address === address ? [] : ['the WireGuard device had another address']),
    ...(found.link.privateKey === privateKey ? [] : ['the WireGuard device had another key']),
    ...(found.rule ? [] : ['the rule that leads the overlay into WireGuard was gone']),
    ...routes.map((to) => `the route to ${to} through WireGuard was gone`),
    ...peers.map(([endpoint]) => `WireGuard did not know ${endpoint}`),
  ];
}
