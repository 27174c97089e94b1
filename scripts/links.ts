/** Says which links between the documents lead nowhere: `node scripts/links.ts`. Fails when there are any. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const documents = globSync(['*.md', '{bin,docs,examples,scripts,src,test}/**/*.md']);

/** Without code, in which brackets mean something else. */
const proseOf = (path: string): string => readFileSync(path, 'utf8').replaceAll(/```[^]*?```|`[^`\n]*`/g, '');

/** As GitHub makes an anchor of a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

const anchorsOf = (path: string): readonly string[] =>
  [...readFileSync(path, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchorOf(heading));

const faultOf = (document: string, link: string): string | undefined => {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? document : join(dirname(document), path);
  if (!existsSync(target)) return 'no such file';
  return anchor === undefined || anchorsOf(target).includes(anchor) ? undefined : 'no such heading';
};

const faults = documents.flatMap((document) =>
  [...proseOf(document).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = '']) => {
    const fault = /^[a-z]+:/.test(link) ? undefined : faultOf(document, link);
    return fault === undefined ? [] : [`${document}: ${link}: ${fault}`];
  }),
);
for (const fault of faults) console.error(fault);
process.exitCode = faults.length === 0 ? 0 : 1;
