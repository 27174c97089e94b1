import { probePort } from '../../../model/network.ts';
import { anyPattern, bridgePattern, overlayDevice, vxlanPort, wireguardPort } from '../names.ts';
import { carryOut } from '../nft/carry-out.ts';
import type { Exec } from '../ports.ts';

/**
 * What firewalld must let through, in its own chains: those come after iptables' and ours, and what an earlier chain accepted
 * they can still refuse. The same as in firewall.ts.
 */
const kept: Readonly<Record<string, readonly string[]>> = {
  filter_INPUT: [
    `udp dport { ${vxlanPort}, ${wireguardPort} } accept`,
    `iifname "${overlayDevice}" tcp dport ${probePort} accept`,
    `iifname ${bridgePattern} meta l4proto { tcp, udp } th dport 53 accept`,
    `iifname ${bridgePattern} meta l4proto ipv6-icmp accept`,
  ],
  filter_FORWARD: [
    `iifname ${anyPattern} oifname ${anyPattern} accept`,
    `oifname ${anyPattern} ct status dnat accept`,
    `iifname ${anyPattern} ct state established,related accept`,
  ],
};

const table = 'inet firewalld';
const comment = 'comment "tutti"';
const timeoutMs = 20_000;

export interface Firewalld {
  /** Puts the rules where they are missing. `absent`: firewalld does not run, or leaves nftables alone. */
  ensure(signal?: AbortSignal): Promise<'kept' | 'mended' | 'absent'>;
  clear(signal?: AbortSignal): Promise<void>;
}

/** Rules of ours in firewalld's table of nftables, which it makes anew whenever it is loaded. */
export function createFirewalld(exec: Exec): Firewalld {
  const list = async (chain: string, signal?: AbortSignal): Promise<string | undefined> => {
    const args = ['-a', 'list', 'chain', ...table.split(' '), chain];
    const { code, stdout } = await exec('nft', args, { timeoutMs, ...(signal && { signal }) });
    signal?.throwIfAborted();
    return code === 0 ? stdout : undefined;
  };
  const change = async (lines: readonly string[], signal?: AbortSignal): Promise<void> => {
    const failure = "nft could not change firewalld's rules";
    await carryOut(exec, lines, failure, { timeoutMs, ...(signal && { signal }) });
  };
  return {
    async ensure(signal) {
      const lines: string[] = [];
      for (const [chain, rules] of Object.entries(kept)) {
        const text = await list(chain, signal);
        if (text === undefined) return 'absent';
        const found = handlesIn(text);
        if (found.length === rules.length) continue;
        lines.push(
          ...removal(chain, found),
          ...rules.map((rule) => `insert rule ${table} ${chain} ${rule} ${comment}`),
        );
      }
      await change(lines, signal);
      return lines.length === 0 ? 'kept' : 'mended';
    },
    async clear(signal) {
      for (const chain of Object.keys(kept)) {
        await change(removal(chain, handlesIn((await list(chain, signal)) ?? '')), signal);
      }
    },
  };
}

/** Of the rules of ours. */
const handlesIn = (text: string): readonly string[] =>
  text
    .split('\n')
    .flatMap((line) => (line.includes(comment) ? (/# handle (\d+)$/.exec(line.trimEnd())?.[1] ?? []) : []));

const removal = (chain: string, handles: readonly string[]): string[] =>
  handles.map((handle) => `delete rule ${table} ${chain} handle ${handle}`);
