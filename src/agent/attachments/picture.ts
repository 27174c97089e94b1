import { networkIdOf } from '../../model/network.ts';
import type { AttachmentEvent, Attachments } from './ports.ts';

/** What follows from news of a container: it has to be looked at, it is told of, or nothing. */
export type Consequence = 'look' | 'present' | 'ended' | undefined;

/** What is known of an engine's containers from its events, listings and inspections. */
export interface Picture {
  /** Those that run and are, or since their start were, on a network of ours, as they are now. */
  readonly containers: ReadonlyMap<string, Attachments>;
  /** Events are heard from now on, and what was known may be out of date. */
  opened(): void;
  /** All that run; events since `opened` may have been heard before. Gives who has to be looked at, and who has ended. */
  listed(running: readonly { readonly id: string; readonly networks: readonly string[] }[]): {
    readonly look: readonly string[];
    readonly ended: readonly string[];
  };
  /** @param isFresh Events are heard since a short time only: what came to a network before may start now. */
  heard(event: AttachmentEvent, isFresh: boolean): Consequence;
  inspected(container: string, found: Attachments | undefined): Consequence;
}

/**
 * A container is to be looked at when it runs: an engine answers nothing about one that it is starting. Engines before 28
 * tell of its networks before they tell of its start, later ones after it.
 */
export function createPicture(): Picture {
  const containers = new Map<string, Attachments>();
  /** All that run. */
  const running = new Set<string>();
  /** Those that ran when the events broke off: whether they still do, the listing tells. */
  const unsure = new Set<string>();
  /** Those that came to a network of ours and do not run yet. */
  const coming = new Set<string>();

  const ended = (container: string): Consequence => (containers.delete(container) ? 'ended' : undefined);
  const left = (container: string, network: string): Consequence => {
    const known = containers.get(container);
    if (isOurs(network)) coming.delete(container);
    if (known === undefined) return undefined;
    containers.set(container, { ...known, networks: known.networks.filter(({ name }) => name !== network) });
    return 'present';
  };
  return {
    containers,
    opened() {
      for (const id of running) unsure.add(id);
      running.clear();
      coming.clear();
    },
    listed(all) {
      const look = all.filter(({ id, networks }) => networks.some(isOurs) || coming.has(id) || containers.has(id));
      for (const { id } of all) {
        running.add(id);
        coming.delete(id);
      }
      unsure.clear();
      const gone = [...containers.keys()].filter((id) => !running.has(id));
      for (const id of gone) containers.delete(id);
      return { look: look.map(({ id }) => id), ended: gone };
    },
    heard(event, isFresh) {
      const { container } = event;
      const isKnown = containers.has(container);
      switch (event.kind) {
        case 'started':
          running.add(container);
          return coming.delete(container) || isKnown || isFresh ? 'look' : undefined;
        case 'ended':
          for (const known of [running, unsure, coming]) known.delete(container);
          return ended(container);
        case 'joined':
          if (running.has(container)) return isKnown || isOurs(event.network) ? 'look' : undefined;
          if (isOurs(event.network)) coming.add(container);
          return undefined;
        case 'left':
          return left(container, event.network);
      }
    },
    inspected(container, found) {
      // It may have ended while the engine answered.
      const runs = running.has(container) || unsure.has(container);
      if (found === undefined || found.pid <= 0 || !runs) return ended(container);
      if (!containers.has(container) && !found.networks.some(({ name }) => isOurs(name))) return undefined;
      containers.set(container, found);
      return 'present';
    },
  };
}

const isOurs = (network: string): boolean => networkIdOf(network) !== undefined;
