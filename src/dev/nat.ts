import { readFile } from 'node:fs/promises';
import type { Exec } from '../platform/exec.ts';
import type { ClusterLayout } from './layout.ts';
import { attempt, run } from './run.ts';
import type { ClusterState } from './state.ts';
import { subnetPrefix, uplinkName } from './subnet.ts';

const table = (cluster: ClusterLayout): string => `tutti-dev-${cluster.name}`;

/** Rules of this machine that would drop what it forwards for the nodes (Docker sets such a policy) are passed by. */
const forwardRules = (state: ClusterState): readonly (readonly string[])[] => [
  ['FORWARD', '-i', uplinkName(state.subnet), '-j', 'ACCEPT'],
  ['FORWARD', '-o', uplinkName(state.subnet), '-m', 'conntrack', '--ctstate', 'ESTABLISHED,RELATED', '-j', 'ACCEPT'],
];

export const readForwarding = async (): Promise<string> =>
  (await readFile('/proc/sys/net/ipv4/ip_forward', 'utf8')).trim();

/** Lets the nodes out: this machine forwards for them under its own address. */
export async function makeNat(exec: Exec, cluster: ClusterLayout, state: ClusterState): Promise<void> {
  const name = table(cluster);
  const rules = [
    `add table ip ${name}`,
    `add chain ip ${name} postrouting { type nat hook postrouting priority srcnat; }`,
    `add rule ip ${name} postrouting ip saddr ${subnetPrefix(state.subnet)}.0/24 oifname != "${uplinkName(state.subnet)}" masquerade`,
  ];
  await run(exec, ['nft', '-f', '-'], { input: `${rules.join('\n')}\n` });
  if ((await run(exec, ['iptables', '-w', '-S', 'FORWARD'])).trim() !== '-P FORWARD ACCEPT') {
    for (const rule of forwardRules(state)) await run(exec, ['iptables', '-w', '-I', ...rule]);
  }
  await run(exec, ['sysctl', '-qw', 'net.ipv4.ip_forward=1']);
}

/** Puts everything back. Nothing happens for a cluster without. */
export async function removeNat(exec: Exec, cluster: ClusterLayout, state: ClusterState): Promise<void> {
  if (!state.nat) return;
  await attempt(exec, ['nft', 'delete', 'table', 'ip', table(cluster)]);
  for (const rule of forwardRules(state)) await attempt(exec, ['iptables', '-w', '-D', ...rule]);
  if (state.forwardingBefore === '0') await attempt(exec, ['sysctl', '-qw', 'net.ipv4.ip_forward=0']);
}
