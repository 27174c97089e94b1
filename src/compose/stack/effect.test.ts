import assert from 'node:assert/strict';
import test from 'node:test';
import { differences } from '../../core/plan/difference.ts';
import { composeChanges } from '../change/change.ts';
import { stackOf } from '../testing/memory.ts';
import { keyTable } from './keys.ts';

/** What stands around the key under test. The service `s` is the one that changes; the others are there to be named. */
const surroundings = (service: string, top: string): string => `
services:
  s: {${['image: i', service].filter((part) => part !== '').join(', ')}}
  other: {image: o, profiles: [p], volumes: ["v:/lent"]}
  always: {image: o}
  uses: {image: u, networks: [n, default], volumes: ["v:/v"], secrets: [sec], configs: [con]}
${top}`;
const resources: Readonly<Record<string, string>> = {
  networks: 'networks: {n: {}}',
  volumes: 'volumes: {v: {}}',
  secrets: 'secrets: {sec: {file: data}}',
  configs: 'configs: {con: {file: data}}',
};
const top = (changed: Readonly<Record<string, string>> = {}): string =>
  Object.values({ ...resources, ...changed }).join('\n');

interface Sample {
  readonly without: string;
  readonly with: string;
}

/** The key in a service; `base` is what must be there for the key to make sense. */
const inService = (text: string, base = ''): Sample => ({
  without: surroundings(base, top()),
  with: surroundings(text, top()),
});
const inTop = (section: string, text: string, base?: string): Sample => ({
  without: surroundings('', top(base === undefined ? {} : { [section]: base })),
  with: surroundings('', top({ [section]: text })),
});

