import type {
  AssignedEndpoint,
  AssignedNetwork,
  AssignedPublish,
  AssignedVip,
  Assignment,
} from '../../../src/model/assignment.ts';
import { hostPortKey } from '../../../src/model/host-port.ts';
import { sixthAddress } from '../../../src/dev/subnet.ts';
import type { LabNode } from './lab.ts';

/** A task for the lab to run: a container with static addresses. */
export interface LabTask {
  readonly id: string;
  readonly service: string;
  readonly node: LabNode;
  /** Network → address. */
  readonly addresses: Readonly<Record<string, string>>;
  readonly ready?: boolean;
  readonly aliases?: readonly string[];
}

export interface LabNetwork {
  readonly id: string;
  readonly name: string;
  /** `10.128.N.0/24` with N given. */
  readonly index: number;
  readonly prefix?: number;
  readonly internal?: boolean;
  readonly ingress?: boolean;
  /** `fd00:N::/64` beside it. */
  readonly dual?: boolean;
}

export interface LabPublish {
  readonly protocol: 'tcp' | 'udp' | 'sctp';
  readonly published: number;
  readonly target: number;
  readonly service: string;
  readonly network: string;
  readonly address?: string;
  readonly tasks?: 'local' | 'near';
  readonly unserved?: 'drop';
}

/** A service's own address on a network. */
export interface LabVip {
  readonly service: string;
  readonly network: string;
  readonly address: string;
  readonly aliases?: readonly string[];
  readonly affinity?: 'client';
}

export interface LabState {
  readonly networks: readonly LabNetwork[];
  readonly tasks: readonly LabTask[];
  readonly publishes?: readonly LabPublish[];
  readonly vips?: readonly LabVip[];
  /** With it the node's public keys, by node name. */
  readonly encryption?: 'on' | 'off';
  readonly keys?: Readonly<Record<string, string>>;
  /** Nodes without IPv6. */
  readonly fourthOnly?: readonly LabNode[];
}

const nodeId = (node: LabNode): string => `id${node.name}`;
const overlayAddress = (node: LabNode): string => `100.127.0.${node.name.slice(4)}`;
const overlayMac = (node: LabNode): string => `02:74:64:7f:00:0${node.name.slice(4)}`;

/** The same number in the network's other subnet; undefined where it has none. */
export const sixthOf = ({ dual, index }: LabNetwork, address: string): string | undefined =>
  dual === true ? `fd00:${index}::${Number(address.split('.')[3]).toString(16)}` : undefined;

const sixthEnd = (
  node: LabNode,
  { fourthOnly = [] }: LabState,
): { readonly overlayAddress6?: string; readonly addresses6?: readonly string[] } =>
  fourthOnly.includes(node)
    ? {}
    : { overlayAddress6: `fd00:ffff::${node.name.slice(4)}`, addresses6: [sixthAddress(node.address)] };

export const networkAssignment = ({
  id,
  name,
  index,
  prefix = 24,
  internal,
  ingress,
  dual,
}: LabNetwork): AssignedNetwork =>
  ({
    kind: 'network',
    id,
    name,
    subnet: `10.128.${index}.0/${prefix}`,
    gateway: `10.128.${index}.1`,
    ...(dual === true && { ipv6: { subnet: `fd00:${index}::/64`, gateway: `fd00:${index}::1` } }),
    internal: internal === true,
    ingress: ingress === true,
  }) as AssignedNetwork;

/** What the manager would tell one node: networks of its tasks, and the ingress network. */
export function assignmentsFor(self: LabNode, nodes: readonly LabNode[], state: LabState): Assignment[] {
  const mine = new Set(
    state.tasks.filter(({ node }) => node === self).flatMap(({ addresses }) => Object.keys(addresses)),
  );
  const networks = state.networks.filter(({ id, ingress }) => ingress === true || mine.has(id));
  const given = new Set(networks.map(({ id }) => id));
  return [
    {
      kind: 'self',
      id: nodeId(self),
      name: self.name,
      clusterId: 'lab',
      address: self.address,
      overlayAddress: overlayAddress(self),
      overlayMac: overlayMac(self),
      ...sixthEnd(self, state),
      overlayMtu: state.encryption === 'on' ? 1390 : 1450,
      taskHistoryLimit: 5,
      ...wireOf(self, state),
      ...(state.encryption !== undefined && { encryption: state.encryption }),
    } as Assignment,
    ...nodes
      .filter((node) => node !== self)
      .map(
        (node) =>
          ({
            kind: 'peer',
            id: nodeId(node),
            name: node.name,
            address: node.address,
            overlayAddress: overlayAddress(node),
            overlayMac: overlayMac(node),
            ...sixthEnd(node, state),
            ...wireOf(node, state),
          }) as Assignment,
      ),
    ...networks.map(networkAssignment),
    ...state.tasks.flatMap((task) =>
      Object.entries(task.addresses)
        .filter(([network]) => given.has(network))
        .map(([network, address]) => endpointOf(task, network, address, state)),
    ),
    ...(state.vips ?? []).filter(({ network }) => given.has(network)).map((vip) => vipOf(vip, state)),
    ...(state.publishes ?? []).map(
      ({ service, network, ...served }) =>
        ({
          kind: 'publish',
          ...served,
          id: hostPortKey(served.protocol, served.address ?? '', String(served.published)),
          serviceId: `service${service}`,
          serviceName: service,
          networkId: network,
        }) as AssignedPublish,
    ),
  ];
}

