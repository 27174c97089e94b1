import type { NftChain, NftSet, NftTable } from './kernel-state.ts';
import { bridgePattern } from './names.ts';

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

/** Addresses of nodes on the wire: that is IPv4's. */
const ofTheWire: ReadonlySet<string> = new Set(['self', 'peers', 'turns']);

/** A bridge tells its containers of every group that it joins, which is one for each address that it answers for. */
const noReports = `oifname ${bridgePattern} icmpv6 type { mld-listener-report, mld2-listener-report } drop`;

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
  elements: ofTheWire.has(name) ? new Map() : elements,
});

const chains = new WeakMap<NftChain, NftChain>();

/** The same for the same: what has not changed is known to be as it was. */
const chainIn6 = (name: string, chain: NftChain): NftChain => {
  const before = chains.get(chain);
  if (before !== undefined) return before;
  const made = { ...chain, rules: [...chain.rules.map(said), ...(name === 'output' ? [noReports] : [])] };
  chains.set(chain, made);
  return made;
};
