import { join } from 'node:path';
import type { Directories } from '../host/host.ts';
import { TuttiError } from '../model/errors.ts';

/** Where all development clusters of this machine keep what they have. */
export interface Bases {
  /** Of data that survives a power-off. Default: `/var/lib/tutti-dev`. */
  readonly dataDirectory: string;
  /** Of sockets and namespaces. Default: `/run/tutti-dev`. */
  readonly runDirectory: string;
}

export const defaultBases: Bases = { dataDirectory: '/var/lib/tutti-dev', runDirectory: '/run/tutti-dev' };

/** The names of everything that a cluster has on the machine: whoever knows the cluster's name finds it. */
export interface ClusterLayout {
  readonly name: string;
  readonly data: string;
  readonly run: string;
  readonly stateFile: string;
  /** Network namespace of the switch. */
  readonly switchNamespace: string;
  /** Holds the nodes' mount and host name namespaces. */
  readonly pins: string;
  /** Path in every cgroup hierarchy. */
  readonly cgroup: string;
}

export interface EngineLayout {
  readonly dataRoot: string;
  readonly execRoot: string;
  readonly socket: string;
  readonly pidFile: string;
  readonly configFile: string;
  readonly logFile: string;
}

export interface NodeLayout {
  readonly name: string;
  readonly data: string;
  readonly run: string;
  /** Network namespace, as `ip netns` names it. */
  readonly namespace: string;
  /** Its interface on the switch's side. */
  readonly port: string;
  readonly mountPin: string;
  readonly hostnamePin: string;
  readonly cgroup: string;
  readonly engine: EngineLayout;
  /** What Tutti's own daemons of this node keep. */
  readonly tutti: Directories;
  /** The Docker API of the cluster, on managers. */
  readonly dockerSocket: string;
}

const namePattern = /^[a-z][a-z0-9-]{0,19}$/;

/** @throws TuttiError `invalid-argument` for a name that no namespace or directory could have. */
export function layoutCluster(name: string, bases: Bases): ClusterLayout {
  if (!namePattern.test(name)) {
    throw new TuttiError(
      'invalid-argument',
      `'${name}' cannot name a cluster: use up to 20 lower-case letters, digits and hyphens, a letter first`,
    );
  }
  const data = join(bases.dataDirectory, name);
  const run = join(bases.runDirectory, name);
  return {
    name,
    data,
    run,
    stateFile: join(data, 'cluster.json'),
    switchNamespace: `tutti-${name}-switch`,
    pins: join(run, 'ns'),
    cgroup: `/tutti-dev-${name}`,
  };
}

export function layoutNode(cluster: ClusterLayout, name: string): NodeLayout {
  const data = join(cluster.data, name);
  const run = join(cluster.run, name);
  return {
    name,
    data,
    run,
    namespace: `tutti-${cluster.name}-${name}`,
    port: name,
    mountPin: join(cluster.pins, `${name}.mnt`),
    hostnamePin: join(cluster.pins, `${name}.uts`),
    cgroup: `${cluster.cgroup}/${name}`,
    engine: {
      dataRoot: join(data, 'engine'),
      execRoot: join(run, 'engine'),
      socket: join(run, 'docker.sock'),
      pidFile: join(run, 'engine.pid'),
      configFile: join(data, 'daemon.json'),
      logFile: join(data, 'engine.log'),
    },
    tutti: { stateDirectory: join(data, 'tutti'), runDirectory: join(run, 'tutti') },
    dockerSocket: join(run, 'tutti', 'docker.sock'),
  };
}

export const netnsPath = (namespace: string): string => `/run/netns/${namespace}`;
