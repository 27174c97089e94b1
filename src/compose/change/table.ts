import type { ValueKind } from './value.ts';

/** A Compose key, and how its value is written where that is not how the model has it. */
export type ComposeField = string | readonly [key: string, value: ValueKind];

/** Entries of the form `a b=c d`: names that are the same in both, and `model=compose`. */
const renamed = (model: string, compose: string, words: string): Record<string, string> =>
  Object.fromEntries(
    words
      .trim()
      .split(/\s+/)
      .map((word) => {
        const [from = '', to = from] = word.split('=');
        return [`${model}${from}`, `${compose}${to}`];
      }),
  );

const container: Readonly<Record<string, ComposeField>> = {
  ...renamed(
    '',
    '',
    `image entrypoint command user hostname domainname tty init privileged sysctls labels annotations logging runtime
    isolation cpuset expose pullPolicy=pull_policy workingDir=working_dir groups=group_add openStdin=stdin_open
    readOnly=read_only stopSignal=stop_signal capAdd=cap_add capDrop=cap_drop deviceCgroupRules=device_cgroup_rules
    hosts=extra_hosts securityOpt=security_opt seccomp=security_opt noNewPrivileges=security_opt pidMode=pid ipcMode=ipc
    utsMode=uts usernsMode=userns_mode cgroupnsMode=cgroup cgroupParent=cgroup_parent cpuShares=cpu_shares
    cpuRealtimePeriod=cpu_rt_period cpuRealtimeRuntime=cpu_rt_runtime oomScoreAdj=oom_score_adj
    oomKillDisable=oom_kill_disable storageOptions=storage_opt macAddress=mac_address`,
  ),
  stopGraceMs: ['stop_grace_period', 'duration'],
  shmSizeBytes: ['shm_size', 'bytes'],
  'env[]': ['environment{}', 'variable'],
  'ulimits[]': 'ulimits{}',
  ...renamed('dns.', '', 'nameservers=dns search=dns_search options=dns_opt'),
  ...renamed('healthcheck', 'healthcheck', '.test .retries'),
  'healthcheck.intervalMs': ['healthcheck.interval', 'duration'],
  'healthcheck.timeoutMs': ['healthcheck.timeout', 'duration'],
  'healthcheck.startPeriodMs': ['healthcheck.start_period', 'duration'],
  'healthcheck.startIntervalMs': ['healthcheck.start_interval', 'duration'],
  mounts: 'volumes',
  ...renamed('mounts[].', 'volumes[].', 'readOnly=read_only volume.noCopy=volume.nocopy'),
  ...renamed('mounts[].', 'volumes[].', 'bind.createHostPath=bind.create_host_path volume.driver.name=driver'),
  'mounts[].bind.nonRecursive': ['volumes[].bind.recursive', { true: 'disabled' }],
  'mounts[].bind.readOnlyNonRecursive': ['volumes[].bind.recursive', { true: 'writable' }],
  'mounts[].bind.readOnlyForceRecursive': ['volumes[].bind.recursive', { true: 'readonly' }],
  'mounts[].volume.driver.options': 'volumes[].driver_opts',
  'mounts[].tmpfs.sizeBytes': ['volumes[].tmpfs.size', 'bytes'],
  'mounts[].tmpfs.mode': ['volumes[].tmpfs.mode', 'octal'],
  secrets: 'secrets',
  configs: 'configs',
  ...renamed('secrets[].', 'secrets[].', 'secretName=source secretId=source'),
  ...renamed('configs[].', 'configs[].', 'configName=source configId=source'),
  'secrets[].mode': ['secrets[].mode', 'octal'],
  'configs[].mode': ['configs[].mode', 'octal'],
  ...renamed('devices', 'devices', '[] [].hostPath=[].source [].containerPath=[].target'),
  'resources.limits': 'deploy.resources.limits',
  'resources.limits.nanoCpus': ['deploy.resources.limits.cpus', 'billionths'],
  'resources.limits.memoryBytes': ['deploy.resources.limits.memory', 'bytes'],
  'resources.reservations': 'deploy.resources.reservations',
  'resources.reservations.nanoCpus': ['deploy.resources.reservations.cpus', 'billionths'],
  'resources.reservations.memoryBytes': ['deploy.resources.reservations.memory', 'bytes'],
  'resources.reservations.generic': 'deploy.resources.reservations.generic_resources',
  'resources.swapBytes': ['memswap_limit, less the memory', 'bytes'],
  'resources.swappiness': 'mem_swappiness',
  ...renamed('blockIo.', 'blkio_config.', 'weight weightDevice=weight_device readBps=device_read_bps'),
  ...renamed('blockIo.', 'blkio_config.', 'writeBps=device_write_bps readIops=device_read_iops'),
  ...renamed('blockIo.', 'blkio_config.', 'writeIops=device_write_iops'),
};

