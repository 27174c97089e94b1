import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { createPicture } from './picture.ts';
import type { AttachmentEvent, Attachments } from './ports.ts';

const front = 'tutti-1-front0000';
const back = 'tutti-1-back00000';
const on = (...names: string[]): Attachments => ({
  pid: 7,
  dns: [],
  networks: names.map((name) => ({ name, address: '10.128.1.10', gateway: '10.128.1.1', address6: '', mac: '' })),
});

/** What follows from each event of the container `one`, as `started` or `joined NETWORK`. */
function consequences(picture: ReturnType<typeof createPicture>, ...events: string[]) {
  return events.map((text) => {
    const [kind, network = ''] = text.split(' ');
    return picture.heard({ kind, container: 'one', network } as AttachmentEvent, false) ?? 'nothing';
  });
}

suite('what follows from events', () => {
  test('is one look for a start, whether networks are told before it or after it', () => {
    assert.deepEqual(consequences(createPicture(), `joined ${front}`, 'joined lan', 'started'), [
      'nothing',
      'nothing',
      'look',
    ]);
    assert.deepEqual(consequences(createPicture(), 'started', 'joined lan', `joined ${front}`), [
      'nothing',
      'nothing',
      'look',
    ]);
  });

  test('is nothing for those on other networks, for those that left before they ran, and for a start that failed', () => {
    const all = (count: number) => Array.from({ length: count }, () => 'nothing');
    assert.deepEqual(consequences(createPicture(), 'joined lan', 'started', 'left lan', 'ended'), all(4));
    assert.deepEqual(consequences(createPicture(), `joined ${front}`, `left ${front}`, 'started'), all(3));
    assert.deepEqual(consequences(createPicture(), `joined ${front}`, 'ended', 'started'), all(3));
  });

  test('is no look for leaving and ending: what is left is known', () => {
    const picture = createPicture();
    consequences(picture, `joined ${front}`, `joined ${back}`, 'started');
    assert.equal(picture.inspected('one', on(front, back, 'lan')), 'present');
    assert.deepEqual(consequences(picture, `left ${front}`), ['present']);
    assert.deepEqual(picture.containers.get('one'), on(back, 'lan'));
    assert.deepEqual(consequences(picture, `left ${back}`), ['present']);
    assert.deepEqual(picture.containers.get('one'), on('lan'), 'it is still told of: it has rules of ours');
    assert.deepEqual(consequences(picture, 'joined other'), ['look']);
    assert.deepEqual(consequences(picture, 'ended', 'left lan'), ['ended', 'nothing']);
    assert.equal(picture.containers.size, 0);
  });

  test('is a look where it may have come before anybody listened', () => {
    const picture = createPicture();
    assert.equal(picture.heard({ kind: 'started', container: 'one' }, true), 'look');
    assert.equal(picture.inspected('one', on('lan')), undefined);
  });

  test('is an end where the answer is older than that', () => {
    const picture = createPicture();
    consequences(picture, `joined ${front}`, 'started', 'ended');
    assert.equal(picture.inspected('one', on(front)), undefined);
    assert.equal(picture.containers.size, 0);
  });
});

suite('until a stream that was opened again has its listing', () => {
  const opened = () => {
    const picture = createPicture();
    consequences(picture, `joined ${front}`, 'started');
    picture.inspected('one', on(front));
    picture.opened();
    return picture;
  };

  test('an answer that it runs is no end', () => {
    const picture = opened();
    assert.equal(picture.inspected('one', on(front, back)), 'present');
    assert.deepEqual(picture.listed([{ id: 'one', networks: [front] }]), { look: ['one'], ended: [] });
    assert.equal(picture.inspected('one', on(front)), 'present');
  });

  test('one that has ended is not taken for running', () => {
    assert.equal(opened().inspected('one', undefined), 'ended', 'by an answer');
    const picture = opened();
    assert.deepEqual(consequences(picture, 'ended'), ['ended'], 'by an event');
    assert.equal(picture.inspected('one', on(front)), undefined);
    const unheard = opened();
    assert.equal(unheard.inspected('one', on(front)), 'present');
    assert.deepEqual(unheard.listed([]), { look: [], ended: ['one'] }, 'by the listing');
    assert.equal(unheard.inspected('one', on(front)), undefined);
  });
});

test('a listing finds who runs, who came meanwhile, and who has ended unheard', () => {
  const picture = createPicture();
  consequences(picture, `joined ${front}`, 'started');
  picture.inspected('one', on(front));
  picture.opened();
  picture.heard({ kind: 'joined', container: 'meanwhile', network: front }, true);
  const listed = picture.listed([
    { id: 'two', networks: ['bridge', back] },
    { id: 'meanwhile', networks: ['bridge'] },
    { id: 'elsewhere', networks: ['bridge'] },
  ]);
  assert.deepEqual(listed, { look: ['two', 'meanwhile'], ended: ['one'] });
  assert.deepEqual(picture.heard({ kind: 'joined', container: 'elsewhere', network: back }, true), 'look');
});
