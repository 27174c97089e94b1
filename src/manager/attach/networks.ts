import type { PlaceNear } from '../../core/place/model.ts';
import type { AttachmentWish } from '../../core/allocate/container.ts';
import { knowsApi } from '../../model/engine-needs.ts';
import { compareApi, severalNetworksApi } from '../../model/api-version.ts';
import type { ContainerAttachment } from '../../model/attachment.ts';
import { TuttiError } from '../../model/errors.ts';
import type { NetworkId } from '../../model/ids.ts';
import { address6On } from '../../model/network-address.ts';
import type { SingleContainer } from '../../model/single-container.ts';
import type { Clock } from '../../platform/ports.ts';
import type { ReadyNetworks } from '../../rpc/networks.ts';
import type { Network } from '../../model/network.ts';
import type { ContainerNetworks, KnownContainer } from '../manager.ts';
import { adopt } from './adopt.ts';
import type { AdoptPorts } from './adopt.ts';
import { attach, detach, makeReady, renameOn, wishOf } from './attach.ts';
import { checkAddresses, noteRunning, noteSeen, runningOn, verifyRunning } from './running.ts';
import type { RunningPorts } from './running.ts';
import type { AttachPorts } from './attach.ts';
import { connectOn, connectOrUndo, disconnectOn, networksOn, serversOf } from './connect.ts';
import type { LocalNetworksPorts } from './local.ts';
import { nodesOfNetworks } from './near.ts';
import { askedNetworks, placeOn, readSettings, rewritten } from './request.ts';
import type { CreateRequest, EnginePlace, EndpointSettings } from './request.ts';
import { checkAttachable, resolveNetwork } from './resolve.ts';
import type { ResolvedNetwork } from './resolve.ts';

export interface ContainerNetworksPorts extends AttachPorts, AdoptPorts, LocalNetworksPorts, RunningPorts {
  readonly clock: Clock;
}

/** Puts single containers on networks of the cluster: what dialects call, and what making containers needs. */
export interface ContainerNetworksOfManager extends Omit<ContainerNetworks, 'nameOf'> {
  /**
   * Gives the container of a row its addresses, sees to it that its networks are on its node, and returns the request
   * as that node's engine is to get it. Again for a row that has moved: it keeps its addresses.
   */
  prepare(container: SingleContainer, signal: AbortSignal): Promise<CreateRequest>;
  /** Connects the container that was made to those of its networks that it is not on: engines before API 1.44 take one at first. */
  finish(container: SingleContainer, engineId: string, signal: AbortSignal): Promise<void>;
  /** The nodes that a container with this request has to be on, for the networks that are one engine's own. */
  near(request: CreateRequest, signal: AbortSignal): Promise<readonly PlaceNear[]>;
}

export const createContainerNetworks = (ports: ContainerNetworksPorts): ContainerNetworksOfManager => {
  const { store } = ports;
  return {
    async prepare(container, signal) {
      const { request } = container.spec;
      const asked = askedNetworks(request);
      noteRunning(store, container, false);
      if (asked === undefined || asked.fixedMode || asked.networks.length === 0) return request;
      const networks = asked.networks.map((one) => resolveNetwork(store.view, one));
      const { places, ready } = await placesFor(ports, container, networks, signal);
      const [first, ...others] = places;
      if (first === undefined) return request;
      const sent = takesSeveral(ports, container) ? others : [];
      return rewritten(request, [first, ...sent], [...new Set(Object.values(ready).flatMap(({ dns }) => dns))]);
    },
    async finish(container, engineId, signal) {
      const asked = askedNetworks(container.spec.request);
      if (asked === undefined || asked.fixedMode) return;
      const networks = asked.networks.map((one) => resolveNetwork(store.view, one));
      const attached = store.view.get('container', container.id)?.attachments?.length ?? 0;
      if (networks.length < 2 && attached < 2) return;
      const { places } = await placesFor(ports, container, networks, signal);
      const known = { id: engineId, nodeId: container.nodeId };
      const present = await networksOn(ports, known, signal);
      for (const place of places.slice(1)) {
        if (!present.has(place.network)) await connectOn(ports, known, place, signal);
      }
    },
    async connect(network, container, given, signal) {
      checkAttachable(network);
      const settings = readSettings(given);
      if (settings === undefined) throw new TuttiError('invalid-argument', 'the endpoint settings cannot be read');
      const row =
        store.view.find('container', 'engine', container.id)[0] ??
        (await adopt(ports, { ...container, servers: await serversOf(ports, container, signal) }));
      const present = row.attachments?.find(({ networkId }) => networkId === network.id);
      if (present !== undefined && isUp(container)) throw alreadyOn(row.spec.name, network);
      const wish = wishOf({ kind: 'cluster', reference: network.spec.name, settings, network });
      // One that does not run gets other settings, as on an engine. With another address it is another place.
      const isRenamed = present !== undefined && isSamePlace(wish, present);
      if (present !== undefined && !isRenamed) await detach(ports, row.id, network.id);
      const attachments = await (isRenamed ? renameOn(ports, row.id, wish) : attach(ports, row.id, [wish]));
      const undo = async () => (isRenamed ? undefined : await detach(ports, row.id, network.id));
      const place = await makeReady(ports, container.nodeId, [network.id], signal)
        .then((ready) => clusterPlace(ports, network.id, settings, attachments, ready))
        .catch(async (thrown: unknown) => {
          await undo();
          throw thrown;
        });
      await connectOrUndo(ports, container, place, undo);
    },
    async disconnect(network, container, force, signal) {
      const [row] = store.view.find('container', 'engine', container.id);
      if (row?.attachments?.some(({ networkId }) => networkId === network.id) !== true) {
        const message = `container ${container.id} is not connected to network ${network.spec.name}`;
        throw new TuttiError('internal', message);
      }
      const ready = await makeReady(ports, container.nodeId, [network.id], signal);
      const name = ready[network.id]?.dockerNetwork;
      if (name === undefined) {
        const message = `network ${network.spec.name} is not on the node of container ${row.spec.name}: try again`;
        throw new TuttiError('unavailable', message);
      }
      await disconnectOn(ports, container, name, force);
      await detach(ports, row.id, network.id);
    },
    near: async (request, signal) => await nodesOfNetworks(ports, request, signal),
    starting: (engineId) => checkAddresses(store.view, engineId),
    seen: (engineId) => noteSeen(ports, engineId),
    verify: async (networkId, signal) => await verifyRunning(ports, networkId, signal),
    on: (networkId) => runningOn(store.view, networkId),
  };
};

