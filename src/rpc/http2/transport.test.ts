import { systemClock } from '../../platform/clock.ts';
import { transportContract } from '../transport.contract.ts';
import { createHttp2AgentTransport } from './agent.ts';
import { authority, credentialsOf, listenForTest } from '../../../test/support/tls.ts';

transportContract('HTTP/2', async (service) => {
  const listener = await listenForTest(service);
  return {
    address: `127.0.0.1:${listener.port}`,
    listener,
    agent: async (nodeId) => {
      const credentials = await credentialsOf(authority, nodeId, 'worker');
      return createHttp2AgentTransport({ clock: systemClock, credentials: () => credentials });
    },
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  };
});
