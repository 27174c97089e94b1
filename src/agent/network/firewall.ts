import { TuttiError } from '../../model/errors.ts';
import { firewallChain, overlayDevice } from './names.ts';
import type { Exec } from './ports.ts';

const ours = `${overlayDevice}+`;

/**
 * What Docker's filter must let through, because its FORWARD policy is DROP: between bridges and overlay, published
 * ports, and their replies. Isolation is ours: see ruleset.ts. Everything else is still Docker's to decide.
 */
export const firewallRules: readonly string[] = [
  `-A ${firewallChain} -i ${ours} -o ${ours} -j ACCEPT`,
  `-A ${firewallChain} -o ${ours} -m conntrack --ctstate DNAT -j ACCEPT`,
  `-A ${firewallChain} -i ${ours} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
];
const jump = `-j ${firewallChain}`;

export interface Firewall {
  /** Puts the rules where they are missing. `absent`: the engine keeps no DOCKER-USER chain, nothing was done. */
  ensure(signal?: AbortSignal): Promise<'kept' | 'mended' | 'absent'>;
  clear(signal?: AbortSignal): Promise<void>;
}

/** The iptables chain that DOCKER-USER jumps to. Docker never touches either once they are there. */
export function createFirewall(exec: Exec): Firewall {
  const list = async (chain: string, signal?: AbortSignal): Promise<string[] | undefined> => {
    const { code, stdout } = await exec('iptables', ['-w', '10', '-S', chain], {
      timeoutMs: 20_000,
      ...(signal && { signal }),
    });
    return code === 0 ? stdout.trim().split('\n') : undefined;
  };
  const restore = async (lines: readonly string[], signal?: AbortSignal): Promise<void> => {
    const input = `*filter\n${lines.join('\n')}\nCOMMIT\n`;
    const options = { input, timeoutMs: 20_000, ...(signal && { signal }) };
    const { code, stderr } = await exec('iptables-restore', ['-w', '10', '--noflush'], options);
    if (code !== 0) throw new TuttiError('internal', `iptables-restore failed: ${stderr.trim()}`, { fields: { code } });
  };
  return {
    async ensure(signal) {
      const user = await list('DOCKER-USER', signal);
      if (user === undefined) return 'absent';
      const chain = (await list(firewallChain, signal)) ?? [];
      const end = user.indexOf('-A DOCKER-USER -j RETURN');
      // What people put before our jump is theirs to put there.
      const jumps = user.slice(0, end === -1 ? undefined : end).includes(`-A DOCKER-USER ${jump}`);
      const rules = chain.slice(1);
      if (jumps && rules.length === firewallRules.length && rules.every((rule, i) => rule === firewallRules[i])) {
        return 'kept';
      }
      const stale = user.filter((rule) => rule.endsWith(jump)).map((rule) => rule.replace('-A', '-D'));
      await restore([`:${firewallChain} - [0:0]`, ...firewallRules, ...stale, `-I DOCKER-USER 1 ${jump}`], signal);
      return 'mended';
    },
    async clear(signal) {
      if ((await list(firewallChain, signal)) === undefined) return;
      const user = (await list('DOCKER-USER', signal)) ?? [];
      const jumps = user.filter((rule) => rule.endsWith(jump)).map((rule) => rule.replace('-A', '-D'));
      await restore([...jumps, `-F ${firewallChain}`, `-X ${firewallChain}`], signal);
    },
  };
}