const wireOf = (node: LabNode, { keys }: LabState): { readonly publicKey?: string } => {
  const publicKey = keys?.[node.name];
  return publicKey === undefined ? {} : { publicKey };
};

const sixthIn = (state: LabState, network: string, address: string): { readonly address6?: string } => {
  const found = state.networks.find(({ id }) => id === network);
  const address6 = found === undefined ? undefined : sixthOf(found, address);
  return address6 === undefined ? {} : { address6 };
};

const vipOf = ({ service, network, address, aliases = [], affinity }: LabVip, state: LabState): AssignedVip =>
  ({
    kind: 'vip',
    id: `${network}/service${service}`,
    networkId: network,
    serviceId: `service${service}`,
    address,
    ...sixthIn(state, network, address),
    names: [service, ...aliases],
    ...(affinity !== undefined && { affinity }),
  }) as unknown as AssignedVip;

const endpointOf = (task: LabTask, network: string, address: string, state: LabState): AssignedEndpoint =>
  ({
    kind: 'endpoint',
    id: `${network}/${task.id}`,
    networkId: network,
    taskId: task.id,
    nodeId: nodeId(task.node),
    serviceId: `service${task.service}`,
    address,
    ...(state.fourthOnly?.includes(task.node) !== true && sixthIn(state, network, address)),
    names: (state.vips ?? []).some((vip) => vip.service === task.service && vip.network === network)
      ? [`tasks.${task.service}`]
      : [task.service, ...(task.aliases ?? [])],
    taskNames: [`${task.service}.1.${task.id}`],
    ready: task.ready ?? true,
  }) as unknown as AssignedEndpoint;

/** Tells every node its part, or some of `all`, and waits until it is in force. */
export async function tellAll(nodes: readonly LabNode[], state: LabState, all = nodes): Promise<void> {
  await Promise.all(
    nodes.map(async (node) => {
      await node.tell({ do: 'apply', assignments: assignmentsFor(node, all, state) });
      await node.tell({ do: 'settled' });
    }),
  );
}

/** Starts the task's container as the executor would: on its networks, with its addresses and resolver. */
export async function startTask(task: LabTask, port?: number, networks: readonly LabNetwork[] = []): Promise<void> {
  const { node, addresses } = task;
  const ids = Object.keys(addresses);
  const prepared = (await node.tell({ do: 'ensure', networks: ids })) as Record<
    string,
    { readonly dockerNetwork: string; readonly dns: readonly string[]; readonly ipv6?: boolean }
  >;
  const on = ids.map((id) => {
    const address = addresses[id] ?? '';
    const network = networks.find((one) => one.id === id);
    const sixth = network === undefined || prepared[id]?.ipv6 !== true ? undefined : sixthOf(network, address);
    return {
      network: prepared[id]?.dockerNetwork ?? '',
      asked: ['--ip', address, ...(sixth === undefined ? [] : ['--ip6', sixth])],
    };
  });
  const [first, ...others] = on;
  const dns = ids.flatMap((id) => (prepared[id]?.dns ?? []).flatMap((server) => ['--dns', server]));
  const attach = ['--network', first?.network ?? '', ...(first?.asked ?? [])];
  await node.docker('create', '--name', task.id, ...attach, ...dns, 'tiny:1');
  for (const { network, asked } of others) await node.docker('network', 'connect', ...asked, network, task.id);
  await node.docker('start', task.id);
  await node.party(task.id, port);
}

export const stopTask = async (task: LabTask): Promise<void> => {
  await task.node.docker('rm', '-f', task.id);
};

/** Asks from inside a task or a node; see client.ts. */
export const ask = async (from: LabTask | LabNode, ...asked: (string | number)[]): Promise<string> => {
  const words = asked.map(String);
  return 'service' in from ? await from.node.ask(from.id, ...words) : await from.ask(undefined, ...words);
};
