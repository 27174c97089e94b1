import { anyPattern, flowsTableName, overlayDevice } from '../names.ts';
import { dontFragment } from './table.ts';

/**
 * What conntrack has to be told, since it does not see most packets of a connection that is known.
 *
 * - Strict about windows, it took those that it does see for none of that connection, and did not translate them; resets
 *   beyond 2 GiB of what it saw last likewise, whatever it is told about windows.
 * - An answer that it does not see leaves a connection unacknowledged, and a probe of an idle one looks like a repetition:
 *   it forgot either after five minutes. For connections between our devices those times are that of all others.
 */
export const settings = ['nf_conntrack_tcp_be_liberal', 'nf_conntrack_tcp_ignore_invalid_rst'] as const;
export type Setting = (typeof settings)[number];

const directory = '/proc/sys/net/netfilter';
export const pathOf = (setting: Setting): string => `${directory}/${setting}`;
export const establishedPath = `${directory}/nf_conntrack_tcp_timeout_established`;

/** The chain, without rules, that says that a setting was off before. */
export const wasOff = (setting: Setting): string => `was_off_${setting}`;

export const patienceChain = 'forward';
export const patienceRules: readonly string[] = [
  `ct state new ip protocol tcp iifname ${anyPattern} oifname ${anyPattern} ct timeout set "patient"`,
  // Another port than it came with, as one client has it to another node as well: what is learnt of it would lead that one's packets.
  `oifname "${overlayDevice}" ct status snat ip frag-off ${dontFragment} ip id set 0`,
];

/**
 * For the table `ip tutti_flows`, which is never taken away while connections have these times, as they lose them with it.
 * Each command may be given again, and then changes neither hook nor times: who changes those here renames chain or times.
 * `seconds`: for which a connection that is established and idle is remembered.
 */
export const patienceScript = (seconds: number, off: readonly Setting[]): string[] => [
  `add table ip ${flowsTableName}`,
  `add ct timeout ip ${flowsTableName} patient { protocol tcp; l3proto ip; policy = { established : ${seconds}, unack : ${seconds}, retrans : ${seconds} }; }`,
  `add chain ip ${flowsTableName} ${patienceChain} { type filter hook forward priority -10; policy accept; }`,
  `flush chain ip ${flowsTableName} ${patienceChain}`,
  ...patienceRules.map((rule) => `add rule ip ${flowsTableName} ${patienceChain} ${rule}`),
  ...off.map((setting) => `add chain ip ${flowsTableName} ${wasOff(setting)}`),
];
