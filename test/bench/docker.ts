import { Agent, request } from 'node:http';

/** A plain client of the Docker Engine API over a unix socket: what any program of a user's would be. */
export interface DockerEndpoint {
  call<Answer>(method: string, path: string, body?: unknown): Promise<Answer>;
  /** Reads an answer and throws it away unparsed: what it costs is the server's. Gives its length in bytes. */
  drain(path: string): Promise<number>;
  close(): void;
}

export function dockerAt(address: string): DockerEndpoint {
  const socketPath = address.replace(/^unix:\/\//, '');
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const raw = (method: string, path: string, body: unknown): Promise<{ status: number; text: string }> =>
    new Promise((resolve, reject) => {
      const binary = body instanceof Uint8Array;
      const payload = body === undefined ? undefined : binary ? body : JSON.stringify(body);
      const headers: Record<string, string | number> = { Host: 'docker' };
      if (payload !== undefined) {
        headers['Content-Type'] = binary ? 'application/x-tar' : 'application/json';
        headers['Content-Length'] = Buffer.byteLength(payload);
      }
      const sent = request(
        { socketPath, method, path: `/v1.41${path}`, headers, agent, timeout: 120_000 },
        (answer) => {
          const parts: Buffer[] = [];
          answer.on('data', (chunk: Buffer) => parts.push(chunk));
          answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(parts).toString() }));
          answer.on('error', reject);
        },
      );
      sent.on('timeout', () => sent.destroy(new Error(`no answer in 120 s: ${method} ${path}`)));
      sent.on('error', reject);
      sent.end(payload);
    });
  return {
    async call<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
      const answer = await raw(method, path, body);
      if (answer.status >= 400) throw new Error(`${method} ${path}: ${answer.status} ${answer.text.trim()}`);
      return (
        answer.text.startsWith('{') || answer.text.startsWith('[') ? JSON.parse(answer.text) : undefined
      ) as Answer;
    },
    drain: (path) =>
      new Promise((resolve, reject) => {
        const sent = request({ socketPath, path: `/v1.41${path}`, headers: { Host: 'docker' }, agent }, (answer) => {
          let size = 0;
          answer.on('data', (chunk: Buffer) => (size += chunk.length));
          answer.on('error', reject);
          answer.on('end', () =>
            answer.statusCode === 200 ? resolve(size) : reject(new Error(`GET ${path}: ${answer.statusCode}`)),
          );
        });
        sent.on('error', reject);
        sent.end();
      }),
    close: () => agent.destroy(),
  };
}

/** Makes and starts a container by the engine's own API; gives its id. */
export async function startContainer(engine: DockerEndpoint, body: { readonly Image: string }): Promise<string> {
  const { Id } = await engine.call<{ Id: string }>('POST', '/containers/create', body);
  await engine.call('POST', `/containers/${Id}/start`);
  return Id;
}

export interface ApiTask {
  readonly ID: string;
  readonly NodeID?: string;
  readonly ServiceID: string;
  readonly DesiredState: string;
  readonly Status: {
    readonly State: string;
    readonly Message?: string;
    readonly ContainerStatus?: { readonly PID?: number; readonly ContainerID?: string };
  };
}
export interface ApiNode {
  readonly ID: string;
  readonly Description: { readonly Hostname: string };
  readonly Status: { readonly State: string };
}

export const filters = (value: Readonly<Record<string, readonly string[]>>): string =>
  `filters=${encodeURIComponent(JSON.stringify(value))}`;
export const tasksOf = (docker: DockerEndpoint, service: string): Promise<readonly ApiTask[]> =>
  docker.call<readonly ApiTask[]>('GET', `/tasks?${filters({ service: [service] })}`);
export const isRunning = (task: ApiTask): boolean => task.Status.State === 'running' && task.DesiredState === 'running';
const ended = new Set(['complete', 'shutdown', 'failed', 'rejected', 'remove', 'orphaned']);
export const isAlive = (task: ApiTask): boolean => !ended.has(task.Status.State);

/** A service of `replicas` tasks that sleep, as both Swarm and Tutti take it. */
export function sleepers(name: string, image: string, replicas: number, network?: string): unknown {
  return {
    Name: name,
    TaskTemplate: {
      ContainerSpec: { Image: image },
      ...(network ? { Networks: [{ Target: network }] } : {}),
      ForceUpdate: 0,
    },
    Mode: { Replicated: { Replicas: replicas } },
    EndpointSpec: { Mode: 'dnsrr' },
  };
}
