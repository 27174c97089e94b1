import type { Scenario, Step } from '../lib/scenario.ts';
import { fails } from '../lib/scenario.ts';

const spec = "docker service inspect u --format '{{json .Spec}}'";
/** Tutti's restarts have no fixed delay where none is given, and say so. */
const ignore = /"Delay":5000000000,/g;

/** Every way in which `docker service update` changes a service, and the whole specification after each. */
const updates: readonly string[] = [
  // One alone: the command writes several in an order of its own.
  '--env-add A=1',
  '--env-rm A',
  '--label-add x=y --label-add z --container-label-add q=r',
  '--label-rm x --container-label-rm q',
  '--mount-add type=volume,source=v1,target=/v1 --mount-add type=tmpfs,target=/t,tmpfs-size=1000000',
  '--mount-rm /v1',
  '--publish-add 8099:80 --publish-add mode=host,target=81,published=8098,protocol=udp',
  '--publish-rm 80',
  '--publish-rm 81/udp',
  '--network-add name=sw1,alias=al',
  '--network-rm sw1',
  '--host-add h:1.2.3.4',
  '--host-rm h',
  '--dns-add 1.1.1.1 --dns-option-add ndots:2 --dns-search-add x.org',
  '--dns-rm 1.1.1.1 --dns-option-rm ndots:2 --dns-search-rm x.org',
  '--constraint-add node.role==manager --placement-pref-add spread=node.labels.z',
  '--constraint-rm node.role==manager --placement-pref-rm spread=node.labels.z',
  '--limit-cpu 0.5 --limit-memory 64M --limit-pids 100 --reserve-cpu 0.1 --reserve-memory 16M',
  '--limit-cpu 0 --limit-memory 0 --limit-pids 0',
  '--replicas-max-per-node 3 --replicas 2',
  '--restart-condition on-failure --restart-delay 2s --restart-max-attempts 3 --restart-window 10s',
  '--update-parallelism 2 --update-delay 1s --update-order start-first --update-monitor 2s --update-max-failure-ratio 0.2 --update-failure-action continue',
  '--rollback-parallelism 0 --rollback-delay 3s --rollback-order start-first',
  '--stop-grace-period 3s --stop-signal SIGINT --workdir /tmp --hostname hh',
  '--user 5:6 --group-add 7',
  '--group-rm 7',
  '--health-cmd true --health-interval 3s --health-retries 2 --health-timeout 1s --health-start-period 1s',
  '--no-healthcheck',
  '--read-only --init --tty',
  '--read-only=false --init=false --tty=false',
  '--log-driver json-file --log-opt max-size=1m',
  '--cap-add NET_ADMIN --cap-drop CHOWN',
  '--cap-add CHOWN --cap-drop NET_ADMIN',
  '--sysctl-add net.ipv4.ip_forward=1 --ulimit-add nofile=100:200',
  '--sysctl-rm net.ipv4.ip_forward --ulimit-rm nofile',
  '--endpoint-mode dnsrr',
  '--generic-resource-add GPU=1',
  '--generic-resource-rm GPU',
  '--config-add source=swc,target=/cc --secret-add source=sws,target=/ss,mode=0400,uid=5',
  '--config-rm swc --secret-rm sws',
  "--entrypoint 'sh -c' --args 'sleep 100'",
  '--no-resolve-image --image busybox:latest',
  '--force',
];

const refusals: readonly Step[] = [
  fails('docker service update -d --limit-memory 1k u'),
  fails('docker service update -d --secret-add source=sws,target=/a --secret-add source=sws,target=/a u'),
  { run: 'docker service update -d --network-add nosuch u', fails: true, codeOnly: true },
  { run: 'docker service update -d --constraint-add bad u', fails: true, codeOnly: true },
  { run: 'docker service update -d --update-order foo u', fails: true, codeOnly: true },
  { run: 'docker service update -d --replicas -1 u', fails: true, codeOnly: true },
  { run: "docker service update -d --image '' u", fails: true, codeOnly: true },
  fails('docker service create -d -q --name u tiny:1'),
  fails('docker secret rm sws'),
  fails('docker service logs --tail x u'),
  fails('docker service create --mode global-job --replicas 2 tiny:1'),
  fails('docker service create --mode replicated-job --update-delay 1s tiny:1'),
  fails('docker service update --replicas 4 j'),
  fails('docker service rollback once'),
];

