import type { NftChain, NftSet, NftTable } from '../kernel-state.ts';
import { anyPattern, bridgePattern } from '../names.ts';

/** What is said otherwise of IPv6, in nftables' own syntax. */
const words: readonly (readonly [RegExp, string])[] = [
  [/\bip (saddr|daddr)\b/g, 'ip6 $1'],
  [/\bipv4_addr\b/g, 'ipv6_addr'],
  [/\b127\.0\.0\.0\/8\b/g, '::1'],
  [/\bicmp type redirect\b/g, 'icmpv6 type nd-redirect'],
  [/\breject with icmp\b/g, 'reject with icmpv6'],
];

const known = new Map<string, string>();

const said = (text: string): string => {
  const before = known.get(text);
  if (before !== undefined) return before;
  const made = words.reduce((all, [pattern, word]) => all.replace(pattern, word), text);
  if (known.size >= 2_000) known.clear();
  known.set(text, made);
  return made;
};

/** Addresses of nodes on the wire are IPv4's. */
const ofTheWire = 'peers';

/** A bridge tells its containers of every group that it joins, which is one for each address that it answers for. */
const noReports = `icmpv6 type { mld-listener-report, mld2-listener-report } oifname ${bridgePattern} drop`;

/** An address of the link alone cannot be answered from another link: whoever comes by it is seen as the node. */
const nearby = `oifname ${anyPattern} ct status dnat ip6 saddr fe80::/10 masquerade`;

/** Unlike 127.0.0.1 it leads nowhere but to the node itself, whatever is translated: better refused than silent. */
const noLoopback = 'ip6 daddr ::1 return';

/** What one chain has before, and what behind, what IPv4 has there. */
export const first: Readonly<Record<string, readonly string[]>> = { publish: [noLoopback] };
export const last: Readonly<Record<string, readonly string[]>> = { raw_out: [noReports], sources: [nearby] };

/**
 * The table of IPv6: word for word that of IPv4, so that nothing is forgotten in one of them. Its sets are to hold IPv6
 * addresses already.
 */
export const sixthTable = (table: NftTable): NftTable => ({
  family: 'ip6',
  sets: new Map([...table.sets].map(([name, set]) => [name, setIn6(name, set)])),
  chains: new Map([...table.chains].map(([name, chain]) => [name, chainIn6(name, chain)])),
});

const setIn6 = (name: string, { declaration, kind, elements }: NftSet): NftSet => ({
  declaration: said(declaration),
  kind,
  elements: name === ofTheWire ? new Map() : elements,
});

const chains = new WeakMap<NftChain, NftChain>();

/** The same for the same: what has not changed is known to be as it was. */
const chainIn6 = (name: string, chain: NftChain): NftChain => {
  const before = chains.get(chain);
  if (before !== undefined) return before;
  const made = { ...chain, rules: [...(first[name] ?? []), ...chain.rules.map(said), ...(last[name] ?? [])] };
  chains.set(chain, made);
  return made;
};
