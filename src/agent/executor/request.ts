import { compareApi, severalNetworksApi } from '../../model/api-version.ts';
import type { ContainerSpec } from '../../model/container.ts';
import type { Definitions } from '../../platform/engine/types.generated.ts';
import type { ContainerRequest } from './engine.ts';
import { hostConfig } from './host-config.ts';
import { containerLabels, graceSeconds } from './labels.ts';
import type { Networking } from './networking.ts';
import { present } from './present.ts';
import { genericResourceEnv } from './resources.ts';
import type { RequestContext } from './request-context.ts';
import { expand, templateContext } from './template.ts';

/** The engine's create call for one container of a task. @throws TuttiError `invalid-argument` for a bad template. */
export function containerRequest(context: RequestContext): ContainerRequest {
  const { task, spec, node, networking } = context;
  const template = templateContext(task, node);
  const ownNetwork = networking.kind !== 'shared';
  return {
    Image: spec.image,
    Labels: containerLabels(task, node, spec),
    Env: [
      ...genericResourceEnv(task.assigned.genericResources ?? []),
      ...(spec.env ?? []).map((line) => expand(line, template)),
    ],
    StopTimeout: graceSeconds(spec),
    HostConfig: hostConfig(context, template),
    ...present({
      Entrypoint: spec.entrypoint?.slice(),
      Cmd: spec.command?.slice(),
      WorkingDir: spec.workingDir,
      User: spec.user,
      // A container in another's network namespace has that one's host name; the engine refuses one of its own.
      Hostname: ownNetwork && spec.hostname !== undefined ? expand(spec.hostname, template) : undefined,
      Domainname: ownNetwork ? spec.domainname : undefined,
      Tty: spec.tty,
      OpenStdin: spec.openStdin,
      StopSignal: spec.stopSignal,
      Healthcheck: healthcheck(spec),
      ExposedPorts: ownNetwork ? exposedPorts(context) : undefined,
      NetworkingConfig: networkingConfig(context),
      MacAddress: hasInterface(networking) ? spec.macAddress : undefined,
    }),
  };
}

function hasInterface(networking: Networking): boolean {
  return networking.kind === 'attached' || (networking.kind === 'engine' && networking.mode === 'bridge');
}

function healthcheck({ healthcheck: check }: ContainerSpec): Definitions['HealthConfig'] | undefined {
  if (check === undefined) return undefined;
  const nanoseconds = (milliseconds: number | undefined): number | undefined =>
    milliseconds === undefined ? undefined : Math.round(milliseconds * 1e6);
  return present({
    Test: check.test === undefined || check.test.length === 0 ? undefined : [...check.test],
    Interval: nanoseconds(check.intervalMs),
    Timeout: nanoseconds(check.timeoutMs),
    Retries: check.retries,
    StartPeriod: nanoseconds(check.startPeriodMs),
    StartInterval: nanoseconds(check.startIntervalMs),
  });
}

function exposedPorts({ task, spec }: RequestContext): Record<string, object> | undefined {
  const ports = [
    ...(spec.expose ?? []).map(({ port, protocol }) => `${port}/${protocol}`),
    ...(task.assigned.hostPorts ?? []).map(({ target, protocol }) => `${target}/${protocol}`),
  ];
  return ports.length === 0 ? undefined : Object.fromEntries(ports.map((port) => [port, {}]));
}

function networkingConfig({ networking, engineApi }: RequestContext): Definitions['NetworkingConfig'] | undefined {
  if (networking.kind !== 'attached') return undefined;
  const severalNetworks = compareApi(engineApi, severalNetworksApi) >= 0;
  const endpoints = severalNetworks ? networking.endpoints : networking.endpoints.slice(0, 1);
  return { EndpointsConfig: Object.fromEntries(endpoints.map(({ network, settings }) => [network, settings])) };
}
