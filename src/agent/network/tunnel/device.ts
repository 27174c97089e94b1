import * as z from 'zod';
import { TuttiError } from '../../../model/errors.ts';
import { routeProtocol, rulePriority, sealTable, tunnelPrefix, vxlanPort, wireguardPort } from '../names.ts';
import type { Exec, KernelSettings } from '../ports.ts';
import { noTunnel, wantedPeers } from './state.ts';
import type { FoundPeer, FoundTunnel, TunnelLink, WantedTunnel } from './state.ts';
import { nudgeArguments, parseDump, peerArguments } from './wg-text.ts';

/** One node's WireGuard device, by way of `ip` and `wg`, in the kernel or, where that has none, by wireguard-go. */
export interface Device {
  /** Whether this machine can have such a device. */
  able(signal?: AbortSignal): Promise<boolean>;
  read(name: string, signal?: AbortSignal): Promise<FoundTunnel>;
  /** The peers as they are now; undefined when the device does not answer. */
  peers(name: string, signal?: AbortSignal): Promise<ReadonlyMap<string, FoundPeer> | undefined>;
  /** Applies what differs; gives what there is then. */
  change(
    name: string,
    found: FoundTunnel,
    wanted: WantedTunnel,
    now: number,
    signal?: AbortSignal,
  ): Promise<FoundTunnel>;
  /** Removes every device of ours, their routes and the rule; what is not there is no fault. */
  clear(signal?: AbortSignal): Promise<void>;
}

const timeoutMs = 20_000;
const links = z.array(
  z.object({
    ifname: z.string().optional(),
    mtu: z.number().optional(),
    flags: z.array(z.string()).default([]),
    addr_info: z.array(z.object({ family: z.string().optional(), local: z.string().optional() })).default([]),
  }),
);
const rules = z.array(z.object({ priority: z.number(), protocol: z.string().optional() }));
const routes = z.array(z.object({ dst: z.string(), dev: z.string().optional() }));

