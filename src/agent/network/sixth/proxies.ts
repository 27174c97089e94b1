import * as z from 'zod';
import { TuttiError } from '../../../model/errors.ts';
import type { Sixth } from './sixth.ts';
import { bridgeName, overlayDevice, routeProtocol } from '../names.ts';
import type { Exec, KernelSettings } from '../ports.ts';

/** What bridges answer for to their containers. Bridges come and go with the engine's networks. */
export interface Proxies {
  /** Tells the bridges that are there what differs; gives how many addresses did. */
  apply(wanted: Sixth['proxies'], signal?: AbortSignal): Promise<number>;
  /** Whether the network's bridge is there and answers. */
  holds(networkId: string): boolean;
  /** The kernel is read again before the next change. */
  forget(): void;
}

interface Told {
  /** Tells a bridge from another one of its name before it. */
  readonly index: string;
  readonly addresses: ReadonlySet<string>;
}

const rows = z.array(z.object({ dst: z.string(), dev: z.string() }));

export function createProxies(exec: Exec, settings: Pick<KernelSettings, 'read'>): Proxies {
  /** Undefined: it has to be read. */
  let told: ReadonlyMap<string, Told> | undefined;
  const indexOf = (bridge: string): string | undefined => settings.read(`/sys/class/net/${bridge}/ifindex`);

  const read = async (signal?: AbortSignal): Promise<ReadonlyMap<string, Told>> => {
    const args = ['-6', '-j', 'neigh', 'show', 'proxy'];
    const { code, stdout } = await exec('ip', args, { timeoutMs: 20_000, ...(signal && { signal }) });
    const parsed = rows.safeParse(code === 0 && stdout.trim() !== '' ? JSON.parse(stdout) : []);
    const ours = (parsed.data ?? []).filter(({ dev }) => dev.startsWith(overlayDevice));
    const found = new Map<string, Told>();
    for (const [bridge, held] of Map.groupBy(ours, ({ dev }) => dev)) {
      found.set(bridge, { index: indexOf(bridge) ?? '', addresses: new Set(held.map(({ dst }) => dst)) });
    }
    return found;
  };

  return {
    async apply(wanted, signal) {
      const before = told ?? (await read(signal));
      const next = new Map<string, Told>();
      const lines: string[] = [];
      for (const [bridge, addresses] of wanted) {
        const index = indexOf(bridge);
        if (index === undefined) continue;
        const known = before.get(bridge);
        lines.push(...changes(bridge, known?.index === index ? known.addresses : new Set(), addresses));
        next.set(bridge, { index, addresses });
      }
      told = undefined;
      if (lines.length > 0) await run(exec, lines, signal);
      told = next;
      return lines.length;
    },
    holds(networkId) {
      const bridge = bridgeName(networkId);
      const index = indexOf(bridge);
      return index !== undefined && told?.get(bridge)?.index === index;
    },
    forget() {
      told = undefined;
    },
  };
}

async function run(exec: Exec, lines: readonly string[], signal?: AbortSignal): Promise<void> {
  const options = { input: `${lines.join('\n')}\n`, timeoutMs: 20_000, ...(signal && { signal }) };
  const { code, stderr } = await exec('ip', ['-6', '-force', '-batch', '-'], options);
  if (code === 0) return;
  const problem = stderr.trim().split('\n').slice(0, 3).join('; ');
  throw new TuttiError('unavailable', `ip could not change what bridges answer for: ${problem}`, { fields: { code } });
}

function changes(bridge: string, had: ReadonlySet<string>, wanted: ReadonlySet<string>): string[] {
  const of = (address: string): string => `proxy ${address} dev ${bridge}`;
  return [
    ...[...wanted].filter((one) => !had.has(one)).map((one) => `neigh replace ${of(one)} protocol ${routeProtocol}`),
    ...[...had].filter((one) => !wanted.has(one)).map((one) => `neigh del ${of(one)}`),
  ];
}
