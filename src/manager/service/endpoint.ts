import type { ReservedPort } from '../../core/allocate/ports.ts';
import type { Service } from '../../model/service.ts';
import type { View } from '../../store/store.ts';
import type { Allocator } from '../allocator.ts';
import { sameData } from './change.ts';
import { withPorts } from './ports.ts';

export interface EndpointContext {
  readonly allocator: Allocator;
  /** Services that addresses were given to in the transaction, to be taken back where it fails. */
  readonly given: Set<string>;
  /** Ports that others than services have on nodes. */
  readonly held?: readonly ReservedPort[];
}

/** The service with the ports and virtual addresses of its specification in force. As `withPorts` where a port is taken. */
export const withEndpoint = (
  view: View,
  service: Service,
  { allocator, given, held }: EndpointContext,
  whenTaken: 'throw' | 'keep' = 'throw',
): Service => {
  const published = withPorts(view, service, held, whenTaken);
  given.add(service.id);
  const virtualIps = allocator.giveService(view, published);
  return sameData(virtualIps, service.virtualIps ?? []) ? published : { ...published, virtualIps };
};
