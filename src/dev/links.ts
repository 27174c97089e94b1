import type { Exec } from '../platform/exec.ts';
import type { ClusterLayout, NodeLayout } from './layout.ts';
import { attempt, run } from './run.ts';
import type { ClusterState } from './state.ts';
import { hardwareAddress, sixthAddress, switchAddress, uplinkAddress, uplinkName } from './subnet.ts';

/** Runs `ip` commands, one a line, in a namespace. */
const batch = async (exec: Exec, namespace: string, lines: readonly string[]): Promise<string> =>
  await run(exec, ['ip', '-n', namespace, '-batch', '-'], { input: `${lines.join('\n')}\n` });

/**
 * Makes the switch, in a namespace of its own. The uplink to this machine exists already (it claims the subnet). What is
 * sent beyond the subnet is refused at once, not swallowed, so that nothing in a node waits for time to run out.
 */
export async function makeSwitch(exec: Exec, cluster: ClusterLayout, { subnet, ipv6 }: Addressing): Promise<void> {
  const name = cluster.switchNamespace;
  await run(exec, ['ip', 'netns', 'add', name]);
  await run(exec, ['ip', 'link', 'set', uplinkPeerName(subnet), 'netns', name]);
  await batch(exec, name, [
    'link set lo up',
    'link add br0 type bridge forward_delay 0',
    `addr add ${switchAddress(subnet)}/24 dev br0`,
    'link set br0 up',
    `link set ${uplinkPeerName(subnet)} name uplink master br0 up`,
    'route add unreachable default',
  ]);
  const settings = ['net.ipv4.ip_forward=1', 'net.ipv4.icmp_ratelimit=0'];
  await run(exec, ['ip', 'netns', 'exec', name, 'sysctl', '-qw', ...settings]);
  await run(exec, ['ip', 'addr', 'add', `${uplinkAddress(subnet)}/24`, 'dev', uplinkName(subnet)]);
  await run(exec, ['ip', 'link', 'set', uplinkName(subnet), 'up']);
  if (ipv6 === true) {
    const sixth = `${sixthAddress(uplinkAddress(subnet))}/64`;
    await run(exec, ['ip', '-6', 'addr', 'add', sixth, 'dev', uplinkName(subnet), 'nodad']);
  }
}

type Addressing = Pick<ClusterState, 'subnet' | 'ipv6'>;

const uplinkPeerName = (subnet: number): string => `${uplinkName(subnet)}-sw`;

/** Takes a subnet for the cluster: the name of the uplink can exist once. False: it is taken. */
export const claimSubnet = async (exec: Exec, subnet: number): Promise<boolean> =>
  await attempt(exec, [
    'ip',
    'link',
    'add',
    uplinkName(subnet),
    'type',
    'veth',
    'peer',
    'name',
    uplinkPeerName(subnet),
  ]);

export const removeUplink = async (exec: Exec, subnet: number): Promise<boolean> =>
  await attempt(exec, ['ip', 'link', 'del', uplinkName(subnet)]);

/** Makes a node's network namespace and plugs it in. */
export async function plugIn(
  exec: Exec,
  cluster: ClusterLayout,
  node: NodeLayout,
  { address, gateway, ipv6 }: { readonly address: string; readonly gateway: string; readonly ipv6: boolean },
): Promise<void> {
  await run(exec, ['ip', 'netns', 'add', node.namespace]);
  await batch(exec, cluster.switchNamespace, [
    `link add ${node.port} type veth peer name eth0 netns ${node.namespace}`,
    `link set ${node.port} master br0 up`,
  ]);
  // The same each time the node is switched on: peers remember for up to a minute to which card an address belongs.
  await batch(exec, node.namespace, [
    'link set lo up',
    `link set eth0 address ${hardwareAddress(address)}`,
    `addr add ${address}/24 dev eth0`,
    ...(ipv6 ? [`addr add ${sixthAddress(address)}/64 dev eth0 nodad`] : []),
    'link set eth0 up',
    `route add default via ${gateway}`,
  ]);
}

/** Pulls the plug or puts it back: nothing is said to either side, packets are gone. False: there is no such link. */
export const setLink = async (
  exec: Exec,
  cluster: ClusterLayout,
  node: NodeLayout,
  state: 'up' | 'down',
): Promise<boolean> => await attempt(exec, ['ip', '-n', cluster.switchNamespace, 'link', 'set', node.port, state]);

/** Takes the link away, both ends, at once: a namespace's own end is noticed only some time after it. */
export const unplug = async (exec: Exec, cluster: ClusterLayout, node: NodeLayout): Promise<boolean> =>
  await attempt(exec, ['ip', '-n', cluster.switchNamespace, 'link', 'del', node.port]);

export const removeNamespace = async (exec: Exec, namespace: string): Promise<boolean> =>
  await attempt(exec, ['ip', 'netns', 'del', namespace]);

/** Processes in a network namespace. */
export async function processesIn(exec: Exec, namespace: string): Promise<readonly number[]> {
  const { code, stdout } = await exec('ip', ['netns', 'pids', namespace]);
  return code === 0 ? stdout.split('\n').filter(Boolean).map(Number) : [];
}

/** Which of the switch's links are up; undefined when there is no switch. */
export async function linksUp(exec: Exec, cluster: ClusterLayout): Promise<ReadonlyMap<string, boolean> | undefined> {
  const { code, stdout } = await exec('ip', ['-n', cluster.switchNamespace, '-br', 'link']);
  if (code !== 0) return undefined;
  const rows = stdout.split('\n').map((line) => /^([^@\s]+)\S*\s+(\S+)\s+\S+\s+<([^>]*)>/.exec(line));
  return new Map(rows.flatMap((row) => (row?.[1] === undefined ? [] : [[row[1], /(^|,)UP(,|$)/.test(row[3] ?? '')]])));
}