/** For each key that is acted on, a file without it and the same file with it. Lists and free names go with their key. */
const samples: Readonly<Record<string, Sample>> = {
  name: { without: surroundings('', top()), with: `name: x\n${surroundings('', top())}` },
  'services.*.annotations': inService('annotations: {a: b}'),
  ...rateSamples('device_read_bps'),
  ...rateSamples('device_read_iops'),
  ...rateSamples('device_write_bps'),
  ...rateSamples('device_write_iops'),
  'services.*.blkio_config.weight': inService('blkio_config: {weight: 300}'),
  ...rateSamples('weight_device', 'weight'),
  'services.*.cap_add': inService('cap_add: [NET_ADMIN]'),
  'services.*.cap_drop': inService('cap_drop: [ALL]'),
  'services.*.cgroup': inService('cgroup: host'),
  'services.*.cgroup_parent': inService('cgroup_parent: m'),
  'services.*.command': inService('command: run'),
  'services.*.configs.*.source': inService('configs: [con]'),
  'services.*.configs.*.target': inService('configs: [{source: con, target: /x}]', 'configs: [con]'),
  'services.*.configs.*.uid': inService('configs: [{source: con, uid: "1"}]', 'configs: [con]'),
  'services.*.configs.*.gid': inService('configs: [{source: con, gid: "1"}]', 'configs: [con]'),
  'services.*.configs.*.mode': inService('configs: [{source: con, mode: 0400}]', 'configs: [con]'),
  'services.*.container_name': inService('container_name: cn'),
  'services.*.cpu_period': inService('cpu_quota: 50000, cpu_period: 50000', 'cpu_quota: 50000'),
  'services.*.cpu_quota': inService('cpu_quota: 50000'),
  'services.*.cpu_rt_period': inService('cpu_rt_period: 400ms'),
  'services.*.cpu_rt_runtime': inService('cpu_rt_runtime: 95000'),
  'services.*.cpu_shares': inService('cpu_shares: 512'),
  'services.*.cpus': inService('cpus: 0.5'),
  'services.*.cpuset': inService('cpuset: "0,1"'),
  'services.*.depends_on.*.condition': inService(
    'depends_on: {always: {condition: service_healthy}}',
    'depends_on: [always]',
  ),
  'services.*.depends_on.*.required': inService(
    'depends_on: {always: {condition: service_started, required: false}}',
    'depends_on: [always]',
  ),
  'services.*.deploy.mode': inService('deploy: {mode: global}'),
  'services.*.deploy.endpoint_mode': inService('deploy: {endpoint_mode: dnsrr}'),
  'services.*.deploy.replicas': inService('deploy: {replicas: 3}'),
  'services.*.deploy.labels': inService('deploy: {labels: {a: b}}'),
  'services.*.deploy.placement.constraints': inService('deploy: {placement: {constraints: ["node.role==worker"]}}'),
  'services.*.deploy.placement.preferences.*.spread': inService(
    'deploy: {placement: {preferences: [{spread: node.labels.z}]}}',
  ),
  'services.*.deploy.placement.max_replicas_per_node': inService('deploy: {placement: {max_replicas_per_node: 1}}'),
  'services.*.deploy.resources.limits.cpus': inService('deploy: {resources: {limits: {cpus: "0.5"}}}'),
  'services.*.deploy.resources.limits.memory': inService('deploy: {resources: {limits: {memory: 64m}}}'),
  'services.*.deploy.resources.limits.pids': inService('deploy: {resources: {limits: {pids: 10}}}'),
  'services.*.deploy.resources.reservations.cpus': inService('deploy: {resources: {reservations: {cpus: 0.5}}}'),
  'services.*.deploy.resources.reservations.memory': inService('deploy: {resources: {reservations: {memory: 64m}}}'),
  'services.*.deploy.resources.reservations.generic_resources.*.discrete_resource_spec.kind': inService(
    'deploy: {resources: {reservations: {generic_resources: [{discrete_resource_spec: {kind: gpu, value: 2}}]}}}',
  ),
  'services.*.deploy.resources.reservations.generic_resources.*.discrete_resource_spec.value': inService(
    'deploy: {resources: {reservations: {generic_resources: [{discrete_resource_spec: {kind: gpu, value: 2}}]}}}',
    'deploy: {resources: {reservations: {generic_resources: [{discrete_resource_spec: {kind: gpu, value: 1}}]}}}',
  ),
  ...deviceSamples(
    'services.*.deploy.resources.reservations.devices.*',
    (text) => `deploy: {resources: {reservations: {devices: [{${text}}]}}}`,
  ),
  ...deviceSamples('services.*.gpus.*', (text) => `gpus: [{${text}}]`),
  'services.*.deploy.restart_policy.condition': inService('deploy: {restart_policy: {condition: none}}'),
  'services.*.deploy.restart_policy.delay': inService('deploy: {restart_policy: {delay: 5s}}'),
  'services.*.deploy.restart_policy.max_attempts': inService('deploy: {restart_policy: {max_attempts: 5}}'),
  'services.*.deploy.restart_policy.window': inService('deploy: {restart_policy: {window: 5s}}'),
  ...updateSamples('update_config', 'rollback'),
  ...updateSamples('rollback_config', 'continue'),
  'services.*.device_cgroup_rules': inService("device_cgroup_rules: ['c 1:3 mr']"),
  'services.*.devices.*.source': inService('devices: [/dev/a]'),
  'services.*.devices.*.target': inService('devices: ["/dev/a:/dev/b"]', 'devices: [/dev/a]'),
  'services.*.devices.*.permissions': inService('devices: [{source: /dev/a, permissions: r}]', 'devices: [/dev/a]'),
  'services.*.dns': inService('dns: 1.1.1.1'),
  'services.*.dns_opt': inService('dns_opt: [a]'),
  'services.*.dns_search': inService('dns_search: a'),
  'services.*.domainname': inService('domainname: a.b'),
  'services.*.entrypoint': inService('entrypoint: run'),
  'services.*.env_file.*.path': inService('env_file: some.env'),
  'services.*.env_file.*.format': inService('env_file: [{path: some.env, format: raw}]', 'env_file: some.env'),
  'services.*.environment': inService('environment: {A: b}'),
  'services.*.expose': inService('expose: ["80"]'),
  'services.*.extends.service': inService('extends: {service: other}'),
  'services.*.extends.file': inService('extends: {file: o.yaml, service: other}', 'extends: {service: other}'),
  'services.*.extra_hosts': inService('extra_hosts: ["a:1.1.1.1"]'),
  'services.*.group_add': inService('group_add: [1]'),
  'services.*.healthcheck.disable': inService('healthcheck: {disable: true}'),
  'services.*.healthcheck.interval': inService('healthcheck: {interval: 1s}'),
  'services.*.healthcheck.retries': inService('healthcheck: {retries: 1}'),
  'services.*.healthcheck.test': inService('healthcheck: {test: x}'),
  'services.*.healthcheck.timeout': inService('healthcheck: {timeout: 1s}'),
  'services.*.healthcheck.start_period': inService('healthcheck: {start_period: 1s}'),
  'services.*.healthcheck.start_interval': inService('healthcheck: {start_interval: 1s}'),
  'services.*.hostname': inService('hostname: h'),
  'services.*.init': inService('init: true'),
  'services.*.ipc': inService('ipc: host'),
  'services.*.isolation': inService('isolation: default'),
  'services.*.label_file': inService('label_file: some.env'),
  'services.*.labels': inService('labels: {a: b}'),
  'services.*.links': inService('links: ["always:alias"]'),
  'services.*.logging.driver': inService('logging: {driver: local}'),
  'services.*.logging.options': inService('logging: {options: {max-size: 1m}}'),
  'services.*.mac_address': inService('mac_address: 02:42:ac:11:65:43'),
  'services.*.mem_limit': inService('mem_limit: 64m'),
  'services.*.mem_reservation': inService('mem_reservation: 64m'),
  'services.*.mem_swappiness': inService('mem_swappiness: 10'),
  'services.*.memswap_limit': inService('mem_limit: 64m, memswap_limit: 96m', 'mem_limit: 64m'),
  'services.*.network_mode': inService('network_mode: host'),
  'services.*.networks': inService('networks: [n]'),
  'services.*.networks.*.aliases': inService('networks: {n: {aliases: [x]}}', 'networks: [n]'),
  'services.*.networks.*.ipv4_address': inService('networks: {n: {ipv4_address: 10.0.0.9}}', 'networks: [n]'),
  'services.*.networks.*.ipv6_address': inService('networks: {n: {ipv6_address: "fd00::9"}}', 'networks: [n]'),
  'services.*.networks.*.driver_opts': inService('networks: {n: {driver_opts: {a: b}}}', 'networks: [n]'),
  'services.*.oom_kill_disable': inService('oom_kill_disable: true'),
  'services.*.oom_score_adj': inService('oom_score_adj: 5'),
  'services.*.pid': inService('pid: host'),
  'services.*.pids_limit': inService('pids_limit: 5'),
  'services.*.platform': inService('platform: linux/amd64'),
  'services.*.ports.*.target': inService('ports: [80]'),
  'services.*.ports.*.published': inService('ports: ["80:80"]', 'ports: [80]'),
  'services.*.ports.*.protocol': inService('ports: ["80/udp"]', 'ports: [80]'),
  'services.*.ports.*.mode': inService('ports: [{target: 80, mode: host}]', 'ports: [80]'),
  'services.*.ports.*.name': inService('ports: [{target: 80, name: web}]', 'ports: [80]'),
  'services.*.ports.*.host_ip': inService('ports: ["127.0.0.1:80:80"]', 'ports: ["80:80"]'),
  'services.*.privileged': inService('privileged: true'),
  'services.*.profiles': inService('profiles: [p]'),
  'services.*.pull_policy': inService('pull_policy: always'),
  'services.*.read_only': inService('read_only: true'),
  'services.*.restart': inService('restart: on-failure:3'),
  'services.*.runtime': inService('runtime: runsc'),
  'services.*.scale': inService('scale: 2'),
  'services.*.secrets.*.source': inService('secrets: [sec]'),
  'services.*.secrets.*.target': inService('secrets: [{source: sec, target: /x}]', 'secrets: [sec]'),
  'services.*.secrets.*.uid': inService('secrets: [{source: sec, uid: "1"}]', 'secrets: [sec]'),
  'services.*.secrets.*.gid': inService('secrets: [{source: sec, gid: "1"}]', 'secrets: [sec]'),
  'services.*.secrets.*.mode': inService('secrets: [{source: sec, mode: 0400}]', 'secrets: [sec]'),
  'services.*.security_opt': inService('security_opt: ["no-new-privileges:true"]'),
  'services.*.shm_size': inService('shm_size: 64m'),
  'services.*.stdin_open': inService('stdin_open: true'),
  'services.*.stop_grace_period': inService('stop_grace_period: 1m'),
  'services.*.stop_signal': inService('stop_signal: SIGINT'),
  'services.*.storage_opt': inService('storage_opt: {size: 1G}'),
  'services.*.sysctls': inService('sysctls: {a: 1}'),
  'services.*.tmpfs': inService('tmpfs: /run'),
  'services.*.tty': inService('tty: true'),
  'services.*.ulimits.*.soft': inService(
    'ulimits: {nofile: {soft: 1, hard: 3}}',
    'ulimits: {nofile: {soft: 2, hard: 3}}',
  ),
  'services.*.ulimits.*.hard': inService(
    'ulimits: {nofile: {soft: 1, hard: 4}}',
    'ulimits: {nofile: {soft: 1, hard: 3}}',
  ),
  'services.*.user': inService('user: "1"'),
  'services.*.userns_mode': inService('userns_mode: host'),
  'services.*.uts': inService('uts: host'),
  'services.*.volumes.*.type': inService(
    'volumes: [{type: tmpfs, target: /t}]',
    'volumes: [{type: volume, target: /t}]',
  ),
  'services.*.volumes.*.source': inService(
    'volumes: [{type: volume, source: v, target: /t}]',
    'volumes: [{type: volume, target: /t}]',
  ),
  'services.*.volumes.*.target': inService('volumes: [/t]'),
  ...mountSamples('volume', {
    read_only: 'read_only: true',
    consistency: 'consistency: cached',
    'volume.labels': 'volume: {labels: {a: b}}',
    'volume.nocopy': 'volume: {nocopy: true}',
    'volume.subpath': 'volume: {subpath: s}',
  }),
  ...mountSamples('bind', {
    'bind.propagation': 'bind: {propagation: rslave}',
    'bind.create_host_path': 'bind: {create_host_path: true}',
    'bind.recursive': 'bind: {recursive: disabled}',
    'bind.selinux': 'bind: {selinux: Z}',
  }),
  ...mountSamples('tmpfs', { 'tmpfs.size': 'tmpfs: {size: 1m}', 'tmpfs.mode': 'tmpfs: {mode: 0700}' }),
  ...mountSamples('image', { 'image.subpath': 'image: {subpath: s}' }),
  'services.*.volumes_from': inService('volumes_from: [uses]'),
  'services.*.working_dir': inService('working_dir: /w'),
  'networks.*.name': inTop('networks', 'networks: {n: {name: x}}'),
  'networks.*.driver': inTop('networks', 'networks: {n: {driver: host}}'),
  'networks.*.driver_opts': inTop('networks', 'networks: {n: {driver_opts: {com.docker.network.driver.mtu: 1400}}}'),
  'networks.*.external': inTop('networks', 'networks: {n: {external: true}}'),
  'networks.*.external.name': inTop(
    'networks',
    'networks: {n: {external: {name: x}}}',
    'networks: {n: {external: true}}',
  ),
  'networks.*.attachable': inTop('networks', 'networks: {n: {attachable: true}}'),
  'networks.*.enable_ipv6': inTop('networks', 'networks: {n: {enable_ipv6: true}}'),
  'networks.*.internal': inTop('networks', 'networks: {n: {internal: true}}'),
  'networks.*.labels': inTop('networks', 'networks: {n: {labels: [a=b]}}'),
  'networks.*.ipam.config.*.subnet': inTop('networks', 'networks: {n: {ipam: {config: [{subnet: 10.0.0.0/24}]}}}'),
  'networks.*.ipam.config.*.ip_range': inTop('networks', 'networks: {n: {ipam: {config: [{ip_range: 10.0.0.0/25}]}}}'),
  'networks.*.ipam.config.*.gateway': inTop('networks', 'networks: {n: {ipam: {config: [{gateway: 10.0.0.1}]}}}'),
  'networks.*.ipam.config.*.aux_addresses': inTop(
    'networks',
    'networks: {n: {ipam: {config: [{aux_addresses: {a: 10.0.0.2}}]}}}',
  ),
  'volumes.*.name': inTop('volumes', 'volumes: {v: {name: x}}'),
  'volumes.*.driver': inTop('volumes', 'volumes: {v: {driver: nfs}}'),
  'volumes.*.driver_opts': inTop('volumes', 'volumes: {v: {driver_opts: {a: b}}}'),
  'volumes.*.external': inTop('volumes', 'volumes: {v: {external: true}}'),
  'volumes.*.external.name': inTop('volumes', 'volumes: {v: {external: {name: x}}}', 'volumes: {v: {external: true}}'),
  'volumes.*.labels': inTop('volumes', 'volumes: {v: {labels: {a: b}}}'),
  ...fileSamples('secrets', 'sec'),
  ...fileSamples('configs', 'con'),
  'configs.*.content': inTop('configs', 'configs: {con: {content: x}}'),
};