export function createDevice(exec: Exec, settings: KernelSettings): Device {
  const output = async (argv: readonly string[], signal?: AbortSignal): Promise<string | undefined> => {
    const [command = '', ...args] = argv;
    const { code, stdout } = await exec(command, args, { timeoutMs, ...(signal && { signal }) });
    signal?.throwIfAborted();
    return code === 0 ? stdout : undefined;
  };
  const run = async (argv: readonly string[], input: string, signal?: AbortSignal): Promise<void> => {
    const [command = '', ...args] = argv;
    const { code, stderr } = await exec(command, args, { input, timeoutMs, ...(signal && { signal }) });
    if (code === 0) return;
    throw new TuttiError('unavailable', `WireGuard could not be set up: ${command}: ${stderr.trim().slice(0, 500)}`);
  };
  const batch = async (lines: readonly string[], signal?: AbortSignal): Promise<void> => {
    if (lines.length > 0) await run(['ip', '-force', '-batch', '-'], `${lines.join('\n')}\n`, signal);
  };
  const dump = async (name: string, signal?: AbortSignal) => {
    const text = await output(['wg', 'show', name, 'dump'], signal);
    return text === undefined ? undefined : parseDump(text);
  };

  const make = async (name: string, signal?: AbortSignal): Promise<void> => {
    // One that does not answer: its process hangs, and ends without the device.
    await output(['ip', 'link', 'del', name], signal);
    if ((await output(['ip', 'link', 'add', name, 'type', 'wireguard'], signal)) !== undefined) return;
    await run(['wireguard-go', name], '', signal);
  };
  const setLink = async (name: string, found: FoundTunnel, link: TunnelLink, signal?: AbortSignal): Promise<void> => {
    if (found.link === undefined) await make(name, signal);
    const { mtu, address, privateKey, port } = link;
    if (found.link?.privateKey !== privateKey || found.link.port !== port) {
      // Through a pipe: the key is on no command line. What the tool opens itself must not be a socket.
      const script = 'cat | wg set "$0" listen-port "$1" private-key /dev/stdin';
      await run(['sh', '-c', script, name, String(port)], `${privateKey}\n`, signal);
    }
    const before = found.link?.address;
    await batch(
      [
        ...(before === undefined ? [`link set ${name} addrgenmode none`] : []),
        ...(before !== undefined && before !== '' && before !== address ? [`addr del ${before}/32 dev ${name}`] : []),
        ...(before === address ? [] : [`addr replace ${address}/32 dev ${name}`]),
        ...(found.link?.mtu === mtu ? [] : [`link set ${name} mtu ${mtu} up`]),
      ],
      signal,
    );
    settings.write(`/proc/sys/net/ipv4/conf/${name}/rp_filter`, '2');
  };
  const clear = async (signal?: AbortSignal): Promise<void> => {
    const found = parse(links, await output(['ip', '-j', 'link', 'show'], signal));
    const names = found.flatMap(({ ifname = '' }) => (ifname.startsWith(tunnelPrefix) ? [ifname] : []));
    for (const name of names) await output(['ip', 'link', 'del', name], signal);
    if (await hasRule(signal)) await output(['ip', 'rule', 'del', ...ruleText.split(' ')], signal);
  };
  const hasRule = async (signal?: AbortSignal): Promise<boolean> =>
    parse(rules, await output(['ip', '-j', 'rule', 'show'], signal)).some(
      ({ priority, protocol }) => priority === rulePriority.seal && protocol === String(routeProtocol),
    );

  return {
    async able(signal) {
      if ((await output(['wg', '--version'], signal)) === undefined) return false;
      const probe = `${tunnelPrefix}-try`;
      if ((await output(['ip', 'link', 'add', probe, 'type', 'wireguard'], signal)) !== undefined) {
        await output(['ip', 'link', 'del', probe], signal);
        return true;
      }
      const script = 'test -c /dev/net/tun && command -v wireguard-go';
      return (await output(['sh', '-c', script], signal)) !== undefined;
    },
    async read(name, signal) {
      const [device, dumped, table, rule] = await Promise.all([
        output(['ip', '-j', 'addr', 'show', 'dev', name], signal),
        dump(name, signal),
        output(['ip', '-j', 'route', 'show', 'table', String(sealTable), 'proto', String(routeProtocol)], signal),
        hasRule(signal),
      ]);
      const row = parse(links, device).find(({ ifname }) => ifname === name);
      if (row === undefined || dumped === undefined) return { ...noTunnel, rule };
      const address = row.addr_info.find(({ family }) => family === 'inet')?.local ?? '';
      return {
        // A device that is down is set anew.
        link: { mtu: row.flags.includes('UP') ? (row.mtu ?? 0) : 0, address, ...dumped.link },
        peers: dumped.peers,
        routes: new Set(parse(routes, table).flatMap(({ dst, dev }) => (dev === name ? [dst] : []))),
        rule,
      };
    },
    peers: async (name, signal) => (await dump(name, signal))?.peers,
    async change(name, found, wanted, now, signal) {
      await setLink(name, found, wanted.link, signal);
      const changed = found.link !== undefined && found.link.privateKey !== wanted.link.privateKey;
      const peers = wantedPeers(wanted.keys, found.peers, now);
      for (const args of peerArguments(found.peers, peers)) await run(['wg', 'set', name, ...args], '', signal);
      if (changed) for (const args of nudgeArguments(peers)) await run(['wg', 'set', name, ...args], '', signal);
      const table = `table ${sealTable}`;
      await batch(
        [
          ...[...wanted.routes]
            .filter((to) => !found.routes.has(to))
            .map((to) => `route replace ${to}/32 dev ${name} ${table} proto ${routeProtocol}`),
          ...[...found.routes]
            .filter((to) => !wanted.routes.has(to))
            .map((to) => `route del ${to}/32 dev ${name} ${table}`),
          ...(found.rule ? [] : [`rule add ${ruleText}`]),
        ],
        signal,
      );
      const withTime = [...peers].map(([key, peer]): [string, FoundPeer] => [
        key,
        { ...peer, handshake: found.peers.get(key)?.handshake ?? 0 },
      ]);
      return { link: wanted.link, peers: new Map(withTime), routes: wanted.routes, rule: true };
    },
    clear,
  };
}

const ruleText = `pref ${rulePriority.seal} ipproto udp dport ${vxlanPort} lookup ${sealTable} proto ${routeProtocol}`;

/** The link that a node's device should be. */
export const tunnelLink = (overlayMtu: number, address: string, privateKey: string): TunnelLink => ({
  // VXLAN's own 50 bytes go inside.
  mtu: overlayMtu + 50,
  address,
  privateKey,
  port: wireguardPort,
});

function parse<Row>(schema: z.ZodType<Row[]>, text: string | undefined): Row[] {
  if (text === undefined || text.trim() === '') return [];
  const parsed = schema.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  throw new TuttiError('internal', `ip listed in an unknown form: ${parsed.error.message}`);
}
