import { request } from 'node:http';
import { json } from 'node:stream/consumers';
import type { NodeReport } from '../../../src/dev/list.ts';

/** A container as its own engine tells of it. */
export interface SeenContainer {
  readonly id: string;
  readonly node: string;
  readonly running: boolean;
  /** `<service>.<slot>`, or `<service>.<node id>` of a global service. */
  readonly place: string;
}

interface Listed {
  readonly Id: string;
  readonly State: string;
  readonly Labels: Readonly<Record<string, string>>;
}
interface Inspected {
  readonly State: { readonly StartedAt: string };
}
type Cluster = { readonly nodes: readonly NodeReport[] };

/** Asks an engine. The docker command is too slow to see what changes by the moment. */
const ask = async <Value>(engine: string, path: string): Promise<Value> =>
  await new Promise((resolve, reject) => {
    const call = request({ socketPath: engine.replace('unix://', ''), path, timeout: 30_000 }, (response) => {
      if (response.statusCode === 200) json(response).then((value) => resolve(value as Value), reject);
      else reject(new Error(`${engine}: ${path}: ${response.statusCode}`));
    });
    call.on('timeout', () => call.destroy(new Error(`${engine} does not answer`)));
    call.on('error', reject);
    call.end();
  });

async function containersOn({ name, engine }: NodeReport): Promise<readonly SeenContainer[]> {
  const listed = await ask<readonly Listed[]>(engine, '/containers/json?all=true');
  return listed.map(({ Id: id, State: state, Labels: labels }) => {
    const place = (labels['com.docker.swarm.task.name'] ?? '').split('.').slice(0, -1).join('.');
    return { id, node: name, running: state === 'running', place };
  });
}

/** Every container of the engines, ended ones too, without asking anything of Tutti. */
export const containersOf = async (cluster: Cluster): Promise<readonly SeenContainer[]> =>
  (await Promise.all(cluster.nodes.map(containersOn))).flat();

/** When a container was last started, milliseconds since the epoch. */
export async function startOf(cluster: Cluster, { id, node }: SeenContainer): Promise<number> {
  const report = cluster.nodes.find(({ name }) => name === node);
  const inspected = await ask<Inspected>(report?.engine ?? '', `/containers/${id}/json`);
  return Date.parse(inspected.State.StartedAt);
}

/** The containers of a service or stack: `app_web`, `app`. */
export const under = (containers: readonly SeenContainer[], name: string): readonly SeenContainer[] =>
  containers.filter(({ place }) => place.startsWith(`${name}.`) || place.startsWith(`${name}_`));
