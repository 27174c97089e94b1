import type { Service } from '../../model/service.ts';
import type { View } from '../../store/store.ts';
import type { Allocator } from '../allocator.ts';
import { sameData } from './change.ts';
import { withPorts } from './ports.ts';

export interface EndpointContext {
  readonly allocator: Allocator;
  /** Services that addresses were given to in the transaction, to be taken back where it fails. */
  readonly given: Set<string>;
}

/** The service with the ports and virtual addresses of its specification in force. As `withPorts` where a port is taken. */
export const withEndpoint = (
  view: View,
  service: Service,
  { allocator, given }: EndpointContext,
  whenTaken: 'throw' | 'keep' = 'throw',
): Service => {
  const published = withPorts(view, service, whenTaken);
  given.add(service.id);
  const virtualIps = allocator.giveService(view, published);
  return sameData(virtualIps, service.virtualIps ?? []) ? published : { ...published, virtualIps };
};