function rateSamples(key: string, amount = 'rate'): Record<string, Sample> {
  const of = (path: string, value: number): string => `blkio_config: {${key}: [{path: ${path}, ${amount}: ${value}}]}`;
  return {
    [`services.*.blkio_config.${key}.*.path`]: inService(of('/a', 10), of('/b', 10)),
    [`services.*.blkio_config.${key}.*.${amount}`]: inService(of('/a', 20), of('/a', 10)),
  };
}

function deviceSamples(prefix: string, service: (text: string) => string): Record<string, Sample> {
  const changed = (text: string): Sample =>
    inService(service(`capabilities: [x], ${text}`), service('capabilities: [x]'));
  return {
    [`${prefix}.capabilities`]: inService(service('capabilities: [x, y]'), service('capabilities: [x]')),
    [`${prefix}.count`]: changed('count: 2'),
    [`${prefix}.device_ids`]: changed('device_ids: ["0"]'),
    [`${prefix}.driver`]: changed('driver: d'),
    [`${prefix}.options`]: changed('options: {a: b}'),
  };
}

function updateSamples(section: string, action: string): Record<string, Sample> {
  const fields = [
    'parallelism: 2',
    'delay: 1s',
    `failure_action: ${action}`,
    'monitor: 1s',
    'max_failure_ratio: 0.1',
    'order: start-first',
  ];
  return Object.fromEntries(
    fields.map((field) => [
      `services.*.deploy.${section}.${field.split(':')[0]}`,
      inService(`deploy: {${section}: {${field}}}`, `deploy: {${section}: {}}`),
    ]),
  );
}

