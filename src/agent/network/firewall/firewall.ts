import { TuttiError } from '../../../model/errors.ts';
import { probePort } from '../../../model/network.ts';
import { firewallChain, inputChain, overlayDevice, vxlanPort, wireguardPort } from '../names.ts';
import type { Exec } from '../ports.ts';

const ours = `${overlayDevice}+`;
const bridges = `${overlayDevice}-+`;

/** A chain of ours that a chain of others jumps to. */
interface Hook {
  readonly parent: string;
  readonly chain: string;
  /** As `iptables -S` lists them. */
  readonly rules: readonly string[];
}

/**
 * What other filters of the machine must let through, because an accept in a table of ours does not undo a drop in theirs;
 * isolation is ours: see ruleset.ts.
 *
 * DOCKER-USER (Docker's FORWARD policy is DROP): between bridges and overlay, published ports, and their replies.
 * Everything else is still Docker's to decide. INPUT (a host firewall's may be DROP): names, and the overlay itself, which
 * our own table takes from the cluster's nodes only.
 */
export const hooks: readonly [Hook, Hook] = [
  {
    parent: 'DOCKER-USER',
    chain: firewallChain,
    rules: [
      `-A ${firewallChain} -i ${ours} -o ${ours} -j ACCEPT`,
      `-A ${firewallChain} -o ${ours} -m conntrack --ctstate DNAT -j ACCEPT`,
      `-A ${firewallChain} -i ${ours} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
    ],
  },
  {
    parent: 'INPUT',
    chain: inputChain,
    rules: [
      // What comes most, first.
      `-A ${inputChain} -p udp -m udp --dport ${vxlanPort} -j ACCEPT`,
      `-A ${inputChain} -i ${bridges} -p udp -m udp --dport 53 -j ACCEPT`,
      `-A ${inputChain} -i ${bridges} -p tcp -m tcp --dport 53 -j ACCEPT`,
      `-A ${inputChain} -p udp -m udp --dport ${wireguardPort} -j ACCEPT`,
      // Where nobody listens: other nodes see by the refusal that they reach this one.
      `-A ${inputChain} -i ${overlayDevice} -p tcp -m tcp --dport ${probePort} -j ACCEPT`,
    ],
  },
];

/**
 * The same of IPv6. Engines before 27 keep no chains there, so that ours stands in FORWARD itself: a host firewall's policy may be DROP.
 * Neighbours are asked for by ICMP.
 */
const hooks6: readonly [Hook, Hook] = [
  { ...hooks[0], parent: 'FORWARD' },
  { parent: 'INPUT', chain: inputChain, rules: [`-A ${inputChain} -i ${bridges} -p ipv6-icmp -j ACCEPT`] },
];

export interface Firewall {
  /** Puts the rules where they are missing. `absent`: the engine keeps no DOCKER-USER chain, its part was left out. */
  ensure(signal?: AbortSignal): Promise<'kept' | 'mended' | 'absent'>;
  clear(signal?: AbortSignal): Promise<void>;
}

/** Chains of ours in the filter table of iptables, which Docker and host firewalls share. */
export function createFirewall(exec: Exec, family: 'ip' | 'ip6' = 'ip'): Firewall {
  const kept = family === 'ip' ? hooks : hooks6;
  const list = async (signal?: AbortSignal): Promise<readonly string[]> => {
    const options = { timeoutMs: 20_000, ...(signal && { signal }) };
    const { code, stdout } = await exec(`${family}tables`, ['-w', '10', '-S'], options);
    return code === 0 ? stdout.trim().split('\n') : [];
  };
  const restore = async (lines: readonly string[], signal?: AbortSignal): Promise<void> => {
    if (lines.length === 0) return;
    const input = `*filter\n${lines.join('\n')}\nCOMMIT\n`;
    const options = { input, timeoutMs: 20_000, ...(signal && { signal }) };
    const { code, stderr } = await exec(`${family}tables-restore`, ['-w', '10', '--noflush'], options);
    if (code !== 0)
      throw new TuttiError('internal', `${family}tables-restore failed: ${stderr.trim()}`, { fields: { code } });
  };
  return {
    async ensure(signal) {
      const found = await list(signal);
      const lines = kept.flatMap((hook) => mend(hook, found));
      await restore(lines, signal);
      if (!hasChain(found, kept[0].parent)) return 'absent';
      return lines.length === 0 ? 'kept' : 'mended';
    },
    async clear(signal) {
      const found = await list(signal);
      await restore(
        kept.flatMap((hook) => removal(hook, found)),
        signal,
      );
    },
  };
}

const hasChain = (found: readonly string[], chain: string): boolean =>
  found.some((line) => line === `-N ${chain}` || line.startsWith(`-P ${chain} `));

const rulesOf = (found: readonly string[], chain: string): string[] =>
  found.filter((line) => line.startsWith(`-A ${chain} `));

/** The jumps to our chain, taken out. */
const withoutJumps = ({ parent, chain }: Hook, found: readonly string[]): string[] =>
  rulesOf(found, parent)
    .filter((rule) => rule.endsWith(`-j ${chain}`))
    .map((rule) => rule.replace('-A', '-D'));

function mend(hook: Hook, found: readonly string[]): string[] {
  const { parent, chain, rules } = hook;
  if (!hasChain(found, parent)) return [];
  const theirs = rulesOf(found, parent);
  const end = theirs.indexOf(`-A ${parent} -j RETURN`);
  // What people put before our jump is theirs to put there.
  const jumps = theirs.slice(0, end === -1 ? undefined : end).includes(`-A ${parent} -j ${chain}`);
  const present = rulesOf(found, chain);
  if (jumps && present.length === rules.length && present.every((rule, index) => rule === rules[index])) return [];
  return [
    `:${chain} - [0:0]`,
    ...rules,
    ...(jumps ? [] : [...withoutJumps(hook, found), `-I ${parent} 1 -j ${chain}`]),
  ];
}

const removal = (hook: Hook, found: readonly string[]): string[] =>
  hasChain(found, hook.chain) ? [...withoutJumps(hook, found), `-F ${hook.chain}`, `-X ${hook.chain}`] : [];
