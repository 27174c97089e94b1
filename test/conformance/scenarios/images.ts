import type { Scenario } from '../lib/scenario.ts';
import { fails } from '../lib/scenario.ts';

/** A3: images, the classic builder. */
export const imageScenarios: readonly Scenario[] = [
  {
    name: 'build, tag, history, inspect, remove',
    files: {
      Dockerfile:
        'FROM tiny:1\nARG WHO=world\nENV WHO=$WHO\nCOPY hello.sh /bin/hello.sh\nRUN hello.sh > /data/said\nCMD ["cat", "/data/said"]\n',
      'hello.sh': '#!/bin/sh\necho hello $WHO\n',
      'Broken.Dockerfile': 'FROM tiny:1\nRUN exit 3\n',
      'Missing.Dockerfile': 'FROM nosuch:1\n',
    },
    steps: [
      { run: 'docker build -t hello:v0.1 .', codeOnly: true },
      { run: 'docker build -t hello:v0.1 . | grep -c "Using cache"', quiet: true },
      'docker run --rm hello:v0.1',
      { run: 'docker build -q --build-arg WHO=you -t hello:v0.2 . | cut -c1-7', quiet: true },
      'docker run --rm hello:v0.2',
      { run: 'docker build -f Broken.Dockerfile .', fails: true, codeOnly: true },
      { run: 'docker build -f Missing.Dockerfile .', fails: true, codeOnly: true },
      "docker image inspect --format '{{ json .RootFS.Layers }}' tiny:1",
      "docker image inspect --format '{{len .RootFS.Layers}} {{.Config.Cmd}} {{.Config.Env}}' hello:v0.1",
      "docker history --format '{{.CreatedBy}}' hello:v0.1",
      'docker tag hello:v0.1 other:latest',
      { run: "docker images --format '{{.Repository}}:{{.Tag}}' | grep -v none", unordered: true },
      { run: "docker images --filter reference='hello:*' --format '{{.Tag}}'", unordered: true },
      'docker images -q nosuch',
      fails('docker image inspect nosuch'),
      'docker rmi other:latest',
      fails('docker rmi nosuch'),
      fails('docker rmi " "'),
      'docker run -d --name uses hello:v0.1 sleep 100',
      { run: 'docker rmi hello:v0.1', fails: true, codeOnly: true },
      'docker rm -f uses',
      { run: 'docker rmi hello:v0.1 hello:v0.2', codeOnly: true },
      { run: 'docker image prune -f', codeOnly: true },
      { run: 'docker images --filter dangling=true -q', codeOnly: true },
    ],
  },
  {
    name: 'save, load, import',
    steps: [
      'docker tag tiny:1 saved:1',
      'docker save saved:1 -o saved.tar && tar tf saved.tar | grep -c manifest.json',
      'docker rmi saved:1',
      'docker load -i saved.tar',
      'docker run --rm saved:1 echo loaded',
      'mkdir -p root/etc && echo x > root/etc/x && tar c -C root . | docker import -c "CMD [\\"x\\"]" - imported:1 | cut -c1-7',
      "docker image inspect imported:1 --format '{{.Config.Cmd}}'",
      { run: 'docker save nosuch:1 > /dev/null', fails: true, codeOnly: true },
      { run: 'echo rubbish | docker load', fails: true, codeOnly: true },
      { run: 'docker pull localhost:1/nosuch:1', fails: true, codeOnly: true },
      { run: 'docker push localhost:1/nosuch:1', fails: true, codeOnly: true },
    ],
  },
];
