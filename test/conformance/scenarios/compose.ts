import type { Scenario } from '../lib/scenario.ts';
import { fails } from '../lib/scenario.ts';

/** A front that asks an API, which asks a database with a volume; the database and a cache are on a network of their own. */
const voting = `name: voting
services:
  front:
    image: tiny:1
    command: httpd -f -p 80 -h /srv
    volumes: ["./site:/none:ro", "pages:/srv"]
    ports: ["18100:80"]
    networks: [front]
    depends_on: [api]
    labels: {tier: front}
  api:
    build: {context: ./api, args: {GREETING: hello}}
    image: voting-api
    environment: {MODE: "\${MODE:-first}"}
    networks: [front, back]
    depends_on: {db: {condition: service_healthy}}
  db:
    image: tiny:1
    command: sh -c "touch /data/ready; exec httpd -f -p 5432 -h /data"
    volumes: ["data:/data"]
    networks: {back: {aliases: [database]}}
    healthcheck: {test: ["CMD", "test", "-e", "/data/ready"], interval: 300ms, retries: 20}
  cache:
    image: tiny:1
    networks: [back]
    stop_grace_period: 1s
networks: {front: {}, back: {}}
volumes: {data: {}, pages: {}}
`;

const files = {
  'compose.yaml': voting,
  'api/Dockerfile':
    'FROM tiny:1\nARG GREETING=none\nRUN echo $GREETING > /data/index.html\nCMD ["sh", "-c", "echo mode $MODE; exec httpd -f -p 80 -h /data"]\n',
  'site/index.html': 'page\n',
};

const project = "docker ps -a --filter label=com.docker.compose.project=voting --format '{{.Names}} {{.State}}'";

/** C2 and Deliver 7: Compose v2. */
export const composeScenarios: readonly Scenario[] = [
  {
    name: 'compose: build, up, names, scale, look at, down',
    files,
    steps: [
      'docker compose config -q',
      { run: 'docker compose build', codeOnly: true },
      // Compose's own BuildKit client does not get along with an engine as old as the plain one here.
      { run: 'DOCKER_BUILDKIT=1 docker compose build --no-cache', codeOnly: true, alone: true },
      { run: 'docker compose up -d', codeOnly: true },
      { run: project, unordered: true },
      { run: "docker compose ps --format '{{.Service}} {{.State}}'", unordered: true },
      { run: "docker network ls -f name=voting_ --format '{{.Name}} {{.Driver}}'", unordered: true },
      { run: "docker volume ls -f name=voting_ --format '{{.Name}}'", unordered: true },
      { run: 'docker compose exec front wget -qO- http://api/', within: 8000 },
      { run: 'docker compose exec api wget -qO- http://db:5432/ready', within: 8000 },
      { run: 'docker compose exec api wget -qO- http://database:5432/ready', within: 8000 },
      { run: 'docker compose exec front ping -c 1 -W 1 db', fails: true, codeOnly: true },
      fails('docker compose exec -T api sh -c "echo $MODE; exit 3"'),
      'docker compose port front 80',
      { run: 'docker compose logs --no-color --no-log-prefix api', within: 5000 },
      { run: 'docker compose up -d --scale api=3', codeOnly: true },
      { run: project, unordered: true },
      { run: 'docker compose logs --no-color api | cut -d"|" -f1 | sort -u | wc -l', within: 5000 },
      { run: 'docker compose exec --index 3 api hostname | wc -c' },
      { run: 'docker compose run --rm -T api echo from a run', quiet: true },
      { run: 'docker compose run --rm -T -e A=b --no-deps api sh -c "exit 6"', fails: true, codeOnly: true },
      'echo copied > c.txt && docker compose cp -q c.txt front:/srv/ 2>/dev/null || docker compose cp c.txt front:/srv/ 2>/dev/null; docker compose exec front cat /srv/c.txt',
      { run: 'docker compose cp front:/srv/c.txt back.txt >/dev/null 2>&1; cat back.txt' },
      // How many processes a container has at a moment is chance.
      { run: 'docker compose top db', codeOnly: true },
      { run: "docker compose images --format json | grep -o 'voting-api' | sort -u" },
      { run: 'docker compose restart cache', codeOnly: true },
      {
        run: '(sleep 1; docker compose restart -t 0 cache >/dev/null 2>&1) & timeout -s KILL 6 docker compose events cache | grep -o "container [a-z]*" | sort -u; wait',
        quiet: true,
      },
      { run: 'docker compose pause cache && docker compose unpause cache', codeOnly: true },
      { run: 'docker compose stop -t 0 cache && docker compose start cache', codeOnly: true },
      { run: 'docker compose kill cache', codeOnly: true },
      { run: project, unordered: true },
      { run: 'docker compose up -d', codeOnly: true },
      { run: project, unordered: true },
      { run: 'MODE=second docker compose up -d', codeOnly: true },
      { run: 'docker compose logs --no-color --no-log-prefix api | tail -1', within: 5000 },
      { run: 'docker compose pull cache', fails: 'perhaps', codeOnly: true },
      { run: 'docker compose ls --format json | grep -o voting | sort -u' },
      { run: 'docker compose rm -sf cache', codeOnly: true },
      { run: 'docker compose down -v --rmi local -t 0', codeOnly: true },
      project,
      { run: 'docker network ls -q -f name=voting_; docker volume ls -q -f name=voting_' },
    ],
  },
  {
    name: 'compose: in the foreground, one that ends, faults',
    files: {
      'compose.yaml':
        'name: brief\nservices:\n  job:\n    image: tiny:1\n    command: sh -c "echo done; exit 4"\n  other:\n    image: tiny:1\n    network_mode: none\n',
      'bad.yaml': 'services: {web: {image: 3, nosuch: 1}}\n',
      'missing.yaml': 'name: missing\nservices: {web: {image: "localhost:1/nosuch:1"}}\n',
    },
    steps: [
      fails('docker compose up --no-color --no-log-prefix --exit-code-from job 2>/dev/null | grep done'),
      { run: 'docker compose up --abort-on-container-exit', fails: true, codeOnly: true },
      { run: "docker compose ps -a --format '{{.Service}} {{.ExitCode}}' job" },
      { run: 'docker compose wait job', fails: true, codeOnly: true },
      { run: 'docker compose exec nosuch true', fails: true, codeOnly: true },
      { run: 'docker compose -f bad.yaml up', fails: true, codeOnly: true },
      { run: 'docker compose -f missing.yaml up -d', fails: true, codeOnly: true },
      { run: 'docker compose create && docker compose start other', codeOnly: true },
      { run: 'docker compose down', codeOnly: true },
    ],
  },
];
