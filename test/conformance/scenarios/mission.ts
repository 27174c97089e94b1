import type { Scenario } from '../lib/scenario.ts';

const nodeOf = (name: string): string => `$(docker inspect ${name} --format '{{.Node.Name}}')`;
const labelled = (label: string, node: string): string => `docker node update --label-add ${label} ${node} > /dev/null`;

/** Examples of the jobs A to C, as they are written down there, that no other scenario types. */
export const missionScenarios: readonly Scenario[] = [
  {
    name: 'the examples of the jobs, as they are written',
    steps: [
      // A1
      `printf 'echo typed $((6*7))\\nexit\\n' | script -qec "docker run -it --rm tiny:1 sh" /dev/null | grep -c '^typed 42'`,
      // A4
      'docker volume create | wc -c',
      { run: 'docker network ls', codeOnly: true },
      "docker network inspect bridge --format '{{.Name}} {{.Driver}}'",
      'docker run -d --name pub -p 8080:80 tiny:1 httpd -f -p 80 -h /etc',
      {
        run: 'docker run --rm -e affinity:container==pub --network host tiny:1 wget -qO- http://127.0.0.1:8080/variant',
        within: 10_000,
      },
      // A6
      { run: labelled('storage=ssd', 'node2'), alone: true },
      { run: 'docker run -d --name fast -e constraint:storage==ssd tiny:1', alone: true },
      { run: `echo ${nodeOf('fast')}`, alone: true, tutti: /^node2$/m },
      { run: 'docker run -d --name web1 tiny:1', alone: true },
      { run: 'docker run -d --name db -e "affinity:container!=web*" tiny:1', alone: true },
      { run: `test ${nodeOf('db')} != ${nodeOf('web1')}`, alone: true },
      { run: 'docker run --rm -e affinity:image==~redis tiny:1 true', alone: true },
      // A7
      'docker run --rm -m 1g --cpus 1 tiny:1 true',
      // C1
      { run: 'docker service create --replicas 2 --name web tiny:1', quiet: true },
      { run: 'docker service scale web=5', codeOnly: true },
      "docker service ls --format '{{.Name}} {{.Replicas}}'",
      // C6
      { run: labelled('zone=a', 'node1'), alone: true },
      { run: `${labelled('zone=b', 'node2')}; ${labelled('zone=b', 'node3')}`, alone: true },
      {
        run: 'docker service create -q --name even --replicas 4 --placement-pref spread=node.labels.zone tiny:1',
        codeOnly: true,
      },
      { run: "docker service ps even --format '{{.Node}}' | grep -c node1", alone: true, tutti: /^2$/m },
    ],
    cleanUp:
      'for node in node1 node2 node3; do for label in storage zone; do docker node update --label-rm $label $node; done; done',
  },
];