function mountSamples(type: string, fields: Readonly<Record<string, string>>): Record<string, Sample> {
  const base = `type: ${type}, source: ${type === 'bind' ? '/x' : type === 'volume' ? 'v' : 'i'}, target: /t`;
  return Object.fromEntries(
    Object.entries(fields).map(([key, text]) => [
      `services.*.volumes.*.${key}`,
      inService(`volumes: [{${base}, ${text}}]`, `volumes: [{${base}}]`),
    ]),
  );
}

function fileSamples(section: string, key: string): Record<string, Sample> {
  const changed = (text: string, base?: string): Sample =>
    inTop(
      section,
      `${section}: {${key}: {${text}}}`,
      base === undefined ? undefined : `${section}: {${key}: {${base}}}`,
    );
  return {
    [`${section}.*.name`]: changed('file: data, name: x'),
    [`${section}.*.environment`]: changed('environment: PW'),
    [`${section}.*.file`]: changed('file: data', 'environment: PW'),
    [`${section}.*.external`]: changed('external: true'),
    [`${section}.*.external.name`]: changed('external: {name: x}', 'external: true'),
    [`${section}.*.labels`]: changed('file: data, labels: [a=b]'),
    [`${section}.*.template_driver`]: changed('file: data, template_driver: golang'),
  };
}

