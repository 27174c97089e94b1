/** The node's end of the overlay. */
export interface OverlayLink {
  /** VXLAN network identifier. */
  readonly vni: number;
  readonly port: number;
  /** The node's own address on the wire. */
  readonly local: string;
  readonly mac: string;
  readonly mtu: number;
  /** Layer 3 address on the device. */
  readonly address: string;
}

/** What leads packets of one family to the other nodes and back. Every map is keyed by what is unique in the kernel. */
export interface Paths {
  /** Overlay address of a peer → its MAC. */
  readonly neighbours: ReadonlyMap<string, string>;
  /** Destination address (always a /32, or /128) → overlay address of the node that has it; '' for the peer itself. */
  readonly routes: ReadonlyMap<string, string>;
  /** Routing tables that lead replies back: node index → its overlay address. */
  readonly returns: ReadonlyMap<number, string>;
  /** Node indexes that have a rule; the three fixed rules are -1 (skip), -2 (end) and -3 (local). */
  readonly rules: ReadonlySet<number>;
}

/** What `ip` and `bridge` keep for the overlay. */
export interface Routing extends Paths {
  readonly link: OverlayLink | undefined;
  /** MAC of a peer → its address on the wire. */
  readonly forwarding: ReadonlyMap<string, string>;
}

/** The same of IPv6, on the same device. */
export interface SixthRouting extends Paths {
  /** Layer 3 address on the device; '' for none. */
  readonly address: string;
}

/** A set or map of nftables. */
export interface NftSet {
  /** `type ipv4_addr; flags interval;` */
  readonly declaration: string;
  readonly kind: 'set' | 'map';
  /** Key → value; '' in sets. Both in nftables' syntax. */
  readonly elements: ReadonlyMap<string, string>;
}

export interface NftChain {
  /** `type filter hook forward priority filter; policy accept;` for base chains. */
  readonly hook?: string;
  readonly rules: readonly string[];
}

/** One table, whole. */
export interface NftTable {
  readonly family: 'ip' | 'ip6' | 'bridge' | 'inet' | 'netdev';
  /** Absent: `tutti`. */
  readonly name?: string;
  readonly sets: ReadonlyMap<string, NftSet>;
  readonly chains: ReadonlyMap<string, NftChain>;
}

/** A table as far as it can be read back: rules by the fingerprint that each carries as its comment. */
export interface NftView {
  readonly sets: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly chains: ReadonlyMap<string, readonly string[]>;
}
