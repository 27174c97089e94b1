import type { ContainerRequest, EngineContainer, Health, OutputFrame } from '../../../src/agent/executor/engine.ts';
import type { Timer } from '../../../src/platform/ports.ts';

/** A container of the fake engine. It is changed in place: thousands of engines share one process. */
export interface FakeContainer {
  readonly id: string;
  readonly name: string;
  readonly body: ContainerRequest;
  state: 'created' | 'running' | 'exited';
  health: Health;
  exitCode: number | undefined;
  error: string;
  oomKilled: boolean;
  readonly output: OutputFrame[];
  /** What is to come while it runs. */
  timers: Timer[];
  /** Called once when it says something or ends. */
  readonly watchers: (() => void)[];
}

export function fakeContainer(id: string, name: string, body: ContainerRequest): FakeContainer {
  return {
    id,
    name,
    body,
    state: 'created',
    health: 'none',
    exitCode: undefined,
    error: '',
    oomKilled: false,
    output: [],
    timers: [],
    watchers: [],
  };
}

export function listed(container: FakeContainer): EngineContainer {
  const { id, name, body, state, health, exitCode } = container;
  const labels = body.Labels ?? {};
  return { id, name, labels, state, health, ...(exitCode === undefined ? {} : { exitCode }) };
}

/** True where the container has every label, given as `name` or `name=value`. */
export function hasLabels(labels: Readonly<Record<string, string>>, wanted: readonly string[]): boolean {
  return wanted.every((filter) => {
    const at = filter.indexOf('=');
    return at === -1 ? filter in labels : labels[filter.slice(0, at)] === filter.slice(at + 1);
  });
}

export function addressesOf({ body }: FakeContainer): string[] {
  return Object.entries(body.NetworkingConfig?.EndpointsConfig ?? {}).flatMap(([network, settings]) => {
    const address = settings.IPAMConfig?.IPv4Address;
    return address === undefined ? [] : [`${network}/${address}`];
  });
}

export function hostPortsOf({ body }: FakeContainer): { protocol: string; target: number; published: number }[] {
  return Object.entries(body.HostConfig?.PortBindings ?? {}).flatMap(([key, bindings]) => {
    const [target = '', protocol = 'tcp'] = key.split('/');
    // An engine chooses a free one; here it follows from the target.
    return (bindings ?? []).map(({ HostPort }) => ({
      protocol,
      target: Number(target),
      published: Number(HostPort) || 32_768 + Number(target),
    }));
  });
}
