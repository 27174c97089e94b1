import type { Scenario } from '../lib/scenario.ts';
import { fails } from '../lib/scenario.ts';

/** Ports of this machine: a registry that asks who it is, and an index. Nobody listens at the third. */
export const ports = { registry: 5010, index: 5011, nobody: 5012 } as const;

const registry = `$OUTSIDE:${ports.registry}`;
const image = `${registry}/team/tiny:1`;

/** A3: registries with users, what a registry says of an image, and searching. */
export const registryScenarios: readonly Scenario[] = [
  {
    name: 'a registry with users',
    steps: [
      fails(`echo wrong | docker login -u ann --password-stdin ${registry}`),
      {
        run: `echo secret | docker login -u ann --password-stdin $OUTSIDE:${ports.nobody}`,
        fails: true,
        codeOnly: true,
      },
      { run: `docker tag tiny:1 ${image} && docker push ${image}`, fails: true, codeOnly: true },
      { run: `echo secret | docker login -u ann --password-stdin ${registry}`, quiet: true },
      { run: `docker push ${image}`, codeOnly: true },
      { run: `docker rmi ${image}`, codeOnly: true },
      `docker pull -q ${image}`,
      `docker run --rm ${image} echo pulled`,
      { run: `docker service create -q --with-registry-auth --name held ${image} sleep 100`, codeOnly: true },
      { run: "docker service inspect held --format '{{.Spec.TaskTemplate.ContainerSpec.Image}}'", tutti: /@sha256:/ },
      { run: `docker service create -q -d --name unheld ${registry}/team/nosuch:1 sleep 100`, codeOnly: true },
      "docker service inspect unheld --format '{{.Spec.TaskTemplate.ContainerSpec.Image}}'",
      'docker service rm held unheld',
      `docker logout ${registry}`,
      { run: `docker pull ${image}`, fails: true, codeOnly: true },
    ],
  },
  {
    name: 'searching',
    steps: [
      { run: `docker search $OUTSIDE:${ports.index}/tiny`, tutti: /team\/tiny/ },
      `docker search --limit 1 --no-trunc --format '{{.Name}} {{.StarCount}} {{.IsOfficial}}' $OUTSIDE:${ports.index}/tiny`,
      `docker search --filter is-official=true --filter stars=3 --format '{{.Name}}' $OUTSIDE:${ports.index}/tiny`,
      `docker search $OUTSIDE:${ports.index}/nothing`,
      fails(`docker search --limit 101 $OUTSIDE:${ports.index}/tiny`),
      fails(`docker search --filter nosuch=1 $OUTSIDE:${ports.index}/tiny`),
      fails(`docker search $OUTSIDE:${ports.nobody}/tiny`),
    ],
  },
];