/** Whether its engine is told of all networks at once: what is connected later gets no hardware address that was asked for. */
const takesSeveral = ({ store }: Pick<ContainerNetworksPorts, 'store'>, { nodeId, spec }: SingleContainer): boolean => {
  const node = store.view.get('node', nodeId);
  const isKnown = compareApi(spec.apiVersion ?? severalNetworksApi, severalNetworksApi) >= 0;
  return isKnown && node !== undefined && knowsApi(node, severalNetworksApi);
};

const isUp = ({ summary }: KnownContainer): boolean => !['created', 'exited', 'dead'].includes(summary.State ?? '');

const isSamePlace = (wish: AttachmentWish, { address, ipv6Address }: ContainerAttachment): boolean =>
  (wish.address ?? address) === address && (wish.ipv6Address ?? ipv6Address) === ipv6Address;

/** In the words of engines: one for their bridges, another for overlays. */
const alreadyOn = (container: string, { spec: { name, shownDriver } }: Network): TuttiError =>
  shownDriver === undefined
    ? new TuttiError('permission-denied', `${container} is already attached to network ${name}`)
    : new TuttiError('permission-denied', `endpoint with name ${container} already exists in network ${name}`);

/** Every network that the container is to be on, as its engine is told: those of the request, then those it was connected to. */
const placesFor = async (
  ports: ContainerNetworksPorts,
  container: SingleContainer,
  networks: readonly ResolvedNetwork[],
  signal: AbortSignal,
): Promise<{ readonly places: readonly EnginePlace[]; readonly ready: ReadyNetworks }> => {
  const wishes = networks.flatMap((one) => (one.kind === 'cluster' ? [wishOf(one)] : []));
  const present = ports.store.view.get('container', container.id)?.attachments ?? [];
  const attachments = wishes.length === 0 ? present : await attach(ports, container.id, wishes);
  // A network that is gone by now is none that it can be on.
  const there = attachments.filter(({ networkId }) => ports.store.view.get('network', networkId) !== undefined);
  const ids = there.map(({ networkId }) => networkId);
  const ready = ids.length === 0 ? {} : await makeReady(ports, container.nodeId, ids, signal);
  const asked = networks.map((one) =>
    one.kind === 'engine'
      ? { network: one.name, settings: one.settings }
      : clusterPlace(ports, one.network.id, one.settings, there, ready),
  );
  const wished = new Set(wishes.map(({ networkId }) => networkId));
  const others = there.filter(({ networkId }) => !wished.has(networkId));
  return {
    places: [...asked, ...others.map(({ networkId }) => clusterPlace(ports, networkId, {}, there, ready))],
    ready,
  };
};

const clusterPlace = (
  { store }: Pick<ContainerNetworksPorts, 'store'>,
  networkId: NetworkId,
  settings: EndpointSettings,
  attachments: readonly ContainerAttachment[],
  ready: ReadyNetworks,
): EnginePlace => {
  const found = attachments.find((one) => one.networkId === networkId);
  const there = ready[networkId];
  const network = store.view.get('network', networkId);
  if (found !== undefined && there !== undefined && network !== undefined) {
    return placeOn(settings, { address: found.address, address6: address6On(network, found) }, there);
  }
  throw new TuttiError('unavailable', `network ${networkId} is not on the container's node`);
};
