import type { FindNetwork } from '../../core/assign/address6.ts';
import { publishesOf, vipsOf } from '../../core/assign/service.ts';
import type { AssignedVip } from '../../model/assignment.ts';
import type { NetworkId } from '../../model/ids.ts';
import type { Network } from '../../model/network.ts';
import { assignmentKey } from '../../model/protocol.ts';
import type { View } from '../../store/store.ts';
import type { Delivery } from './delivery.ts';
import { isSame } from './same.ts';

/** What is told because of each service: its published ports to all nodes, its own addresses to their networks. */
export class ServiceShares {
  readonly #view: View;
  readonly #delivery: Delivery;
  readonly #network: FindNetwork;
  readonly #publishes = new Map<string, readonly string[]>();
  /** The addresses of each service's own. */
  readonly #vips = new Map<string, readonly AssignedVip[]>();
  #ingress: NetworkId | undefined;

  constructor(view: View, delivery: Delivery) {
    this.#view = view;
    this.#delivery = delivery;
    this.#network = (id) => view.get('network', id);
  }

  /**
   * A network is another, or is gone. True where the services are to be looked at again: their ports are published through the one
   * that is the ingress network.
   */
  foldNetwork(id: string, network: Network | undefined): boolean {
    if (network?.spec.ingress === true) this.#ingress = network.id;
    else if (this.#ingress === id) this.#ingress = undefined;
    else return false;
    return true;
  }

  /** True where its tasks are to be looked at again: they have other names, or are told with other ports. */
  fold(id: string): boolean {
    const service = this.#view.get('service', id);
    this.#replacePublishes(
      id,
      service === undefined || this.#ingress === undefined ? [] : publishesOf(service, this.#ingress),
    );
    const renamed = this.#replaceVips(id, service === undefined ? [] : vipsOf(service, this.#network));
    return service === undefined || renamed || service.spec.endpoint?.mode === 'dnsrr';
  }

  #replacePublishes(id: string, items: ReturnType<typeof publishesOf>): void {
    const { everyone } = this.#delivery;
    const keys = items.map(assignmentKey);
    for (const key of this.#publishes.get(id) ?? []) {
      if (!keys.includes(key) && this.#publishOwner(key) === id) everyone.remove(key);
    }
    for (const item of items) if (!isSame(everyone.items.get(assignmentKey(item)), item)) everyone.put(item);
    if (keys.length === 0) this.#publishes.delete(id);
    else this.#publishes.set(id, keys);
    this.#delivery.ingress = this.#publishes.size > 0 ? this.#ingress : undefined;
  }

  /** A port may have passed from one service to another in one commit. */
  #publishOwner(key: string): string | undefined {
    const item = this.#delivery.everyone.items.get(key);
    return item?.kind === 'publish' ? item.serviceId : undefined;
  }

  /** True where the service has its own address on other networks than before. */
  #replaceVips(id: string, after: readonly AssignedVip[]): boolean {
    const before = this.#vips.get(id) ?? [];
    if (after.length === 0) this.#vips.delete(id);
    else this.#vips.set(id, after);
    const networks = new Set(after.map(({ networkId }) => networkId));
    for (const vip of before) {
      if (!networks.has(vip.networkId)) this.#delivery.network(vip.networkId).remove(assignmentKey(vip));
    }
    for (const vip of after) {
      const group = this.#delivery.network(vip.networkId);
      if (!isSame(group.items.get(assignmentKey(vip)), vip)) group.put(vip);
    }
    return before.length !== after.length || before.some(({ networkId }) => !networks.has(networkId));
  }
}