const kinds = [
  ['service', 'services'],
  ['network', 'networks'],
  ['secret', 'secrets'],
  ['config', 'configs'],
] as const;

const files = {
  data: 'data',
  'some.env': 'A="1"',
  'o.yaml': 'services: {other: {image: elsewhere, command: x}}',
};
const convert = (text: string) => stackOf({ 'compose.yaml': text, ...files }, { environment: { PW: 'p' } });

for (const [key, sample] of Object.entries(samples)) {
  test(`the stack changes with ${key}`, async () => {
    const [before, after] = [await convert(sample.without), await convert(sample.with)];
    assert.notDeepEqual(after.stack, before.stack);
  });

  test(`a plan names the change of ${key} as Compose does`, async () => {
    const [before, after] = [(await convert(sample.without)).stack, (await convert(sample.with)).stack];
    const paths = kinds.flatMap(([object, list]) =>
      before[list].flatMap((one) => {
        const other = after[list].find(({ name }) => name === one.name);
        const changes = other === undefined ? [] : differences(one, other);
        return composeChanges('app', { kind: 'update', object, name: one.name, changes }).map(({ path }) => path);
      }),
    );
    // The model's names are the ones with capitals, or begin so; those of variables have nothing but capitals.
    const foreign = paths.filter((path) => /[a-z][A-Z]|^(?:task|endpoint|mode|update|rollback)\b/.test(path));
    assert.deepEqual(foreign, []);
  });
}

/** Shown by the tests of includes and env files, or only ever a container of keys that are in the samples. */
const elsewhere = ['include', 'services.*.env_file.*.required', 'services.*.image'];