/** Swarm mode in depth: mission rows B1, C1, C3 and C5. */
export const swarmScenarios: readonly Scenario[] = [
  {
    name: 'service update: every flag, and the whole specification after each',
    steps: [
      'docker network create -d overlay sw1 > /dev/null',
      'echo one | docker config create swc - > /dev/null',
      'echo two | docker secret create sws - > /dev/null',
      { run: 'docker service create -q -d --name u --replicas 0 tiny:1', quiet: true },
      ...updates.flatMap((flags): Step[] => [
        { run: `docker service update -q -d ${flags} u`, quiet: true },
        { run: spec, ignore },
      ]),
    ],
  },
  {
    name: 'what Swarm mode refuses',
    steps: [
      'echo two | docker secret create sws - > /dev/null',
      { run: 'docker service create -q -d --name u --replicas 0 --secret sws tiny:1', quiet: true },
      { run: 'docker service create -q -d --name once --replicas 0 tiny:1', quiet: true },
      { run: 'docker service create -q -d --name j --mode replicated-job tiny:1 true', quiet: true },
      'docker service update -d --secret-rm nosuch u',
      ...refusals,
    ],
  },
  {
    name: 'jobs',
    steps: [
      {
        run: 'docker service create -q --name j --mode replicated-job --replicas 3 --max-concurrent 2 tiny:1 true',
        codeOnly: true,
      },
      "docker service ls --format '{{.Name}} {{.Mode}} {{.Replicas}}'",
      { run: "docker service ps j --format '{{.DesiredState}}'" },
      { run: 'docker service update -q --force j', codeOnly: true },
      { run: 'docker service scale j=2', codeOnly: true },
      "docker service ls --format '{{.Name}} {{.Mode}} {{.Replicas}}'",
      { run: 'docker service rollback -q j', codeOnly: true },
      "docker service inspect j --format '{{json .Spec.Mode}}'",
      'docker service rm j',
    ],
  },
  {
    name: 'what does not come up says so on the line of its task',
    steps: [
      {
        run: '(timeout 8 docker service create --name miss nosuch.invalid/img:1 2>&1; true) | grep -m 1 -o "1/1: No such image: nosuch.invalid/img:1"',
      },
      {
        run: "docker service ps miss --no-trunc --format '{{.Error}}' | grep -o 'No such image: nosuch.invalid/img:1' | sort -u",
      },
      'docker service rm miss',
    ],
  },
  {
    name: 'templates in secrets, configs, environment, host names and mounts',
    steps: [
      `printf 'hidden' | docker secret create plain - > /dev/null`,
      `printf '{{.Service.Name}} {{env "A"}} {{secret "plain"}}' | docker config create --template-driver golang ct - > /dev/null`,
      `printf '{{.Task.Slot}} {{env "A"}}' | docker secret create --template-driver golang st - > /dev/null`,
      {
        run: `docker service create -q --name t --env A={{.Task.Slot}} --hostname '{{.Service.Name}}-{{.Task.Slot}}' --secret plain --secret st --config source=ct,target=/ct tiny:1`,
        codeOnly: true,
      },
      {
        run: 'docker exec $(docker ps -q -f label=com.docker.swarm.service.name=t) sh -c "hostname; cat /ct; echo; cat /run/secrets/st"',
        within: 10_000,
      },
      'docker service rm t',
    ],
  },
  {
    name: 'the swarm: locked, with another authority, with other settings',
    steps: [
      { run: 'docker swarm unlock-key', fails: true, codeOnly: true },
      { run: 'echo key | docker swarm unlock', fails: true, codeOnly: true },
      'docker swarm update --autolock=true | head -3',
      'docker swarm unlock-key -q | cut -c1-9',
      "docker info --format '{{.Swarm.Cluster.Spec.EncryptionConfig.AutoLockManagers}}'",
      'docker swarm unlock-key --rotate -q | cut -c1-9',
      'docker swarm update --autolock=false',
      { run: 'docker swarm unlock-key', fails: true, codeOnly: true },
      'docker swarm update --cert-expiry 48h --dispatcher-heartbeat 2s',
      "docker info --format '{{.Swarm.Cluster.Spec.CAConfig.NodeCertExpiry}} {{.Swarm.Cluster.Spec.Dispatcher.HeartbeatPeriod}}'",
      'docker swarm ca | sed 1q > before; docker swarm ca > all-before',
      { run: 'docker swarm ca --rotate | tail -1', within: 30_000 },
      'docker swarm ca > all-after; ! cmp -s all-before all-after',
      "docker node ls --format '{{.TLSStatus}}' | sort -u",
      "docker info --format '{{.Swarm.Cluster.RootRotationInProgress}}'",
      'docker swarm update --cert-expiry 2160h --dispatcher-heartbeat 5s',
    ],
    cleanUp: 'docker swarm update --autolock=false --cert-expiry 2160h --dispatcher-heartbeat 1s',
  },
];