const policy = (model: string, compose: string): Readonly<Record<string, ComposeField>> => ({
  ...renamed(`${model}.`, `${compose}.`, 'parallelism order failureAction=failure_action'),
  [`${model}.maxFailureRatio`]: `${compose}.max_failure_ratio`,
  [`${model}.delayMs`]: [`${compose}.delay`, 'duration'],
  [`${model}.monitorMs`]: [`${compose}.monitor`, 'duration'],
});

/** What `condition` of `depends_on` is called in the file. */
const conditions = {
  started: 'service_started',
  healthy: 'service_healthy',
  completed: 'service_completed_successfully',
};

const service: Readonly<Record<string, ComposeField>> = {
  ...Object.fromEntries(Object.entries(container).map(([model, compose]) => [`task.containers[].${model}`, compose])),
  labels: 'deploy.labels',
  'mode.kind': 'deploy.mode',
  ...renamed('mode.', 'deploy.', 'replicas maxConcurrent=replicas totalCompletions=replicas'),
  ...policy('update', 'deploy.update_config'),
  ...policy('rollback', 'deploy.rollback_config'),
  'task.restart.condition': 'deploy.restart_policy.condition',
  'task.restart.delayMs': ['deploy.restart_policy.delay', 'duration'],
  'task.restart.maxAttempts': 'deploy.restart_policy.max_attempts',
  'task.restart.windowMs': ['deploy.restart_policy.window', 'duration'],
  ...renamed(
    'task.placement.',
    'deploy.placement.',
    'constraints preferences maxReplicasPerNode=max_replicas_per_node',
  ),
  'task.placement.platforms': 'platform',
  'task.logging': 'logging',
  'task.pullCredentials': 'the login to the registry',
  'task.networks': 'networks',
  ...renamed(
    'task.networks[]',
    'networks{}',
    '.networkId= .aliases .driverOptions=.driver_opts .ipv4Address=.ipv4_address .ipv6Address=.ipv6_address',
  ),
  'endpoint.mode': 'deploy.endpoint_mode',
  ...renamed('endpoint.', '', 'ports ports[].hostAddress=ports[].host_ip ports[].range=ports[].published'),
  ...renamed('endpoint.', '', 'ports[].tasks=ports[].x-tutti.tasks ports[].unserved=ports[].x-tutti.unserved'),
  dependsOn: 'depends_on',
  'dependsOn[].service': 'depends_on{}',
  'dependsOn[].condition': ['depends_on{}.condition', conditions],
  'dependsOn[].required': 'depends_on{}.required',
};

const file: Readonly<Record<string, ComposeField>> = {
  data: 'content',
  'templating.name': 'template_driver',
};

/**
 * The fields of the model by their keys in a Compose file, for people who wrote one. `[]` stands for an entry by its
 * name and is copied, `{}` writes that name as a key. What is not here keeps the name that it has in the model.
 */
export const composeFields: Readonly<Record<string, Readonly<Record<string, ComposeField>>>> = {
  service,
  network: {
    options: 'driver_opts',
    'ipam.configs[]': 'ipam.config[]',
    'ipam.configs[].ipRange': 'ipam.config[].ip_range',
    'ipam.configs[].auxiliaryAddresses': 'ipam.config[].aux_addresses',
  },
  secret: file,
  config: file,
};
