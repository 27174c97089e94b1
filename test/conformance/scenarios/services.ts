import type { Scenario } from '../lib/scenario.ts';
import { fails } from '../lib/scenario.ts';

/** B and C: the cluster and its services, as typed in Swarm mode. */
export const serviceScenarios: readonly Scenario[] = [
  {
    name: 'services: create, scale, update, roll back, look at, remove',
    steps: [
      { run: 'docker service create --name web --replicas 2 --update-monitor 300ms tiny:1', quiet: true },
      "docker service ls --format '{{.Name}} {{.Mode}} {{.Replicas}} {{.Image}} {{.Ports}}'",
      { run: "docker service ps web --format '{{.Name}} {{.Image}} {{.DesiredState}}'", unordered: true },
      { run: 'docker service scale web=3', codeOnly: true },
      "docker service inspect web --format '{{.Spec.Mode.Replicated.Replicas}}'",
      { run: 'docker service update --env-add A=b --label-add c=d --update-parallelism 0 web', codeOnly: true },
      // The status comes after the tasks have been watched for a while, and a service that it is written to has another version.
      {
        run: "docker service inspect web --format '{{.Spec.TaskTemplate.ContainerSpec.Env}} {{.Spec.Labels}} {{.UpdateStatus.State}}' | grep completed",
        within: 30_000,
      },
      { run: 'docker service rollback web', codeOnly: true },
      {
        run: "docker service inspect web --format '{{.Spec.TaskTemplate.ContainerSpec.Env}} {{.UpdateStatus.State}}' | grep completed",
        within: 30_000,
      },
      { run: 'docker service inspect --pretty web', ignore: /^ (?:Started|Completed|State|Message).*$/ },
      { run: 'docker service create --name web tiny:1', fails: true, quiet: true },
      { run: 'docker service create --name "bad name" tiny:1', fails: true, codeOnly: true },
      { run: 'docker service update --image tiny:1 --force web', codeOnly: true },
      { run: "docker service inspect web --format '{{.UpdateStatus.State}}' | grep '^completed'", within: 30_000 },
      'docker service update --replicas 1 --detach web',
      { run: "docker service ls --format '{{.Replicas}}' | grep 1/1", within: 20_000 },
      'docker service rm web',
      'docker service ls -q',
    ],
  },
  {
    name: 'services: modes, logs, health, placement, ports, mounts',
    steps: [
      { run: 'docker service create --name all --mode global tiny:1', codeOnly: true },
      "docker service ls --format '{{.Name}} {{.Mode}}'",
      fails('docker service scale all=2'),
      { run: 'docker service create --name job --mode replicated-job --replicas 2 tiny:1 true', codeOnly: true },
      "docker service ls -f name=job --format '{{.Mode}} {{.Replicas}}'",
      {
        run: 'docker service create -d --name talks --restart-condition none --stop-grace-period 1s tiny:1 sh -c "echo bad >&2; sleep 0.3; echo said; sleep 100"',
        quiet: true,
      },
      { run: 'docker service logs --raw talks 2>&1 | sort | grep -A1 bad | grep said', within: 15_000 },
      // An engine that was just asked for logs may have none for a moment.
      { run: 'docker service logs --raw --tail 1 talks 2>/dev/null | grep said', within: 10_000 },
      { run: 'docker service create -d --name lost --constraint node.labels.moon==yes tiny:1', quiet: true },
      {
        run: "docker service ps lost --no-trunc --format '{{.CurrentState}} {{.Error}}' | grep -i 'no suitable node'",
        codeOnly: true,
        within: 10_000,
      },
      {
        run: 'docker service create -d --name ports -p 18090:80 --mount type=volume,src=shared,dst=/v tiny:1',
        quiet: true,
      },
      "docker service inspect ports --format '{{json .Spec.EndpointSpec.Ports}} {{json .Spec.TaskTemplate.ContainerSpec.Mounts}}'",
      { run: 'docker service create -d --name ports2 -p 18090:80 tiny:1', fails: true, quiet: true },
      'docker service rm all job talks lost ports',
      // An engine in Swarm mode keeps the containers of a job that was removed.
      { run: 'docker ps -aq | wc -l | grep "^0"', within: 30_000, alone: true, tutti: /^0/ },
    ],
  },
  {
    name: 'secrets and configs',
    steps: [
      'printf hidden | docker secret create --label a=b key - | wc -c',
      fails('printf hidden | docker secret create key -'),
      "docker secret ls --format '{{.Name}}'",
      "docker secret ls -f label=a=b --format '{{.Name}}'",
      "docker secret inspect key --format '{{.Spec.Name}} {{.Spec.Labels}}'",
      'echo text > f && docker config create conf f | wc -c',
      'docker config inspect conf --pretty | tail -2',
      {
        run: 'docker service create --name reads --secret key --config source=conf,target=/etc/conf tiny:1',
        codeOnly: true,
      },
      {
        run: 'docker exec $(docker ps -q -f label=com.docker.swarm.service.name=reads) cat /run/secrets/key /etc/conf',
        within: 10_000,
      },
      fails('docker secret rm key'),
      fails('docker config rm conf'),
      'docker service rm reads',
      { run: 'docker secret rm key', within: 10_000 },
      { run: 'docker config rm conf', within: 10_000 },
    ],
  },
  {
    name: 'stacks',
    files: {
      'f.yml':
        'version: "3.8"\nservices:\n  web:\n    image: tiny:1\n    networks: [front]\n    deploy: {replicas: 2}\n  db:\n    image: tiny:1\n    networks: [front]\n    volumes: ["data:/data"]\nnetworks: {front: {}}\nvolumes: {data: {}}\n',
    },
    steps: [
      { run: 'docker stack deploy -c f.yml app', codeOnly: true },
      {
        run: "docker stack services app --format '{{.Name}} {{.Replicas}}' | grep -c -e '2/2' -e '1/1' | grep 2",
        within: 30_000,
      },
      "docker stack ls --format '{{.Name}} {{.Services}}'",
      { run: "docker stack ps app --format '{{.Name}} {{.DesiredState}}'", unordered: true },
      { run: 'docker exec $(docker ps -q -f name=app_web.1) nslookup db > /dev/null', within: 10_000 },
      "docker network ls -f name=app_front --format '{{.Name}} {{.Driver}} {{.Scope}}'",
      { run: 'docker stack rm app', codeOnly: true },
      { run: 'docker network ls -q -f name=app_front | wc -l | grep 0', within: 30_000 },
    ],
  },
  {
    name: 'nodes and the swarm',
    steps: [
      { run: 'docker node ls', codeOnly: true, tutti: /node3/ },
      "docker node inspect self --format '{{.Spec.Role}} {{.Spec.Availability}} {{.Status.State}}'",
      "docker node update --label-add zone=a $(docker info --format '{{.Swarm.NodeID}}') > /dev/null",
      "docker node inspect self --format '{{.Spec.Labels}}'",
      "docker node update --label-rm zone $(docker info --format '{{.Swarm.NodeID}}') > /dev/null",
      { run: 'docker node update --availability nosuch self', fails: true, codeOnly: true },
      fails('docker node rm nosuch'),
      { run: 'docker node ps self', codeOnly: true },
      'docker swarm join-token -q worker | cut -c1-7',
      'docker swarm join-token --rotate -q manager | cut -c1-7',
      { run: 'docker swarm init', fails: true },
      'docker swarm update --task-history-limit 4',
      "docker info --format '{{.Swarm.Cluster.Spec.Orchestration.TaskHistoryRetentionLimit}}'",
      'docker swarm update --task-history-limit 5',
      { run: 'docker swarm unlock-key', fails: true, codeOnly: true },
      'docker swarm ca | sed -n 1p',
      { run: 'docker network create -d overlay --attachable over | wc -c' },
      "docker network inspect over --format '{{.Driver}} {{.Scope}} {{.Attachable}}'",
      { run: 'docker service create -d --name onit --network over tiny:1', codeOnly: true },
      { run: 'docker run --rm --network over tiny:1 nslookup onit > /dev/null', within: 20_000 },
      'docker service rm onit',
      { run: 'docker network rm over', within: 15_000 },
    ],
    cleanUp:
      'docker node update --label-rm zone $(docker info --format {{.Swarm.NodeID}}); docker swarm update --task-history-limit 5',
  },
];
