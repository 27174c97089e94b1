import { systemClock } from '../../platform/clock.ts';
import { transportContract } from '../transport.contract.ts';
import { createMemoryNetwork } from './network.ts';

transportContract('in memory', (service) => {
  const network = createMemoryNetwork({ clock: systemClock, delay: () => 0, connectTimeoutMs: 100 });
  const listener = network.listen('manager:2377', service);
  return Promise.resolve({
    address: 'manager:2377',
    listener,
    agent: (nodeId) =>
      Promise.resolve(network.agent({ nodeId, role: 'worker', clusterId: 'cluster', address: '10.0.0.2' })),
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  });
});
