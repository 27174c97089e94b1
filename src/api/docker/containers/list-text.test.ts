import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { placedText, splitList } from './list-text.ts';

const idOf = (seed: number): string => seed.toString(16).padStart(64, '0');

/** As dockerd writes one: in this order, without spaces. */
const summary = (id: string, name: string, created: number, label: string) => ({
  Id: id,
  Names: [`/${name}`, `/other/${name}`],
  Image: label,
  ImageID: 'sha256:1',
  Command: label,
  Created: created,
  Ports: [],
  Labels: { [label]: label, Created: '1,"Ports":' },
  State: 'running',
  Status: 'Up',
});

test('a list is split as it would be parsed, whatever is written in it', () => {
  const nasty = fc.oneof(
    fc.string(),
    fc.constant(`{"Id":"${idOf(1)}","Names":["/x"],`),
    fc.constant(',"Created":7,"Ports":'),
    fc.constant('}]'),
  );
  const one = fc.tuple(fc.integer({ min: 1, max: 2 ** 31 }), fc.string(), fc.integer({ min: 0, max: 2 ** 31 }), nasty);
  fc.assert(
    fc.property(fc.array(one, { maxLength: 8 }), (given) => {
      const list = given.map(([seed, name, created, label]) =>
        summary(idOf(seed), name.replaceAll('/', ''), created, label),
      );
      const split = splitList(`${JSON.stringify(list)}\n`);
      assert.deepEqual(
        split?.map(({ id, created, text }) => ({ id, created, parsed: JSON.parse(text) as unknown })),
        list.map((each) => ({ id: each.Id, created: each.Created, parsed: each })),
      );
      for (const [at, each] of list.entries()) {
        const placed: unknown = JSON.parse(placedText(split?.[at]?.text ?? '', { id: 'n1', name: 'node1' }) ?? '');
        const [own = '', link = ''] = each.Names;
        assert.deepEqual(placed, { ...each, Names: [own, link, `/node1${own}`], Node: { ID: 'n1', Name: 'node1' } });
      }
    }),
  );
});

test('what is written otherwise is left to a parser', () => {
  for (const text of ['{}', '[{"Names":[],"Id":"x"}]', `[{"Id":"${idOf(1)}","Names":["/a"]}]`, 'null', '', '[ ]']) {
    assert.equal(splitList(text), undefined, text);
  }
  assert.deepEqual(splitList('[]\n'), []);
});
