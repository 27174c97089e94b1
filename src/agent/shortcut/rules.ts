import { isIPv4 } from 'node:net';
import { networkIdOf } from '../../model/network.ts';
import type { Attachments } from '../attachments/ports.ts';

/** Docker's resolver, as every container on a network that has a name sees it. */
const dockerResolver = '127.0.0.11';
/** In the container's network namespace. No other table of ours has this name. */
const table = 'tutti_names';

/** Where a container's questions go straight to, and one of its addresses to know it by. */
export interface Shortcut {
  readonly gateway: string;
  readonly address: string;
}

/** The engine's `bridge` has no names. */
const isNameless = (network: string): boolean => network === 'bridge' || network === 'none';

/**
 * It was made on no network of ours, and has come to them later: its engine would go on asking the machine's servers, or its
 * own (which the node's resolver has heard of), and those know none of our names.
 */
export const cameLater = ({ dns, networks }: Attachments): boolean => {
  const ours = networks.filter(({ name }) => networkIdOf(name) !== undefined);
  return ours.length > 0 && !ours.some(({ gateway }) => dns.includes(gateway));
};

/**
 * Undefined where Docker's resolver has to be asked itself: the container is on a network whose names only it knows. Nor is one
 * that came later led to the resolver of an `internal` network, which passes nothing on, while it has another way out.
 */
export function shortcutOf(attachments: Attachments, internal: ReadonlySet<string> = new Set()): Shortcut | undefined {
  const { pid, dns, networks } = attachments;
  if (pid <= 0 || networks.some(({ name }) => networkIdOf(name) === undefined && !isNameless(name))) return undefined;
  const ours = networks.filter(({ name }) => networkIdOf(name) !== undefined);
  const isOut = networks.length > ours.length;
  const found = cameLater(attachments)
    ? ours.find(({ name }) => !isOut || !internal.has(name))
    : ours.find(({ gateway }) => gateway === dns.find((server) => ours.some((one) => one.gateway === server)));
  if (found === undefined || !isIPv4(found.gateway) || !isIPv4(found.address)) return undefined;
  return { gateway: found.gateway, address: found.address };
}

/**
 * The rules. What leaves goes out with the container's own address; and since its stack then takes packets for 127.0.0.0/8
 * from other devices, those that do not belong to such a question are dropped before anything looks at them.
 */
export const shortcutRules = ({ gateway }: Shortcut): string => `${removedRules}table ip ${table} {
  chain guard {
    type filter hook prerouting priority -350; policy accept;
    ip daddr 127.0.0.0/8 iifname != "lo" drop
  }
  chain ask {
    type nat hook output priority -110; policy accept;
    ip daddr ${dockerResolver} meta l4proto { tcp, udp } th dport 53 dnat to ${gateway}
  }
  chain leave {
    type nat hook postrouting priority 90; policy accept;
    ip saddr 127.0.0.0/8 ip daddr ${gateway} masquerade
  }
}
`;

export const removedRules = `table ip ${table}
delete table ip ${table}
`;

/**
 * For `nsenter`: a process id may be another's by now, so the address has to be there, which takes no process to see. The
 * setting comes after the rule that makes it harmless.
 */
export const applyScript = `while read -r branch found rest; do [ "$found" != "$1" ] || break; done </proc/net/fib_trie
[ "$found" = "$1" ] || exit 3
nft -f - && echo 1 >/proc/sys/net/ipv4/conf/all/route_localnet`;
