import { containerShare } from '../../core/assign/container.ts';
import type { ContainerShare } from '../../core/assign/container.ts';
import type { SingleContainer, SingleContainerStatus } from '../../model/single-container.ts';
import type { View } from '../../store/store.ts';
import type { Delivery } from './delivery.ts';
import { networksWithIpv6On, replaceEndpoints } from './endpoints.ts';
import type { Needs } from './needs.ts';

/** What is told because of each single container on a network of the cluster. */
export class ContainerShares {
  readonly #view: View;
  readonly #delivery: Delivery;
  readonly #needs: Needs;
  readonly #shares = new Map<string, ContainerShare>();

  constructor(view: View, delivery: Delivery, needs: Needs) {
    this.#view = view;
    this.#delivery = delivery;
    this.#needs = needs;
  }

  fold(id: string): void {
    const before = this.#shares.get(id);
    const after = this.#share(id);
    if (after === undefined) this.#shares.delete(id);
    else this.#shares.set(id, after);
    this.#needs.replace(before, after);
    replaceEndpoints(this.#delivery, before?.endpoints, after?.endpoints);
  }

  #share(id: string): ContainerShare | undefined {
    const container = this.#view.get('container', id);
    if (container?.attachments === undefined || this.#view.get('node', container.nodeId) === undefined)
      return undefined;
    return containerShare(container, {
      running: isRunning(container, this.#view.get('containerStatus', id)),
      nodeDown: this.#view.get('nodeStatus', container.nodeId)?.state === 'down',
      network: networksWithIpv6On(this.#view, container.nodeId),
    });
  }
}

/** Of what is not known yet names are not withdrawn. */
const isRunning = ({ nodeId }: SingleContainer, status: SingleContainerStatus | undefined): boolean =>
  status === undefined || (status.running && status.nodeId === nodeId);
