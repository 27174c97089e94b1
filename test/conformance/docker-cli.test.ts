import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { dockerCommands } from '../support/docker.ts';
import { until } from '../support/until.ts';
import type { Ran, RunOptions } from './cli.ts';
import { run } from './cli.ts';
import { unexcused } from './lib/excused.ts';
import type { Live } from './live.ts';
import { startLive } from './live.ts';

const composeFile = `
version: "3.8"
services:
  web:
    image: nginx:1
    ports: ["8081:80"]
    networks: [front]
    secrets: [key]
    configs: [{source: site, target: /etc/site}]
    environment: {A: b}
    healthcheck: {test: ["CMD", "true"], interval: 5s}
    deploy:
      replicas: 2
      update_config: {parallelism: 2, order: start-first}
      resources: {limits: {cpus: "0.5", memory: 64M}}
      placement: {constraints: ["node.role==worker"]}
  agent:
    image: redis:7
    deploy: {mode: global}
networks: {front: {}}
secrets: {key: {file: ./content.txt}}
configs: {site: {file: ./content.txt}}
`;

test('there is a docker command to test with', {
  skip: dockerCommands.length === 0 && 'no docker command here',
}, () => {
  assert.ok(dockerCommands.length > 0);
});

for (const program of dockerCommands) {
  describe(program, () => {
    let live: Live;
    const docker = (line: string, options: RunOptions = {}): Promise<Ran> =>
      run(program, line.split(' '), {
        cwd: live.directory,
        environment: { DOCKER_HOST: live.host, HOME: live.directory },
        ...options,
      });
    /** Standard output of a command that must succeed. */
    const ok = async (line: string, options?: RunOptions): Promise<string> => {
      const { code, stdout, stderr } = await docker(line, options);
      assert.equal(code, 0, `docker ${line}: ${stderr}${stdout}`);
      return stdout;
    };
    /** Waits until a command says something. */
    const eventually = async (line: string, pattern: RegExp): Promise<string> =>
      await until(
        `docker ${line} says ${pattern}`,
        () => ok(line),
        (text) => pattern.test(text),
        { everyMs: 100 },
      );

    before(async () => {
      live = await startLive();
      await writeFile(join(live.directory, 'compose.yaml'), composeFile);
      await writeFile(join(live.directory, 'content.txt'), 'hello\n');
    });
    after(async () => {
      await live[Symbol.asyncDispose]();
    });

    test('version, info', async () => {
      assert.match(await ok('version'), /Server: Tutti/);
      const info = await ok('info');
      for (const line of [
        'Swarm: active',
        'Is Manager: true',
        'Nodes: 3',
        'Managers: 1',
        ' CPUs: 192',
        '  node3: 192.168.0.3',
        '   └ Status: Healthy',
      ]) {
        assert.ok(info.includes(line), `${line} in ${info}`);
      }
      assert.equal(await ok('info --format {{.Swarm.LocalNodeState}}'), 'active\n');
    });

    test('node ls, inspect, update, ps, rm', async () => {
      const list = await ok('node ls');
      assert.match(list, /node1 \*\s+node1\s+Ready\s+Active\s+Leader/);
      assert.match(list, /node2\s+node2\s+Ready\s+Active\s+28/);
      assert.match(await ok('node inspect --pretty node1'), /Manager Status:/);
      await ok('node update --availability drain --label-add zone=a node2');
      assert.match(await ok('node ls --filter node.label=zone=a'), /node2.*Drain/);
      assert.equal(await ok('node inspect node2 --format {{.Spec.Labels.zone}}'), 'a\n');
      await ok('node update --availability active --label-rm zone node2');
      await ok('node ps self');
      const refused = await docker('node rm node3');
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, /not down/);
      live.cluster.setNodeState('node3', 'down');
      await ok('node rm node3');
      assert.doesNotMatch(await ok('node ls'), /node3/);
      await live.cluster.addNode('node3');
    });

    test('service create waits until it has converged; ls, ps, inspect, logs, scale, update, rollback, rm', async () => {
      const created = await ok('service create --name web --replicas 2 -p 8080:80 --update-monitor 300ms nginx:1');
      assert.match(created, /converged/);
      assert.match(await ok('service ls'), /web\s+replicated\s+2\/2\s+nginx:1\s+\*:8080->80\/tcp/);
      assert.match(await ok('service ps web'), /web\.1\s+nginx:1\s+node\d\s+Running\s+Running/);
      assert.match(await ok('service inspect --pretty web'), /Replicas:\s+2/);
      const logs = await docker('service logs web');
      assert.match(logs.stdout, /web\.\d\.\w+@node\d\s+\| hello from standard output/);
      assert.match(logs.stderr, /web\.\d\.\w+@node\d\s+\| hello from standard error/);
      assert.match(await ok('service logs --raw --timestamps web'), /2026-01-02T03:04:05\.000000006Z hello/);
      await ok('service scale -d web=3');
      await eventually('service ls', /web\s+replicated\s+3\/3/);
      assert.match(await ok('service update --image nginx:2 --update-parallelism 0 web'), /converged/);
      assert.match(await ok('service ps --filter desired-state=running web'), /nginx:2/);
      await ok('service update -d --rollback web');
      await eventually('service ls', /web\s+replicated\s+3\/3\s+nginx:1/);
      await ok(
        'service update -d --env-add A=b --label-add c=d --publish-rm 80 --constraint-add node.role==worker web',
      );
      assert.equal(
        await ok('service inspect web --format {{.Spec.TaskTemplate.ContainerSpec.Env}}{{.Spec.Labels}}'),
        '[A=b]map[c:d]\n',
      );
      await ok('service rm web');
      assert.doesNotMatch(await ok('service ls'), /web/);
      const missing = await docker('service inspect web');
      assert.equal(missing.code, 1);
      assert.match(missing.stderr, /no such service: web/);
    });

    test('services of every mode', async () => {
      await ok('service create -d --name everywhere --mode global redis:7');
      await eventually('service ls', /everywhere\s+global\s+3\/3/);
      live.cluster.behaviours.set('job:1', 'complete');
      const job = await ok('service create --name job --mode replicated-job --replicas 2 job:1');
      assert.match(job, /job complete/);
      await ok('service rm everywhere job');
    });

    test('a service that fits no node is pending and says why', async () => {
      await ok('service create -d --name lost --constraint node.labels.moon==yes nginx:1');
      await eventually('service ps --no-trunc lost', /Pending.*no suitable node/i);
      await ok('service rm lost');
    });

    test('stack deploy twice, services, ps, ls, rm', async () => {
      await ok('stack deploy -c compose.yaml app');
      await eventually('stack services app', /app_web\s+replicated\s+2\/2\s+nginx:1\s+\*:8081->80\/tcp/);
      await eventually('stack services app', /app_agent\s+global\s+3\/3/);
      const tasks = await ok('stack ps app --format {{.ID}}');
      await ok('stack deploy -c compose.yaml app');
      await eventually('stack services app', /app_web\s+replicated\s+2\/2/);
      assert.equal(await ok('stack ps app --filter desired-state=running --format {{.ID}}'), tasks);
      assert.match(await ok('stack ls'), /app\s+2/);
      assert.match(await ok('config inspect app_site --pretty'), /hello/);
      assert.match(await ok('network inspect app_front'), /"Driver": "overlay"/);
      await ok('stack rm app');
      await eventually('stack ls', /^NAME[^\n]*\n$/);
      assert.doesNotMatch(await ok('network ls'), /app_/);
      assert.doesNotMatch(await ok('secret ls'), /app_/);
      assert.doesNotMatch(await ok('config ls'), /app_/);
      await until(
        'no task of the stack is left',
        () => live.cluster.store.view.count('task'),
        (count) => count === 0,
      );
    });

    test('network, secret and config create, ls, inspect, rm', async () => {
      await ok('network create -d overlay --subnet 10.99.0.0/16 --label a=b over');
      assert.equal(await ok('network inspect over --format {{range.IPAM.Config}}{{.Subnet}}{{end}}'), '10.99.0.0/16\n');
      assert.match(await ok('network ls --filter driver=overlay'), /over\s+overlay\s+swarm/);
      await ok('service create -d --name on --network over nginx:1');
      const used = await docker('network rm over');
      assert.equal(used.code, 1);
      assert.match(used.stderr, /in use/);
      await ok('service rm on');
      await ok('network rm over');
      await ok('network create shown');
      assert.match(await ok('network ls --filter driver=bridge'), /shown\s+bridge/);
      await ok('network rm shown');
      await ok('secret create key -', { input: 'secret' });
      assert.match(await ok('secret ls'), /key/);
      assert.doesNotMatch(await ok('secret inspect key'), /Data/);
      await ok('config create conf content.txt');
      await ok('service create -d --name reads --secret key --config source=conf,target=/etc/conf,mode=0400 nginx:1');
      const kept = await docker('secret rm key');
      assert.equal(kept.code, 1);
      assert.match(kept.stderr, /in use/);
      await ok('service rm reads');
      await ok('secret rm key');
      await ok('config rm conf');
    });

    test('swarm join-token, update, ca; what is made elsewhere says so', async () => {
      await ok('swarm join-token worker');
      const token = await ok('swarm join-token --rotate -q worker');
      assert.equal(await ok('swarm join-token -q worker'), token);
      await ok('swarm update --task-history-limit 3');
      assert.equal(await ok('info --format {{.Swarm.Cluster.Spec.Orchestration.TaskHistoryRetentionLimit}}'), '3\n');
      assert.match((await docker('swarm init')).stderr, /already part of a swarm/);
      assert.match((await docker('swarm leave')).stderr, /tutti leave/);
    });

    test('events are told as they happen', async () => {
      const watching = docker('events --filter type=service', { until: 'service create', timeoutMs: 20_000 });
      let seen = false;
      const noticed = watching.then(() => (seen = true));
      let made = 0;
      const make = async (): Promise<boolean> => {
        made += 1;
        await ok(`service create -d --name event${made} nginx:1`);
        return seen;
      };
      // The command may not be listening yet when the first one is made.
      await until('an event is seen', make, (done) => done, { everyMs: 200, deadlineMs: 20_000 });
      await noticed;
      const { stdout } = await watching;
      assert.match(stdout, /service create \w+ \(name=event\d/);
      await until(
        'no more are being made',
        () => docker('service ls -q'),
        ({ code }) => code === 0,
      );
    });

    test('what went over the wire is as the specification says', () => {
      assert.deepEqual(unexcused(live.inspector.violations), []);
    });

    test('what is not there yet says so and fails', async () => {
      for (const line of ['plugin rm x', 'plugin install --grant-all-permissions x/y']) {
        const { code, stderr } = await docker(line);
        assert.notEqual(code, 0, line);
        assert.match(stderr, /tutti does not/, line);
      }
    });
  });
}
