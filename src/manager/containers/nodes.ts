import type { PlaceContainer, PlaceNode } from '../../core/place/model.ts';
import { hostPortKey, HostPorts } from '../../model/host-port.ts';
import type { Node } from '../../model/node.ts';
import type { Reservation, SingleContainer, SingleContainerSpec } from '../../model/single-container.ts';
import type { View } from '../../store/store.ts';
import type { Inventory, KnownContainer } from '../manager.ts';
import type { Loads } from './loads.ts';
import { once, placeContainerOf, placeImageOf, placeNodeOf } from './place-node.ts';

interface Sources {
  readonly view: View;
  readonly inventory: Inventory;
  readonly loads: Loads;
  /** Containers that are being made: the inventory does not have them yet. */
  readonly making: readonly SingleContainer[];
  /** What it has counts as free. */
  readonly replaced?: Replaced | undefined;
}

interface Replaced {
  readonly id: string;
  readonly nodeId: string;
  readonly ports: HostPorts;
  readonly reservation: Reservation;
}

/** The container that another is to take the place of, where it is known. */
export const replacedBy = (
  { view, inventory }: Pick<Sources, 'view' | 'inventory'>,
  { replaces }: SingleContainerSpec,
): Replaced | undefined => {
  const known = replaces === undefined ? undefined : inventory.peek(replaces);
  if (known === undefined) return undefined;
  const { id, nodeId } = known;
  const [row] = view.find('container', 'engine', id);
  const ports = new HostPorts([...portsOf([known]), ...(row?.spec.hostPorts ?? [])]);
  return { id, nodeId, ports, reservation: row?.spec.reservation ?? { nanoCpus: 0, memoryBytes: 0 } };
};

/** Every node as placing sees it now. What is costly to tell is worked out when it is asked for. */
export const placeNodes = (sources: Sources): readonly PlaceNode[] => {
  const ingress = ingressPorts(sources.view);
  return Array.from(sources.view.list('node'), (node) => placeNode(node, ingress, sources));
};

const placeNode = (
  node: Node,
  ingress: HostPorts,
  { view, inventory, loads, making, replaced }: Sources,
): PlaceNode => {
  const load = loads.of(node.id);
  const leaves = replaced?.nodeId === node.id ? replaced : undefined;
  const known = once(() => inventory.of(node.id).filter(({ id }) => id !== leaves?.id));
  const coming = once(() => making.filter((row) => row.nodeId === node.id && isUnseen(row, inventory)));
  const ports = once(() => new HostPorts(portsOf(known())));
  return placeNodeOf({
    node,
    status: view.get('nodeStatus', node.id),
    used: {
      nanoCpus: load.usedNanoCpus - (leaves?.reservation.nanoCpus ?? 0),
      memoryBytes: load.usedMemoryBytes - (leaves?.reservation.memoryBytes ?? 0),
    },
    hasPort: (port) =>
      leaves?.ports.has(port) !== true && (load.hasHostPort(port) || ingress.has(port) || ports().has(port)),
    count: () => inventory.count(node.id) - (leaves === undefined ? 0 : 1) + coming().length,
    containers: () => [...known().map(placeContainerOf), ...coming().map(unseen)],
    images: () => inventory.images(node.id).map(placeImageOf),
  });
};

const isUnseen = ({ nodeId, spec }: SingleContainer, { named }: Inventory): boolean =>
  !named(spec.name).some((known) => known.nodeId === nodeId);

const unseen = ({ spec }: SingleContainer): PlaceContainer => ({ names: [spec.name], labels: labelsOf(spec.request) });

const labelsOf = ({ Labels: labels }: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> =>
  (labels as Readonly<Record<string, string>> | null | undefined) ?? {};

/** Ports that containers have on their node now, also those that Tutti did not make. */
const portsOf = (known: readonly KnownContainer[]): readonly string[] =>
  known.flatMap(({ summary }) =>
    (summary.Ports ?? []).flatMap(({ IP = '', PublicPort, Type }) =>
      PublicPort ? (hostPortKey(Type, IP, String(PublicPort)) ?? []) : [],
    ),
  );

/** Ports that services publish on every node. */
const ingressPorts = (view: View): HostPorts => {
  const taken = new HostPorts();
  for (const { ports } of view.list('service')) {
    for (const { mode, protocol, published, hostAddress = '' } of ports) {
      const key = mode === 'ingress' ? hostPortKey(protocol, hostAddress, String(published)) : undefined;
      if (key !== undefined) taken.count(key, 1);
    }
  }
  return taken;
};
