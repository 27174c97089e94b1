import type { ComposeNode, MapNode } from '../source/node.ts';
import { child, map, scalar, textOf, withEntry } from '../source/node.ts';
import {
  asList,
  asText,
  commandLine,
  environment,
  extraHosts,
  filePath,
  healthTest,
  labels,
  named,
  ulimit,
} from './collections.ts';
import type { Form, FormContext } from './form.ts';
import { applyForm, chain, each, record, values } from './form.ts';
import { deviceForms, fileReferenceForms, mountForms } from './mounts.ts';
import { portForms } from './ports.ts';

const emptyMap: Form = (node) => (node.kind === 'scalar' && node.value === null ? map({}, node.at) : node);
const texts = each((node, path, context) => [asText(node, path, context) ?? node]);
const listOfTexts = chain(asList, texts);

const envFile = chain(
  asList,
  each((node, path, context) => {
    const form = node.kind === 'map' ? node : map({ path: node }, node.at);
    return [record({ path: filePath })(form, path, context) ?? form];
  }),
);

const build = chain(
  (node) => (node.kind === 'scalar' && node.value !== null ? map({ context: node }, node.at) : node),
  record({
    context: filePath,
    args: environment,
    labels,
    ssh: labels,
    additional_contexts: labels,
    extra_hosts: extraHosts,
    secrets: each(fileReferenceForms),
    ulimits: values(ulimit),
  }),
);

const dependsOn = named((node) =>
  map({ condition: scalar('service_started', node.at), required: scalar(true, node.at) }, node.at),
);

const gpus: Form = (node) =>
  node.kind === 'scalar' ? { kind: 'list', items: [map({ count: node }, node.at)], at: node.at } : node;

const hook = each((node, path, context) => [
  record({ command: commandLine, environment })(node, path, context) ?? node,
]);

const service = record({
  annotations: labels,
  build,
  command: commandLine,
  configs: each(fileReferenceForms),
  credential_spec: record({ file: filePath }),
  depends_on: dependsOn,
  deploy: chain(emptyMap, record({ labels })),
  devices: each(deviceForms),
  dns: listOfTexts,
  dns_opt: listOfTexts,
  dns_search: listOfTexts,
  entrypoint: commandLine,
  env_file: envFile,
  environment,
  expose: texts,
  extends: (node) => (node.kind === 'scalar' ? map({ service: node }, node.at) : node),
  extra_hosts: extraHosts,
  gpus,
  group_add: texts,
  healthcheck: record({ test: healthTest }),
  label_file: chain(
    asList,
    each((node, path, context) => [filePath(node, path, context) ?? node]),
  ),
  labels,
  models: named((node) => map({}, node.at)),
  networks: chain(
    named((node) => map({}, node.at)),
    values(emptyMap),
  ),
  ports: each(portForms),
  post_start: hook,
  pre_stop: hook,
  secrets: each(fileReferenceForms),
  sysctls: labels,
  tmpfs: listOfTexts,
  ulimits: values(ulimit),
  volumes: each(mountForms),
});

/** `external: {name: n}` of version 2 and 3 files as `external: true` and `name: n`. */
const external: Form = (node) => {
  const old = child(node, 'external');
  if (node.kind !== 'map' || old?.kind !== 'map') return node;
  const name = child(node, 'name') ?? child(old, 'name');
  return withEntry(withEntry(node, 'external', scalar(true, old.at)), 'name', name);
};

const resource = chain(emptyMap, external, record({ labels, file: filePath }));

/** `ipam.driver: default` says what is the case anyhow. */
const addresses: Form = (node) =>
  node.kind === 'map' && textOf(child(node, 'driver')) === 'default' ? withEntry(node, 'driver', undefined) : node;

const include = each((node) => {
  const form = node.kind === 'scalar' ? map({ path: node }, node.at) : node;
  const paths = child(form, 'path');
  return [
    form.kind === 'map' && paths !== undefined && textOf(paths) !== undefined ? listed(form, 'path', paths) : form,
  ];
});

function listed(form: MapNode, key: string, value: ComposeNode): MapNode {
  return withEntry(form, key, { kind: 'list', items: [value], at: value.at });
}

const file = record({
  include,
  services: chain(emptyMap, values(service)),
  networks: chain(emptyMap, values(chain(resource, record({ ipam: addresses })))),
  volumes: chain(emptyMap, values(resource)),
  secrets: chain(emptyMap, values(resource)),
  configs: chain(emptyMap, values(resource)),
});

/** Brings a file that fits the schema into long forms with absolute paths, in which files can be merged. */
export function canonicalFile(root: MapNode, context: FormContext): MapNode {
  const result = applyForm(file, root, [], context);
  return result?.kind === 'map' ? result : root;
}