test('there is a sample for every key that is acted on', () => {
  const acted = Object.keys(keyTable).filter((key) => keyTable[key] === 'acted on' && !key.endsWith('*'));
  const covered = (key: string): boolean =>
    key in samples ||
    Object.keys(samples).some((sample) => sample.startsWith(`${key}.`)) ||
    elsewhere.some((one) => key === one || key.startsWith(`${one}.`));
  assert.deepEqual(
    acted.filter((key) => !covered(key)),
    [],
  );
});

const ignoredValues: Readonly<Record<string, string>> = {
  version: 'version: "3"\nservices: {s: {image: i}}',
  models: 'models: {m: {model: x}}\nservices: {s: {image: i}}',
  'services.*.models': 'models: {m: {model: x}}\nservices: {s: {image: i, models: [m]}}',
  'services.*.attach': 'services: {s: {image: i, attach: false}}',
  'services.*.build': 'services: {s: {build: .}}',
  'services.*.cpu_count': 'services: {s: {image: i, cpu_count: 2}}',
  'services.*.cpu_percent': 'services: {s: {image: i, cpu_percent: 2}}',
  'services.*.credential_spec': 'services: {s: {image: i, credential_spec: {file: x}}}',
  'services.*.depends_on.*.restart':
    'services: {s: {image: i, depends_on: {t: {condition: service_started, restart: true}}}, t: {image: i}}',
  'services.*.develop': 'services: {s: {image: i, develop: {watch: [{path: x, action: sync}]}}}',
  'services.*.external_links': 'services: {s: {image: i, external_links: [x]}}',
  'services.*.networks.*.gw_priority': 'services: {s: {image: i, networks: {default: {gw_priority: 1}}}}',
  'services.*.networks.*.interface_name': 'services: {s: {image: i, networks: {default: {interface_name: x}}}}',
  'services.*.networks.*.link_local_ips': 'services: {s: {image: i, networks: {default: {link_local_ips: [x]}}}}',
  'services.*.networks.*.mac_address': 'services: {s: {image: i, networks: {default: {mac_address: x}}}}',
  'services.*.networks.*.priority': 'services: {s: {image: i, networks: {default: {priority: 1}}}}',
  'services.*.ports.*.app_protocol': 'services: {s: {image: i, ports: [{target: 80, app_protocol: http}]}}',
  'services.*.post_start': 'services: {s: {image: i, post_start: [{command: x}]}}',
  'services.*.pre_stop': 'services: {s: {image: i, pre_stop: [{command: x}]}}',
  'services.*.provider': 'services: {s: {provider: {type: x}}, t: {image: i}}',
  'services.*.pull_refresh_after': 'services: {s: {image: i, pull_refresh_after: 1d}}',
  'services.*.use_api_socket': 'services: {s: {image: i, use_api_socket: true}}',
  'networks.*.ipam.driver': 'services: {s: {image: i}}\nnetworks: {default: {ipam: {driver: x}}}',
  'networks.*.ipam.options': 'services: {s: {image: i}}\nnetworks: {default: {ipam: {options: {a: b}}}}',
  'networks.*.enable_ipv4': 'services: {s: {image: i}}\nnetworks: {default: {enable_ipv4: true}}',
  'secrets.*.driver': 'services: {s: {image: i, secrets: [x]}}\nsecrets: {x: {file: data, driver: d}}',
  'secrets.*.driver_opts': 'services: {s: {image: i, secrets: [x]}}\nsecrets: {x: {file: data, driver_opts: {a: b}}}',
};

for (const [key, treatment] of Object.entries(keyTable)) {
  if (treatment === 'acted on') continue;
  test(`a warning names ${key}, its line and why it is ignored`, async () => {
    const { warnings } = await convert(ignoredValues[key] ?? '');
    const place = key
      .split('.')
      .reduce((text, step) => (step === '*' ? `${text}(?:\\.\\w+|\\[\\d\\])` : `${text}\\.${step}`));
    const expected = new RegExp(`^compose\\.yaml:[12]:\\d+: ${place}: ignored: `);
    const named = warnings.filter((warning) => expected.test(warning) && warning.endsWith(treatment.ignored));
    assert.equal(named.length, 1, warnings.join('\n'));
  });
}

test('extensions are not warned about', async () => {
  const { warnings } = await convert('x-a: {b: c}\nservices: {x-svc: {image: i, x-b: 1, deploy: {x-c: 2}}}');
  assert.deepEqual(warnings, []);
});

test('keys of a service whose name begins with x- are looked at', async () => {
  const { warnings } = await convert('services: {x-svc: {image: i, attach: true}}');
  assert.equal(warnings.length, 1);
});
