import type { Served } from '../api/http/serve.ts';
import { createTlsApi } from '../api/tls/listener.ts';
import type { TlsApi } from '../api/tls/listener.ts';
import { TuttiError } from '../model/errors.ts';
import type { Clock, Log } from '../platform/ports.ts';
import type { Store } from '../store/store.ts';
import { trustOf } from '../manager/ca/trust.ts';
import { apiCredentials } from './api-certificate.ts';
import type { NodeConfig } from './config.ts';
import { createRunner } from './runner.ts';
import type { Directories } from './host.ts';

export interface ApiOverTcpOptions {
  readonly store: Pick<Store, 'view' | 'subscribe'>;
  readonly config: NodeConfig;
  readonly directories: Directories;
  readonly served: Served;
  readonly clock: Clock;
  readonly log: Log;
}

/** How often the certificate is looked at, and how soon a port that was taken is tried again. */
const lookMs = 60 * 60 * 1000;
const retryMs = 10_000;

/**
 * Serves a manager's API over TCP for as long as it lives. What stands in the way is logged and tried again: a cluster
 * is not without its manager for that.
 */
export const serveOverTcp = async (options: ApiOverTcpOptions): Promise<AsyncDisposable> => {
  const { store, config, clock, log } = options;
  if (config.apiPort === 0) return { [Symbol.asyncDispose]: async () => undefined };
  let api: TlsApi | undefined;
  let ended = false;
  const credentials = async () => {
    const [cluster] = store.view.list('cluster');
    if (cluster === undefined) throw new TuttiError('unavailable', 'there is no cluster here');
    return await apiCredentials({ ...options, cluster });
  };
  const isClient = (id: string): boolean => (store.view.get('client', id)?.expiresAt ?? 0) > clock.now();
  const open = async (): Promise<void> => {
    const { address: host, apiPort: port } = config;
    const opened = await createTlsApi({ ...options, host, port, credentials: await credentials(), isClient });
    if (ended) await opened[Symbol.asyncDispose]();
    else api = opened;
  };
  const step = async (): Promise<number> => {
    try {
      if (api === undefined) await open();
      else api.renew(await credentials());
      return lookMs;
    } catch (thrown) {
      log.error('the API over TCP is not served as it should be', { error: TuttiError.from(thrown).message });
      return retryMs;
    }
  };
  const runner = createRunner(step, clock);
  await runner.run();
  const subscription = store.subscribe(({ durable, changes }) => {
    if (!durable) return;
    for (const { table, id, before, after } of changes) {
      if (table === 'client' && after === undefined) api?.drop(id);
      if (table === 'cluster' && (before === undefined || after === undefined || trustOf(before) !== trustOf(after))) {
        void runner.run();
      }
    }
  });
  return {
    [Symbol.asyncDispose]: async () => {
      ended = true;
      subscription[Symbol.dispose]();
      await runner[Symbol.asyncDispose]();
      await api?.[Symbol.asyncDispose]();
    },
  };
};
