import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import type { NftTable, NftView } from '../kernel-state.ts';
import { nftScript, viewOf } from './script.ts';

const table = (elements: Record<string, string>, chains: Record<string, readonly string[]>): NftTable => ({
  family: 'ip',
  sets: new Map([['m', { kind: 'map', declaration: 'type a : b;', elements: new Map(Object.entries(elements)) }]]),
  chains: new Map<string, { hook?: string; rules: readonly string[] }>([
    ['base', { hook: 'type filter hook input priority 0;', rules: ['fixed'] }],
    ...Object.entries(chains).map(([name, rules]) => [name, { rules }] as const),
  ]),
});

/** As much of nft as the scripts use; refuses what nft would refuse. */
function interpret(view: NftView | undefined, script: readonly string[]): NftView {
  const sets = new Map([...(view?.sets ?? [])].map(([name, elements]) => [name, new Map(elements)]));
  const chains = new Map([...(view?.chains ?? [])].map(([name, rules]) => [name, [...rules]]));
  for (const line of script) {
    const [verb, noun, , , name = '', ...rest] = line.split(' ');
    const text = rest.join(' ');
    if (verb === 'delete' && noun === 'table') {
      sets.clear();
      chains.clear();
    } else if (verb === 'add' && (noun === 'map' || noun === 'set')) sets.set(name, new Map());
    else if (verb === 'add' && noun === 'chain') chains.set(name, chains.get(name) ?? []);
    else if (verb === 'flush') assert.ok(chains.has(name) && chains.set(name, []), line);
    else if (verb === 'delete' && noun === 'chain')
      assert.ok(chains.get(name)?.length === 0 && chains.delete(name), line);
    else if (noun === 'rule') chains.get(name)?.push(/comment "(.*)"$/.exec(text)?.[1] ?? assert.fail(line));
    else if (noun === 'element') {
      for (const entry of text.slice(2, -2).split(', ')) {
        const [key = '', value = ''] = entry.split(' : ');
        const set = sets.get(name);
        assert.ok(set, line);
        if (verb === 'delete') assert.ok(set.get(key) === value && set.delete(key), line);
        else assert.ok(!set.has(key) && set.set(key, value), line);
      }
    }
  }
  return { sets, chains };
}

const anyTable = fc
  .record({
    elements: fc.dictionary(fc.constantFrom('k1', 'k2', 'k3', 'k4'), fc.constantFrom('v1', 'v2', 'v3'), {
      noNullPrototype: true,
    }),
    chains: fc.dictionary(
      fc.constantFrom('c1', 'c2', 'c3'),
      fc.array(fc.constantFrom('r1', 'r2', 'r3'), { maxLength: 3 }),
      {
        noNullPrototype: true,
      },
    ),
  })
  .map(({ elements, chains }) => table(elements, chains));

suite('nftables scripts', () => {
  test('whatever is there becomes what is wanted, and then nothing is left to do', () => {
    fc.assert(
      fc.property(fc.option(anyTable, { nil: undefined }), anyTable, (before, wanted) => {
        const found = before === undefined ? undefined : viewOf(before);
        const after = interpret(found, nftScript(found, wanted));
        assert.deepEqual(sorted(after), sorted(viewOf(wanted)));
        assert.deepEqual(nftScript(after, wanted), []);
      }),
    );
  });

  test('what did not change is not touched', () => {
    const before = viewOf(table({ k1: 'v1', k2: 'v2' }, { c1: ['r1'], c2: ['r2'] }));
    assert.deepEqual(nftScript(before, table({ k1: 'v1', k3: 'v3' }, { c1: ['r1'], c2: ['r2'] })), [
      'delete element ip tutti m { k2 : v2 }',
      'add element ip tutti m { k3 : v3 }',
    ]);
  });

  test('a rule that someone took out brings its chain back whole', () => {
    const wanted = table({}, { c1: ['r1', 'r2'] });
    const whole = viewOf(wanted);
    const missing = { ...whole, chains: new Map(whole.chains).set('c1', [whole.chains.get('c1')?.[1] ?? '']) };
    const script = nftScript(missing, wanted);
    assert.equal(script[0], 'flush chain ip tutti c1');
    assert.equal(script.length, 3);
  });

  test('a base chain that is missing is added with its hook, and nothing else is touched', () => {
    const wanted = table({ k1: 'v1' }, { c1: ['r1'] });
    const whole = viewOf(wanted);
    const found = { ...whole, chains: new Map([...whole.chains].filter(([name]) => name !== 'base')) };
    const [added, ...more] = nftScript(found, wanted);
    assert.equal(added, 'add chain ip tutti base { type filter hook input priority 0; }');
    assert.equal(more.length, 2);
    for (const line of more) assert.match(line, /^(flush chain|add rule) ip tutti base/);
  });

  test('without one of its sets the table is written anew', () => {
    const wanted = table({ k1: 'v1' }, {});
    const found = { ...viewOf(wanted), sets: new Map() };
    assert.deepEqual(nftScript(found, wanted).slice(0, 2), ['add table ip tutti', 'delete table ip tutti']);
  });
});

const sorted = ({ sets, chains }: NftView): unknown => ({
  sets: Object.fromEntries([...sets].map(([name, elements]) => [name, Object.fromEntries(elements)])),
  chains: Object.fromEntries(chains),
});
